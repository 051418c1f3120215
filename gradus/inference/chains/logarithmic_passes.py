"""Forward and backward passes in logarithms: slower, and right whatever the range of the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.inference.chains.factors import Factors

__all__ = ["log_backward", "log_forward"]

Array = np.ndarray[Any, np.dtype[Any]]


def _log_sum(values: Array, axis: int) -> Array:
    """Log Σ exp over an axis; −∞ where all are."""
    top = values.max(axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - top).sum(axis)) + top.squeeze(axis)  # type: ignore[no-any-return]


def log_forward(factors: Factors, log_transition: Array) -> tuple[Array, Array]:
    """Log p(z_t, x_1…x_t) of each step and sequence, and log p(x)."""
    steps, n = len(factors.active), len(factors.lengths)
    forward = np.full((steps, n, factors.states), -np.inf)
    for t in range(steps):
        m = factors.active[t]
        before = _log_sum(forward[t - 1, :m, :, None] + log_transition, 1) if t else 0.0
        forward[t, :m] = before + factors.logs_at(t)
    return forward, _log_sum(forward[factors.lengths - 1, np.arange(n)], 1)


def log_backward(
    factors: Factors, log_transition: Array, forward: Array, log_likelihood: Array, counts: Array | None
) -> Array:
    """Posteriors of sequences that are possible; expected transitions are added to `counts`."""
    backward = np.zeros(forward.shape[1:])
    posterior = np.zeros_like(forward)
    for t in range(len(factors.active) - 1, -1, -1):
        m = factors.active[t]
        posterior[t, :m] = np.exp(forward[t, :m] + backward[:m] - log_likelihood[:m, None])
        posterior[t, :m] /= posterior[t, :m].sum(1, keepdims=True)
        if t:
            after = log_transition + (factors.logs_at(t) + backward[:m])[:, None, :]
            if counts is not None:
                pairs = forward[t - 1, :m, :, None] + after - log_likelihood[:m, None, None]
                counts += np.exp(pairs).sum(0)
            backward[:m] = _log_sum(after, 2)
    return posterior
