"""The safeguarded step of Moré and Thuente: cubic and quadratic interpolation within a bracket, many at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

__all__ = ["Bracket", "next_step"]

Array = np.ndarray
TOWARDS = 0.66  # how far of the way to the other end a step may go


@dataclass
class Bracket:
    """The best step x and the other end y of b brackets, with values and slopes; `closed` once a minimum lies between."""

    x: Array
    value: Array
    slope: Array
    y: Array
    value_y: Array
    slope_y: Array
    closed: Array

    def select(self, rows: Any) -> Bracket:
        """The brackets of some problems."""
        return Bracket(*[getattr(self, f.name)[rows] for f in fields(self)])

    def put(self, rows: Any, other: Bracket) -> None:
        """Writes the brackets of some problems."""
        for f in fields(self):
            getattr(self, f.name)[rows] = getattr(other, f.name)

    def tilted(self, slope: Array) -> Bracket:
        """Of the function plus a line of that slope."""
        return Bracket(
            self.x, self.value + slope * self.x, self.slope + slope,
            self.y, self.value_y + slope * self.y, self.slope_y + slope, self.closed,
        )  # fmt: skip


def next_step(
    b: Bracket, step: Array, value: Array, slope: Array, low: Array, high: Array
) -> tuple[Array, Array]:
    """The next trial between `low` and `high`, and whether the trial `step` became the better end; narrows the bracket.

    Source: Moré and Thuente 1994, §4; the four cases in their order.
    """
    with np.errstate(all="ignore"):
        higher = value > b.value
        crossed = slope * np.sign(b.slope) < 0
        flatter = np.abs(slope) < np.abs(b.slope)
        cubic, quadratic, secant, goes_on = _minima(b, step, value, slope, higher)
        nearer = np.abs(cubic - b.x) < np.abs(quadratic - b.x)
        first = np.where(nearer, cubic, cubic + (quadratic - cubic) / 2)
        cubic_is_farther = np.abs(cubic - step) > np.abs(secant - step)
        second = np.where(cubic_is_farther, cubic, secant)
        end = np.where(step > b.x, high, low)
        third = _third(b, step, np.where(goes_on, cubic, end), secant, low, high)
        fourth = np.where(b.closed, _towards_other_end(b, step, value, slope), end)
        chosen = np.where(higher, first, np.where(crossed, second, np.where(flatter, third, fourth)))
    better = ~higher
    moves = higher | crossed  # the other end
    b.y, b.value_y, b.slope_y = (
        np.where(moves, np.where(higher, new, old), other)
        for new, old, other in ((step, b.x, b.y), (value, b.value, b.value_y), (slope, b.slope, b.slope_y))
    )
    b.x, b.value, b.slope = (
        np.where(better, new, old) for new, old in ((step, b.x), (value, b.value), (slope, b.slope))
    )
    b.closed = b.closed | moves
    return chosen, better


def _minima(
    b: Bracket, step: Array, value: Array, slope: Array, higher: Array
) -> tuple[Array, Array, Array, Array]:
    """The minimisers of the cubic, of the quadratic of both values, and of that of both slopes; whether the cubic goes on.

    It goes on where it falls beyond the step before it rises.
    """
    along = step - b.x
    chord = (value - b.value) / along
    theta = -3 * chord + b.slope + slope
    scale = np.maximum(np.maximum(np.abs(theta), np.abs(b.slope)), np.abs(slope))
    root = scale * np.sqrt(np.maximum(0, (theta / scale) ** 2 - (b.slope / scale) * (slope / scale)))
    root = np.where(np.where(higher, along < 0, along > 0), -root, root)
    r_low = ((root - b.slope) + theta) / (((root - b.slope) + root) + slope)
    r_high = ((root - slope) + theta) / (((root - slope) + root) + b.slope)
    cubic = np.where(higher, b.x + r_low * along, step - r_high * along)
    quadratic = b.x + (b.slope / (b.slope - chord)) / 2 * along
    secant = step - slope / (slope - b.slope) * along
    return cubic, quadratic, secant, (r_high < 0) & (root != 0)


def _third(b: Bracket, step: Array, cubic: Array, secant: Array, low: Array, high: Array) -> Array:
    """A lower value, a slope of the same sign and smaller: the nearer of the two within a bracket, else the farther."""
    nearer = np.abs(cubic - step) < np.abs(secant - step)
    within = np.where(nearer, cubic, secant)
    limit = step + TOWARDS * (b.y - step)
    within = np.where(step > b.x, np.minimum(limit, within), np.maximum(limit, within))
    beyond = np.clip(np.where(nearer, secant, cubic), low, high)
    return np.asarray(np.where(b.closed, within, beyond))


def _towards_other_end(b: Bracket, step: Array, value: Array, slope: Array) -> Array:
    """The minimiser of the cubic through the trial and the other end."""
    along = b.y - step
    theta = 3 * (value - b.value_y) / along + b.slope_y + slope
    scale = np.maximum(np.maximum(np.abs(theta), np.abs(b.slope_y)), np.abs(slope))
    root = scale * np.sqrt(np.maximum(0, (theta / scale) ** 2 - (b.slope_y / scale) * (slope / scale)))
    root = np.where(step > b.y, -root, root)
    r = ((root - slope) + theta) / (((root - slope) + root) + b.slope_y)
    minimiser: Array = step + r * along
    return minimiser
