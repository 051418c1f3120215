"""Courses of a linear Gaussian model, drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.inference.chains.kalman_matrices import Laid
from gradus.inference.chains.kalman_square_roots import root
from gradus.inference.chains.last_axis import applied

__all__ = ["drawn"]

Array = np.ndarray[Any, np.dtype[Any]]


def drawn(
    laid: Laid, steps: int, series: tuple[int, ...], inputs: Array | None, seed: int
) -> tuple[Array, Array]:
    """States and observations, (…, time, numbers)."""
    rng, count = np.random.default_rng(seed), int(np.prod(series))
    n, p = laid.F.shape[1], laid.H.shape[1]

    def noise(C: Array, size: int) -> Array:
        return applied(
            np.moveaxis(C, 0, -1), rng.standard_normal((size, count)).astype(laid.F.dtype, copy=False)
        )

    processes, sensors = [root(Q) for Q in laid.Q], [root(R) for R in laid.R]
    states, seen = np.empty((steps, n, count), laid.F.dtype), np.empty((steps, p, count), laid.F.dtype)
    x = laid.m + noise(root(laid.P), n)
    for t in range(steps):
        F, H, _, _ = laid.at(t)
        states[t] = x
        seen[t] = (
            applied(H, x)
            + laid.d[t if len(laid.d) > 1 else 0]
            + noise(sensors[t if len(sensors) > 1 else 0], p)
        )
        x = (
            applied(F, x)
            + laid.c[t if len(laid.c) > 1 else 0]
            + noise(processes[t if len(processes) > 1 else 0], n)
        )
        if inputs is not None:
            x = x + inputs[t]
    return tuple(np.moveaxis(a, -1, 0).reshape(*series, *a.shape[:-1]) for a in (states, seen))  # type: ignore[return-value]
