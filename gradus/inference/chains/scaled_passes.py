r"""Forward and backward passes in plain numbers, rescaled: two ways, each of which knows when it is right.

*Mixing.* If every transition has probability ε or more, a state's message is at least ε of the largest times its factor, whatever
happened before: nothing that counts can underflow between two rescalings if ε to the number of steps between is far inside the
range. A path through a factor that was too small to be held is less likely than one beside it, by that factor over ε².

*Careful.* With transitions that are forbidden a state that seems lost may be all that is left later. So the forward pass runs
twice side by side: what is too small is 0 in one and raised to 1e-300 of the largest in the other. Where both have the same
totals the paths that were lost have no weight; backwards the same is seen by the sums of forward times backward, which must be 1.
Sequences where it is not so are left to the logarithms.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gradus.inference.chains.factors import Factors

__all__ = [
    "Messages",
    "Room",
    "careful_backward",
    "careful_forward",
    "mixing_backward",
    "mixing_forward",
    "steps_between",
]

Array = np.ndarray[Any, np.dtype[Any]]
FLOOR = 1e-300
LN2 = math.log(2)


class Messages(NamedTuple):
    """Of each step and sequence p(z_t, x_1…x_t) up to a factor; and log p(x) of each sequence."""

    forward: Array
    log_likelihood: Array
    scales: Array | None = None
    lost: Array | None = None


def steps_between(transition: Array, dtype: Any) -> int:
    """How many steps may pass between two rescalings; 0 where transitions are too small or forbidden."""
    least, orders, most = (1e-40, 60.0, 64) if np.dtype(dtype) == np.float64 else (1e-6, 10.0, 16)
    lowest = float(transition.min())
    if lowest < least:
        return 0
    return most if lowest == 1.0 else max(1, min(most, int(orders / -math.log10(lowest))))


class Room:
    """Memory for messages that is used again: a page that is touched for the first time costs more than the numbers in it."""

    def __init__(self) -> None:
        self._held: Array = np.empty(0)

    def of(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of this shape, with whatever was in it."""
        size = int(np.prod(shape))
        if self._held.size < size or self._held.dtype != dtype:
            self._held = np.empty(size, dtype)
        return self._held[:size].reshape(shape)


def mixing_forward(factors: Factors, transition: Array, every: int, room: Room) -> Messages:
    """The forward pass; scales are powers of 2, so that they round nothing."""
    steps, n = len(factors.active), len(factors.lengths)
    forward = room.of((steps, n, factors.states), factors.dtype)
    exponents = np.zeros(n, np.int64)
    forward[0] = factors.at(0)
    for t in range(1, steps):
        m = factors.active[t]
        message = np.matmul(forward[t - 1, :m], transition, out=forward[t, :m])
        message *= factors.at(t)
        if t % every == 0:
            exponents[:m] += _rescale(message)
    totals = forward[factors.lengths - 1, np.arange(n)].sum(1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return Messages(forward, np.log(totals) + LN2 * exponents + factors.scale)


def mixing_backward(
    factors: Factors, transition: Array, every: int, forward: Array, counts: Array | None
) -> Array:
    """Posteriors in place of the forward messages; expected transitions are added to `counts` (float64)."""
    back_transition = np.ascontiguousarray(transition.T)
    ones = np.ones(factors.states, factors.dtype)
    backward = np.ones(forward.shape[1:], factors.dtype)
    product = np.empty_like(backward)
    after = 0
    for t in range(len(factors.active) - 1, -1, -1):
        m = factors.active[t]
        posterior = forward[t, :m]
        if counts is not None:
            posterior /= ((posterior * backward[:m]) @ ones)[:, None]
            if after:
                counts += posterior[:after].T @ product[:after]
            posterior *= backward[:m]
        else:
            posterior *= backward[:m]
            posterior /= (posterior @ ones)[:, None]
        if t:
            np.multiply(factors.at(t), backward[:m], out=product[:m])
            np.matmul(product[:m], back_transition, out=backward[:m])
            if t % every == 0:
                _rescale(backward[:m], product[:m])
            after = m
    if counts is not None:
        counts *= transition
    return forward


def _rescale(message: Array, beside: Array | None = None) -> Array:
    """Divides each row by the power of 2 just above its largest; the exponents."""
    exponents: Array = np.frexp(message.max(1))[1]
    factor = np.ldexp(np.ones((), message.dtype), -exponents)[:, None]
    message *= factor
    if beside is not None:
        beside *= factor
    return exponents


def careful_forward(factors: Factors, transition: Array) -> Messages:
    """The forward pass with sums of 1, beside one in which nothing is lost; `lost` says of which sequences they differ."""
    steps, n = len(factors.active), len(factors.lengths)
    forward, scales = np.zeros((steps, n, factors.states)), np.ones((steps, n))
    raised = np.empty((n, factors.states))
    lost = np.zeros(n, bool)
    for t in range(steps):
        m, factor = factors.active[t], factors.at(t)
        message, above = forward[t, :m], raised[:m]
        if t:
            np.multiply(forward[t - 1, :m] @ transition, factor, out=message)
            above[:] = np.maximum((above @ transition) * factor, FLOOR)
        else:
            message[:] = factor
            above[:] = np.maximum(factor, FLOOR)
        total, bound = message.sum(1), above.sum(1)
        lost[:m] |= bound > total * (1 + 1e-12)
        scales[t, :m] = np.where(total > 0, total, 1.0)
        message /= scales[t, :m, None]
        above /= bound[:, None]
    return Messages(forward, np.log(scales).sum(0) + factors.scale, scales, lost)


def careful_backward(
    factors: Factors, transition: Array, messages: Messages, counts: Array | None
) -> tuple[Array, Array]:
    """Posteriors, and of which sequences something was lost; counts hold only if that is none."""
    forward, scales = messages.forward.copy(), messages.scales
    assert scales is not None
    backward = np.ones(forward.shape[1:])
    lost = np.zeros(len(backward), bool)
    found = np.zeros_like(transition)
    after = 0
    product = np.empty_like(backward)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(factors.active) - 1, -1, -1):
            m = factors.active[t]
            if after:
                found += forward[t, :after].T @ product[:after]
            forward[t, :m] *= backward[:m]
            lost[:m] |= ~(np.abs(forward[t, :m].sum(1) - 1) <= 1e-8)
            if t:
                np.multiply(factors.at(t), backward[:m], out=product[:m])
                product[:m] /= scales[t, :m, None]
                np.matmul(product[:m], transition.T, out=backward[:m])
                after = m
    if counts is not None and not lost.any():
        counts += found * transition
    return forward, lost
