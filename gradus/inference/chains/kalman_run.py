"""One run of the filter over many series: one pass of covariances for all whose models and gaps are alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import refusal
from gradus.inference.chains.kalman_covariances import Forward, joseph_backward, joseph_forward
from gradus.inference.chains.kalman_matrices import Laid
from gradus.inference.chains.kalman_means import Means, mean_backward, mean_forward
from gradus.inference.chains.kalman_square_roots import root_backward, root_forward
from gradus.inference.chains.last_axis import product, times
from gradus.text import Text

__all__ = ["Run", "filtered", "natural", "smoothed"]

Array = np.ndarray[Any, np.dtype[Any]]
TOGETHER = 250  # series whose covariances are worked on at once: what stays in the processor's cache


class Run(NamedTuple):
    """What a run of the filter left: `pattern` says for each series which covariances are its own (None: in order, or one for all)."""

    laid: Laid
    forward: Forward
    means: Means
    pattern: Array | None
    series: tuple[int, ...]
    missing: Array | None

    def means_of(self, a: Array) -> Array:
        """Of every series, (…, time, numbers), of an array with the series last."""
        return natural(a, self.series)

    def covariances(self, a: Array) -> Array:
        """Of every series, (…, time, rows, columns)."""
        return natural(a if self.pattern is None else a[..., self.pattern], self.series)


def natural(a: Array, series: tuple[int, ...]) -> Array:
    """An array whose series stand last as one whose series stand first; one for all as a view."""
    moved = np.moveaxis(a, -1, 0)
    if a.shape[-1] == 1:
        return np.broadcast_to(moved[0], (*series, *a.shape[:-1])) if series else moved[0]
    return moved.reshape(*series, *a.shape[:-1])


def filtered(
    laid: Laid, y: Array, missing: Array | None, inputs: Array | None, series: tuple[int, ...], roots: bool
) -> Run:
    """The forward passes over y (time, observed numbers, series).

    Raises:
        GradusError: an observation that the model says can only be one number.
    """
    pattern = None
    gaps = missing
    if missing is not None and laid.models == 1 and missing.shape[-1] > 1:
        gaps, pattern = _kinds(missing)
    count = max(laid.models, 1 if gaps is None else gaps.shape[-1])
    steps, p = y.shape[:2]
    forward = Forward.empty(steps, laid.F.shape[1], p, count, y.dtype, roots)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for part in _parts(count):
            seen = gaps if gaps is None or gaps.shape[-1] == 1 else gaps[..., part]
            try:
                (root_forward if roots else joseph_forward)(laid.among(part), seen, forward.among(part))
            except np.linalg.LinAlgError:
                forward.log_determinants[:] = -np.inf
        if not np.isfinite(forward.log_determinants).all():
            raise _degenerate(forward.log_determinants)
        means = mean_forward(laid, y, missing, inputs, forward, pattern)
    return Run(laid, forward, means, pattern, series, missing)


def smoothed(run: Run, roots: bool) -> tuple[Array, Array, Array]:
    """The backward passes: means, covariances and gains, the series last."""
    predicted = run.forward.predicted
    steps, n, _, count = predicted.shape
    V, G = np.empty_like(predicted), np.empty((steps - 1, n, n, count), predicted.dtype)
    for part in _parts(count):
        backward = root_backward if roots else joseph_backward
        backward(run.laid.among(part), run.forward.among(part), V[..., part], G[..., part])
    return mean_backward(run.means, G, run.pattern), V, G


def innovation_covariances(run: Run) -> Array:
    """H P Hᵀ + R at each time, the series last."""
    H, P, R = run.laid.H, run.forward.predicted, run.laid.R
    if H.shape[-1] == 1 == P.shape[-1]:
        h = H[..., 0]
        return (h @ P[..., 0] @ h.swapaxes(1, 2))[..., None] + R
    found = []
    for t in range(len(P)):
        _, H, _, R = run.laid.at(t)
        found.append(times(product(H, P[t]), H) + R)
    return np.stack(found)


def _kinds(missing: Array) -> tuple[Array, Array | None]:
    """The different gaps, and for each series which of them it has; all as they stand if few are alike."""
    packed = np.ascontiguousarray(np.packbits(missing.reshape(-1, missing.shape[-1]), axis=0).T)
    kinds = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, which = np.unique(kinds, return_index=True, return_inverse=True)
    if 2 * len(first) > missing.shape[-1]:
        return missing, None
    return missing[..., first], None if len(first) == 1 else which.ravel()


def _parts(count: int) -> list[slice]:
    return [slice(a, min(a + TOGETHER, count)) for a in range(0, count, TOGETHER)]


def _degenerate(log_determinants: Array) -> Exception:
    bad = np.argwhere(~np.isfinite(log_determinants).all(1))
    return refusal(
        "measurement_covariance",
        ("noise where the state leaves no doubt", "状态已确定之处仍有噪声"),
        Text(
            f"an observation at time {int(bad[0, 0])} whose variance is 0, or beyond the numbers",
            f"时刻 {int(bad[0, 0])} 的观测方差为 0，或超出数的范围",
        ),
        ("give each measurement a variance above 0", "请给每个测量正的方差"),
    )
