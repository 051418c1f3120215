"""The passes of covariances and gains, which do not look at the observations: forwards in Joseph's form, and backwards."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.inference.chains.kalman_matrices import Laid
from gradus.inference.chains.last_axis import (
    cholesky_free_factor,
    outer,
    product,
    solved,
    symmetric,
    times,
)

__all__ = ["Forward", "joseph_backward", "joseph_forward", "without_missing"]

Array = np.ndarray[Any, np.dtype[Any]]


class Forward(NamedTuple):
    """Of each time (time, rows, columns, series): what the observations are weighed by.

    Attributes:
        predicted: covariance of the state before its observation.
        filtered: after it.
        gains: what the innovation is multiplied by.
        whitening: makes of the innovation independent numbers of variance 1, where the model holds.
        log_determinants: of the innovation's covariance, (time, series), of what was observed.
        roots: the Cholesky factors of `filtered` in the square-root form, else nothing.
    """

    predicted: Array
    filtered: Array
    gains: Array
    whitening: Array
    log_determinants: Array
    roots: Array | None = None

    @classmethod
    def empty(cls, steps: int, n: int, p: int, series: int, dtype: Any, roots: bool = False) -> Forward:
        """Room for all of it."""
        return cls(
            np.empty((steps, n, n, series), dtype), np.empty((steps, n, n, series), dtype),
            np.empty((steps, n, p, series), dtype), np.empty((steps, p, p, series), dtype),
            np.empty((steps, series), dtype), np.empty((steps, n, n, series), dtype) if roots else None,
        )  # fmt: skip

    def repeat(self, t: int) -> None:
        """Of time t − 1, at all times from t on."""
        for a in self:
            if a is not None:
                a[t:] = a[t - 1]

    def among(self, series: slice) -> Forward:
        """Views of some of the series."""
        parts: list[Any] = [a if a is None else a[..., series] for a in self]
        return Forward(*parts)


def without_missing(H: Array, R: Array, missing: Array | None) -> tuple[Array, Array]:
    """H and R in which what is missing sees nothing, with noise of variance 1 of its own: its innovation will be 0."""
    if missing is None:
        return H, R
    seen = ~missing
    R = np.where(seen[:, None] & seen[None], R, 0)
    return np.where(seen[:, None], H, 0), R + missing[:, None] * np.eye(len(R), dtype=R.dtype)[..., None]


def joseph_forward(laid: Laid, missing: Array | None, out: Forward) -> None:
    """Fills in what the covariances and gains are at each time; missing is (time, observed numbers, series).

    One observed number after the other, by Joseph's form: (I − k hᵀ) P (I − k hᵀ)ᵀ + r k kᵀ is a sum of covariances, and stays one
    where P − k hᵀP cancels. If their noises are correlated, R = L D Lᵀ makes them independent.
    """
    P, p = laid.P, laid.H.shape[1]
    steady = missing is None and all(len(M) == 1 for M in laid[:4])
    sensors = None
    for t in range(len(out.predicted)):
        F, _, Q, _ = laid.at(t)
        out.predicted[t] = P
        if steady and t and np.array_equal(out.predicted[t], out.predicted[t - 1]):
            out.repeat(t)  # to the last bit: so is all that follows
            return
        if sensors is None or missing is not None or len(laid.R) > 1 or len(laid.H) > 1:
            sensors = _independent(laid, t, missing)
        rows, noises, undone = sensors
        gains = np.zeros_like(P, shape=(P.shape[0], p, 1))
        determinant: Any = 1
        for j in range(p):
            h, noise = rows[j], noises[j]
            g = np.einsum("ijn,jn->in", P, h)
            variance = (h * g).sum(0) + noise
            k = g / variance
            short = P - outer(k, g)
            P = symmetric(short + outer(noise * k - np.einsum("ijn,jn->in", short, h), k))
            white = undone[j] - np.einsum("in,ijn->jn", h, gains) if j else undone[j]
            gains = gains + outer(k, white)
            out.whitening[t, j] = white / np.sqrt(variance)
            determinant = determinant + np.log(variance) if j else np.log(variance)
        out.filtered[t], out.gains[t], out.log_determinants[t] = P, gains, determinant if p else 0
        P = symmetric(times(product(F, P), F)) + Q


def _independent(laid: Laid, t: int, missing: Array | None) -> tuple[Array, Array, Array]:
    """The rows of L⁻¹H, the variances D of their noises, and L⁻¹, of R = L D Lᵀ."""
    _, H, _, R = laid.at(t)
    H, R = without_missing(H, R, None if missing is None else missing[t])
    lower, noises = cholesky_free_factor(R)
    one = np.eye(len(R), dtype=R.dtype)[..., None]
    return solved(lower, noises, H, halfway=True), noises, solved(lower, noises, one, halfway=True)


def joseph_backward(laid: Laid, forward: Forward, smoothed: Array, gains: Array) -> None:
    """Fills in the covariances given all observations, and the gains that the next state's surprise is weighed by.

    (I − G F) P (I − G F)ᵀ + G (Q + V) Gᵀ, a sum of covariances again.
    """
    steps, n = smoothed.shape[:2]
    smoothed[-1] = V = forward.filtered[-1]
    one = np.eye(n, dtype=V.dtype)[..., None]
    moving = len(laid.F) > 1 or len(laid.Q) > 1
    G: Any = None
    behind: Any = None
    seen: tuple[Array, ...] = ()
    last = V
    for t in range(steps - 2, -1, -1):
        F, _, Q, _ = laid.at(t)
        P, ahead = forward.filtered[t], forward.predicted[t + 1]
        same = not moving and G is not None and all(map(np.array_equal, (P, ahead), seen))
        if not same:
            lower, pivots = cholesky_free_factor(ahead)
            G = solved(lower, pivots, product(F, P)).swapaxes(0, 1)
            rest = one - product(G, F)
            behind = times(product(rest, P), rest)
        if not same or not np.array_equal(V, last):
            last, V = V, symmetric(behind + times(product(G, Q + V), G))
        smoothed[t], gains[t], seen = V, G, (P, ahead)
