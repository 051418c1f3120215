"""The same passes on square roots of the covariances, by QR: half as many digits are lost, and no variance falls below 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.inference.chains.kalman_covariances import Forward, without_missing
from gradus.inference.chains.kalman_matrices import Laid

__all__ = ["root", "root_backward", "root_forward"]

Array = np.ndarray[Any, np.dtype[Any]]


def root(a: Array) -> Array:
    """A matrix C with C Cᵀ = A of each series, (series, n, n), for A of (n, n, series), which may be singular."""
    values, vectors = np.linalg.eigh(np.moveaxis(a, -1, 0))
    found: Array = vectors * np.sqrt(np.maximum(values, 0))[:, None]
    return found


def _triangle(rows: list[list[Array | None]], dtype: Any) -> Array:
    """R of the QR decomposition of blocks, None being zeros."""
    series = max(len(b) for row in rows for b in row if b is not None)
    heights = [next(b.shape[1] for b in row if b is not None) for row in rows]
    widths = [next(row[j].shape[2] for row in rows if row[j] is not None) for j in range(len(rows[0]))]  # type: ignore[union-attr]
    whole = np.zeros((series, sum(heights), sum(widths)), dtype)
    above = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for block, width in zip(row, widths, strict=True):
            if block is not None:
                whole[:, above : above + height, left : left + width] = block
            left += width
        above += height
    R: Any = np.linalg.qr(whole, mode="r")
    return R  # type: ignore[no-any-return]


def _turned(a: Array) -> Array:
    return a.swapaxes(1, 2)


def root_forward(laid: Laid, missing: Array | None, out: Forward) -> None:
    """Fills in covariances, gains and the roots of the covariances, as `joseph_forward`."""
    C, dtype, p = root(laid.P), out.predicted.dtype, laid.H.shape[1]
    noise = None
    processes = [root(Q) for Q in laid.Q]
    for t in range(len(out.predicted)):
        F, H, _, R = laid.at(t)
        out.predicted[t] = np.moveaxis(C @ _turned(C), 0, -1)
        if missing is not None or noise is None or len(laid.R) > 1:
            H, R = without_missing(H, R, None if missing is None else missing[t])
            noise = root(R)
        HC = np.moveaxis(H, -1, 0) @ C
        T = _triangle([[_turned(noise), None], [_turned(HC), _turned(C)]], dtype)
        X, Y, C = T[:, :p, :p], T[:, :p, p:], _turned(T[:, p:, p:])
        inverse = np.linalg.inv(X)
        out.gains[t] = np.moveaxis(_turned(inverse @ Y), 0, -1)
        out.whitening[t] = np.moveaxis(_turned(inverse), 0, -1)
        out.log_determinants[t] = 2 * np.log(np.abs(np.einsum("nii->in", X))).sum(0)
        out.filtered[t] = np.moveaxis(C @ _turned(C), 0, -1)
        if out.roots is not None:
            out.roots[t] = np.moveaxis(C, 0, -1)
        FC = np.moveaxis(F, -1, 0) @ C
        C = _turned(_triangle([[_turned(FC)], [_turned(processes[t if len(laid.Q) > 1 else 0])]], dtype))


def root_backward(laid: Laid, forward: Forward, smoothed: Array, gains: Array) -> None:
    """Fills in the covariances given all observations, and the gains, as `joseph_backward`."""
    assert forward.roots is not None
    steps, n = smoothed.shape[:2]
    dtype, eps = smoothed.dtype, np.finfo(smoothed.dtype).eps
    roots = np.moveaxis(forward.roots, -1, 1)
    processes = [root(Q) for Q in laid.Q]
    V = roots[-1]
    smoothed[-1] = forward.filtered[-1]
    for t in range(steps - 2, -1, -1):
        C = roots[t]
        FC = np.moveaxis(laid.at(t)[0], -1, 0) @ C
        process = _turned(processes[t if len(laid.Q) > 1 else 0])
        T = _triangle([[_turned(FC), _turned(C)], [process, None]], dtype)
        X, Y = T[:, :n, :n], T[:, :n, n:]
        pivots = np.abs(np.einsum("nii->ni", X))
        regular = (pivots > n * eps * pivots.max(1, keepdims=True)).all()
        G = _turned(np.linalg.solve(X, Y) if regular else np.linalg.pinv(X) @ Y)
        V = _turned(_triangle([[T[:, n:, n:]], [_turned(G @ V)]], dtype))
        smoothed[t] = np.moveaxis(V @ _turned(V), 0, -1)
        gains[t] = np.moveaxis(G, 0, -1)
