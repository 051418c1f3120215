"""The passes of means: what the observations add, given the gains."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.inference.chains.kalman_covariances import Forward
from gradus.inference.chains.kalman_matrices import Laid
from gradus.inference.chains.last_axis import applied

__all__ = ["Means", "log_densities", "mean_backward", "mean_forward", "standardized"]

Array = np.ndarray[Any, np.dtype[Any]]
LOG_2_PI = 1.8378770664093453


class Means(NamedTuple):
    """Of each time (time, numbers, series)."""

    predicted: Array
    filtered: Array
    innovations: Array


def mean_forward(
    laid: Laid, y: Array, missing: Array | None, inputs: Array | None, forward: Forward, pattern: Array | None
) -> Means:
    """The means before and after each observation, and what it differs from the former by.

    Args:
        laid: the model.
        y: observations (time, observed numbers, series), 0 where missing.
        missing: which are, of the same shape.
        inputs: what the controls add to the next state, (time, states, series).
        forward: the gains.
        pattern: for each series the index of its gains in `forward`; None where they stand in the same order, or are one for all.
    """
    steps, _, series = y.shape
    n = laid.F.shape[1]
    predicted, filtered = np.empty((steps, n, series), y.dtype), np.empty((steps, n, series), y.dtype)
    innovations = np.empty_like(y)
    pushed, shifted = laid.c.any(), laid.d.any()
    x = np.broadcast_to(laid.m, (n, series))
    for t in range(steps):
        F, H, _, _ = laid.at(t)
        predicted[t] = x
        v = np.subtract(y[t], applied(H, x), out=innovations[t])
        if shifted:
            v -= laid.d[t if len(laid.d) > 1 else 0]
        if missing is not None:
            np.copyto(v, 0, where=missing[t])
        gain = forward.gains[t] if pattern is None else forward.gains[t][..., pattern]
        x = applied(F, np.add(x, applied(gain, v), out=filtered[t]))
        if pushed:
            x = x + laid.c[t if len(laid.c) > 1 else 0]
        if inputs is not None:
            x = x + inputs[t]
    return Means(predicted, filtered, innovations)


def standardized(means: Means, forward: Forward, pattern: Array | None) -> Array:
    """The innovations made independent, of variance 1."""
    white = np.empty_like(means.innovations)
    for t, whitening in enumerate(forward.whitening):
        white[t] = applied(whitening if pattern is None else whitening[..., pattern], means.innovations[t])
    return white


def log_densities(white: Array, forward: Forward, missing: Array | None, pattern: Array | None) -> Array:
    """The ln of the density of each observation given those before, (time, series)."""
    log_determinants = forward.log_determinants if pattern is None else forward.log_determinants[:, pattern]
    seen = white.shape[1] if missing is None else (~missing).sum(1)
    found: Array = -(np.einsum("tpn,tpn->tn", white, white) + log_determinants + seen * LOG_2_PI) / 2
    return found.astype(white.dtype, copy=False)


def mean_backward(means: Means, gains: Array, pattern: Array | None) -> Array:
    """The means given all observations."""
    smoothed = np.empty_like(means.filtered)
    smoothed[-1] = s = means.filtered[-1]
    for t in range(len(smoothed) - 2, -1, -1):
        gain = gains[t] if pattern is None else gains[t][..., pattern]
        s = np.add(means.filtered[t], applied(gain, s - means.predicted[t + 1]), out=smoothed[t])
    return smoothed
