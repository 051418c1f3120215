"""The matrices of a linear Gaussian model as they came, and laid out for the passes: time first, series last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import Sizes, array, fit, real_array, refusal
from gradus.text import Text

__all__ = ["Laid", "Matrices", "argument", "covariance", "laid_out", "leading"]

Array = np.ndarray[Any, np.dtype[Any]]


class Matrices(NamedTuple):
    """What describes a model, all of one precision; (…, time, rows, columns), or without the axes before the rows."""

    transition: Array
    observation: Array
    process_covariance: Array
    measurement_covariance: Array
    start_mean: Array
    start_covariance: Array
    offset: Array
    observation_offset: Array
    control: Array | None


class Laid(NamedTuple):
    """The same as (time, rows, columns, series), time and series being 1 where nothing changes along them."""

    F: Array
    H: Array
    Q: Array
    R: Array
    m: Array
    P: Array
    c: Array
    d: Array

    def at(self, t: int) -> tuple[Array, Array, Array, Array]:
        """F, H, Q and R of one time."""
        return tuple(M[t if len(M) > 1 else 0] for M in self[:4])

    def among(self, series: slice) -> Laid:
        """Those of some of the series."""
        return Laid(*(M if M.shape[-1] == 1 else M[..., series] for M in self))

    @property
    def models(self) -> int:
        """Number of different models, as covariances see them."""
        return max(int(M.shape[-1]) for M in (self.F, self.H, self.Q, self.R, self.P))


def argument(name: str, value: Any, axes: str, sizes: Sizes) -> Array:
    """A finite array with the axes named last: in float32 if it came so, else in float64."""
    numbers = real_array(name, value)
    if numbers.dtype != np.float32:
        numbers = array(name, numbers, finite=True)
    else:
        array(name, numbers, finite=True)
    fit(name, numbers.shape, f"... {axes}", sizes)
    return numbers


def covariance(name: str, matrix: Array) -> Array:
    """The covariance made exactly symmetric.

    Raises:
        GradusError: it is not symmetric, or has an eigenvalue below 0, by more than rounding.
    """
    n, eps = matrix.shape[-1], float(np.finfo(matrix.dtype).eps)
    if n == 0 or matrix.size == 0:
        return matrix
    size = np.abs(matrix).max((-2, -1), keepdims=True)
    turned = matrix.swapaxes(-1, -2)
    skew = np.abs(matrix - turned) > 64 * n * eps * size
    if skew.any():
        place = [int(i) for i in np.argwhere(skew)[0]]
        pair = (float(matrix[tuple(place)]), float(turned[tuple(place)]))
        raise refusal(
            name,
            ("a symmetric covariance", "对称的协方差矩阵"),
            Text(
                f"{pair[0]:g} at {place} and {pair[1]:g} across the diagonal",
                f"{place} 处为 {pair[0]:g}，对角线另一侧为 {pair[1]:g}",
            ),
            ("give (C + C.T) / 2 if rounding made the difference", "若差别来自舍入，请给出 (C + C.T) / 2"),
        )
    even = (matrix / 2 + turned / 2).astype(matrix.dtype)
    try:
        np.linalg.cholesky(
            even + (64 * n * eps * size + np.finfo(matrix.dtype).tiny) * np.eye(n, dtype=matrix.dtype)
        )
    except np.linalg.LinAlgError:
        lowest = float(np.linalg.eigvalsh(even)[..., 0].min())
        raise refusal(
            name,
            ("a covariance without an eigenvalue below 0", "没有负特征值的协方差矩阵"),
            Text(f"one of {lowest:g}", f"其中一个为 {lowest:g}"),
        ) from None
    return even


def leading(matrices: Iterable[tuple[str, Array, int]]) -> tuple[tuple[int, ...], int]:
    """The axes of the series that all have together, and the length of time that they tell (1: the same always).

    Raises:
        GradusError: two of them do not agree.
    """
    series: tuple[int, ...] = ()
    time, owner = 1, ""
    for name, M, own in matrices:
        lead = M.shape[: M.ndim - own]
        if name.startswith("start"):
            lead = (*lead, 1)
        if not lead:
            continue
        try:
            series = np.broadcast_shapes(series, lead[:-1])
        except ValueError:
            raise refusal(
                name,
                (f"axes of the series that broadcast against {series}", f"可与 {series} 广播的序列轴"),
                Text(str(lead[:-1]), str(lead[:-1])),
            ) from None
        if lead[-1] != 1:
            if time not in (1, lead[-1]):
                raise refusal(
                    name,
                    (f"{time} times, as {owner} has", f"与 {owner} 相同的 {time} 个时刻"),
                    Text(f"{lead[-1]}", f"{lead[-1]} 个"),
                )
            time, owner = lead[-1], name
    return series, time


def laid_out(matrices: Matrices, series: tuple[int, ...], dtype: Any) -> Laid:
    """The matrices for series of these leading axes, flattened to one axis at the end."""

    def laid(M: Array, own: int, timeless: bool = False) -> Array:
        M = M.astype(dtype, copy=False)
        if timeless:
            M = M.reshape((*M.shape[: M.ndim - own], 1, *M.shape[M.ndim - own :]))
        lead = M.shape[: M.ndim - own]
        if len(lead) <= 1 or all(k == 1 for k in lead[:-1]):
            return M.reshape((*(lead[-1:] or (1,)), *M.shape[M.ndim - own :], 1))
        full = np.broadcast_to(M, (*series, *M.shape[M.ndim - own - 1 :]))
        flat = full.reshape(-1, *full.shape[len(series) :])
        return np.ascontiguousarray(np.moveaxis(flat, 0, -1))

    m = matrices
    return Laid(
        laid(m.transition, 2), laid(m.observation, 2), laid(m.process_covariance, 2), laid(m.measurement_covariance, 2),
        laid(m.start_mean, 1, True)[0], laid(m.start_covariance, 2, True)[0],
        laid(m.offset, 1), laid(m.observation_offset, 1),
    )  # fmt: skip
