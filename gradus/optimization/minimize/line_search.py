"""A line search to the strong Wolfe conditions, one state machine a problem, all in lockstep."""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch

from gradus.optimization.minimize.interpolation import Bracket, next_step

__all__ = ["Outcome", "Search", "WolfeConditions", "begin"]

Array = np.ndarray
MOST_TRIALS = 40
EXPAND_LEAST, EXPAND_MOST = 1.1, 4.0
SHRINK = 0.66
ROUNDING = 5.0  # units in the last place by which two values may differ by rounding only
RETREAT = 0.3  # of the way to a trial where f is not finite


class Outcome(enum.IntEnum):
    """What a trial step led to."""

    CONTINUE = 0
    ACCEPTED = 1
    FAILED = 2
    UNBOUNDED = 3
    NOT_FINITE = 4


@dataclass(frozen=True)
class WolfeConditions:
    r"""When a step α is accepted, with φ(α) = f(x + αd).

    .. math:: \varphi(\alpha)\le\varphi(0)+c_1\alpha\varphi'(0),\qquad |\varphi'(\alpha)|\le c_2|\varphi'(0)|

    Where φ(α) differs from φ(0) by rounding only, the first is asked of the slopes (Hager and Zhang 2005):
    :math:`\varphi'(\alpha)\le(2c_1-1)\varphi'(0)`.

    Attributes:
        decrease: c₁.
        curvature: c₂.
        rounding: by how much of |φ(0)| two values may differ by rounding only.
        shortest: of the bracket, in units of its longer end: a search below it has failed.
    """

    decrease: float = 1e-4
    curvature: float = 0.9
    rounding: float = 1e-15
    shortest: float = 1e-12

    def in_precision(self, dtype: torch.dtype) -> WolfeConditions:
        """The same for values of a dtype."""
        return replace(self, rounding=ROUNDING * torch.finfo(dtype).eps)

    def enough(self, step: Any, value: Any, slope: Any, value0: Any, slope0: Any) -> Any:
        """Whether the value has decreased, by the values or, where these differ by rounding only, by the slopes."""
        same = abs(value - value0) <= self.rounding * abs(value0)
        steep = slope <= (2 * self.decrease - 1) * slope0
        return (value <= value0 + self.decrease * step * slope0) | (same & steep)

    def flat(self, slope: Any, slope0: Any) -> Any:
        """Whether the slope is small enough."""
        return abs(slope) <= -self.curvature * slope0


@dataclass
class Search:
    """Of b line searches: where each stands.

    Attributes:
        value0, slope0: φ(0), φ′(0).
        longest: the longest step allowed; less once a trial was not finite.
        bracket: the best step, the other end, with values and slopes.
        width, width_before: of the bracket now, and two trials ago.
        low, high: between which the next trial lies.
        second_stage: whether a step with decrease and a rising slope was met.
        retreated: whether a trial was not finite.
        trials: how many there were.
        finest: the step below which x + αd is x up to rounding.
        curvature: of the chord of φ′ from 0 to the shortest trial above; NaN where there was none.
        resolved: that trial; ∞ where there was none.
    """

    value0: Array
    slope0: Array
    longest: Array
    bracket: Bracket
    width: Array
    width_before: Array
    low: Array
    high: Array
    second_stage: Array
    retreated: Array
    trials: Array
    finest: Array
    curvature: Array
    resolved: Array

    def select(self, rows: Any, index: object = None) -> Search:
        """The searches of some problems."""
        changes: dict[str, Any] = {
            f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "bracket"
        }
        return replace(self, bracket=self.bracket.select(rows), **changes)

    def put(self, rows: Any, other: Search) -> None:
        """Writes the searches of some problems."""
        for f in fields(self):
            if f.name != "bracket":
                getattr(self, f.name)[rows] = getattr(other, f.name)
        self.bracket.put(rows, other.bracket)

    def advance(
        self, step: Array, value: Array, slope: Array, wolfe: WolfeConditions
    ) -> tuple[Array, Array, Array]:
        """What follows from φ(α) and φ′(α): the outcomes (b,), the next trial steps (b,), whether α is the best so far (b,)."""
        decreased = self.value0 + wolfe.decrease * step * self.slope0
        enough = wolfe.enough(step, value, slope, self.value0, self.slope0)
        accepted = wolfe.flat(slope, self.slope0) & enough
        outcome = np.where(accepted, Outcome.ACCEPTED, Outcome.CONTINUE)
        if accepted.all():
            return outcome, step, accepted
        step, best = step.copy(), accepted.copy()
        rows = np.flatnonzero(~accepted)
        part = self.select(rows)
        outcome[rows], step[rows], best[rows] = part.bisect(
            step[rows], value[rows], slope[rows], decreased[rows], wolfe
        )
        self.put(rows, part)
        return outcome, step, best

    def bisect(
        self, step: Array, value: Array, slope: Array, decreased: Array, wolfe: WolfeConditions
    ) -> tuple[Array, Array, Array]:
        """One trial of searches that go on: as `advance`."""
        self.trials += 1
        finite = np.isfinite(value) & np.isfinite(slope)
        nearer = finite & (step >= self.finest) & (step < self.resolved)
        chord = (slope[nearer] - self.slope0[nearer]) / step[nearer]
        self.curvature[nearer], self.resolved[nearer] = chord, step[nearer]
        fell = value == -np.inf
        at_end = finite & (step >= self.longest) & (value <= decreased)
        at_end &= slope <= wolfe.decrease * self.slope0
        outcome = np.where(at_end & self.retreated, Outcome.ACCEPTED, Outcome.CONTINUE)
        outcome = np.where((at_end & ~self.retreated) | fell, Outcome.UNBOUNDED, outcome)
        if finite.all():
            next_trial, best = self._narrow(step, value, slope, decreased, wolfe)
        else:
            next_trial, best = step.copy(), np.zeros(len(step), dtype=bool)
            rows = np.flatnonzero(finite)
            part = self.select(rows)
            next_trial[rows], best[rows] = part._narrow(
                step[rows], value[rows], slope[rows], decreased[rows], wolfe
            )
            self.put(rows, part)
            bad = ~finite
            start = self.bracket.x[bad]
            self.longest[bad] = next_trial[bad] = start + RETREAT * (step[bad] - start)
            self.retreated[bad] = True
        width = np.abs(self.high - self.low)
        narrow = self.bracket.closed & (width <= wolfe.shortest * np.maximum(self.high, self.low))
        outside = self.bracket.closed & ((next_trial <= self.low) | (next_trial >= self.high))
        still = ~(np.abs(next_trial - step) > 0)
        stuck = narrow | (outside & finite) | still | (self.trials >= MOST_TRIALS)
        failed = np.where(finite, Outcome.FAILED, Outcome.NOT_FINITE)
        return np.where((outcome == Outcome.CONTINUE) & stuck, failed, outcome), next_trial, best

    def _narrow(
        self, step: Array, value: Array, slope: Array, decreased: Array, wolfe: WolfeConditions
    ) -> tuple[Array, Array]:
        """The next trial, by interpolation within the bracket that the trial narrows; whether the trial is its better end."""
        b = self.bracket
        self.second_stage |= (value <= decreased) & (slope >= 0)
        # before that, the function is searched whose minimum has decrease: ψ(α) = φ(α) − φ(0) − c₁αφ′(0)
        auxiliary = ~self.second_stage & (value <= b.value) & (value > decreased)
        tilt = np.where(auxiliary, wolfe.decrease * self.slope0, 0.0)
        tilted = b.tilted(-tilt)
        next_trial, best = next_step(tilted, step, value - tilt * step, slope - tilt, self.low, self.high)
        self.bracket = b = tilted.tilted(tilt)
        width = np.abs(b.y - b.x)
        slow = b.closed & (width >= SHRINK * self.width_before)
        next_trial = np.where(slow, b.x + 0.5 * (b.y - b.x), next_trial)
        self.width_before = np.where(b.closed, self.width, self.width_before)
        self.width = np.where(b.closed, width, self.width)
        ahead = next_trial - b.x
        self.low = np.where(b.closed, np.minimum(b.x, b.y), next_trial + EXPAND_LEAST * ahead)
        self.high = np.where(b.closed, np.maximum(b.x, b.y), next_trial + EXPAND_MOST * ahead)
        return np.minimum(next_trial, self.longest), best


def begin(value: Array, slope: Array, step: Array, longest: Array, finest: Array | None = None) -> Search:
    """Searches from φ(0), φ′(0) (b,) with the first trial steps (b,), none longer than `longest`; see `Search`."""
    zero = np.zeros_like(value)
    finest = zero.copy() if finest is None else finest
    no = np.zeros(len(value), dtype=bool)
    bracket = Bracket(
        x=zero.copy(), value=value.copy(), slope=slope.copy(), y=zero.copy(), value_y=value.copy(),
        slope_y=slope.copy(), closed=no.copy(),
    )  # fmt: skip
    return Search(
        value0=value.copy(), slope0=slope.copy(), longest=longest.copy(), bracket=bracket, width=longest.copy(),
        width_before=2 * longest, low=zero.copy(), high=step + EXPAND_MOST * step, second_stage=no.copy(),
        retreated=no.copy(), trials=np.zeros(len(value), dtype=np.int64), finest=finest,
        curvature=zero + np.nan, resolved=zero + np.inf,
    )  # fmt: skip
