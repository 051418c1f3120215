r"""The reverse sweep: the chain rule, once for each step of a computation, from the last to the first.

With v̄ = ∂y/∂v for the adjoint of a step v = φ(a, b, …), every input of it receives the share v̄ ∂v/∂a, and

$$\bar a = \sum_{v\ \text{uses}\ a} \bar v\,\frac{\partial v}{\partial a}.$$

Which arrays may be added to in place is the business of `accumulation`.

Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.accumulation import Adjoints
from gradus.foundations.autodiff.call import summed_back
from gradus.foundations.autodiff.limit import with_limits
from gradus.foundations.autodiff.liveness import in_shape, live_shares, lives
from gradus.foundations.autodiff.rules import RULES, take
from gradus.foundations.autodiff.variable import Step, Variable
from gradus.text import Text

__all__ = ["adjoints", "pulled_back", "steps_to"]


def sweep(steps: Sequence[Step], w: Any, towards: Mapping[int, list[int]], nested: bool) -> Adjoints:
    """The adjoints of the steps, the last of which has w.

    When v is reached all that uses it has been visited, so v̄ is complete; it then gives its inputs their shares.

    Args:
        steps: latest first.
        w: the adjoint of the first of them, in the shape of its value.
        towards: for each step, by its time, which of its inputs the wanted adjoints need.
        nested: whether the sweep is itself differentiated, and runs on Variables.
    """
    adjoint = Adjoints(in_place=not nested)
    for last in steps[:1]:
        adjoint.add(last, w)
    for v in steps:
        if v.time not in towards or (v_bar := adjoint.pop(v)) is None:
            continue
        part = v.function is take
        if part and adjoint.put_back(v, v_bar):
            continue
        for i, share in shares(v, v_bar, towards[v.time], nested):
            adjoint.add(v.inputs[i], share, fresh=part)
    return adjoint


def careful_sweep(steps: Sequence[Step], w: Any, towards: Mapping[int, list[int]], nested: bool) -> Adjoints:
    """The same, where 0·∞ is 0 for entries that the result does not depend on (`liveness`)."""
    adjoint = Adjoints(in_place=False)
    alive: dict[int, Any] = {}
    for last in steps[:1]:
        adjoint.add(last, w)
        alive[last.time] = lives(w)
    for v in steps:
        if v.time not in towards or (v_bar := adjoint.pop(v)) is None:
            continue
        living = alive.pop(v.time)
        for i, share in zip(towards[v.time], _by_rule(v, v_bar, towards[v.time], nested), strict=True):
            a, mask = v.inputs[i], live_shares(v, i, living)
            share = share if hasattr(share, "dtype") else np.asarray(share)
            if share.shape == mask.shape:
                share = np.where(mask, share, 0.0)
            mask = in_shape(mask, a.value.shape)
            adjoint.add(a, np.where(mask, _fitted(share, a.value), 0.0))
            alive[a.time] = alive[a.time] | mask if a.time in alive else mask
    return adjoint


def shares(v: Step, v_bar: Any, inputs: list[int], nested: bool = False) -> Iterator[tuple[int, Any]]:
    """v̄ ∂v/∂a for each of the chosen inputs a, with its number; in the shape of a, and real where a is real."""
    for i, share in zip(inputs, _by_rule(v, v_bar, inputs, nested), strict=True):
        yield i, _fitted(share, v.inputs[i].value)


def _by_rule(v: Step, v_bar: Any, inputs: list[int], nested: bool) -> Iterable[Any]:
    """The shares as the rule of the function gives them; on Variables when the sweep is itself differentiated."""
    seen = Variable.of if nested else lambda a: a.value
    values = [seen(a) if isinstance(a, Step) else a for a in v.inputs]
    if hasattr(v.function, "shares"):  # it brings its own rule, for all inputs at once
        return v.function.shares(v_bar, inputs, values)
    rule, y = RULES[v.function], seen(v)
    by = rule if isinstance(rule, tuple) else [partial(rule, i) for i in range(len(values))]
    return (by[i](v_bar, y, *values, **v.options) for i in inputs)


def _fitted(share: Any, a: Any) -> Any:
    """The share in the shape of the input, and real if the input is."""
    share = share if hasattr(share, "dtype") else np.asarray(share)
    if a.dtype.kind == "f" and share.dtype.kind == "c":
        share = np.real(share)
    return share if share.shape == a.shape else summed_back(share, a.shape)


def adjoints(steps: Sequence[Step], w: Any, wanted: set[int], nested: bool) -> Adjoints:
    """The adjoints of the wanted steps, given by their times; arguments as for `sweep`."""
    towards = _towards(steps, wanted)
    try:
        with np.errstate(invalid="raise"):
            return sweep(steps, w, towards, nested)
    except np.linalg.LinAlgError as error:
        raise GradusError(
            Text(
                f"a derivative of linear algebra does not exist at this matrix: {error}",
                f"在该矩阵处，线性代数运算的导数不存在：{error}",
            )
        ) from None
    except FloatingPointError:  # such as 0·∞, where np.where did not choose what overflows
        with np.errstate(all="ignore"):
            result = careful_sweep(steps, w, towards, nested)
            return (
                result if nested or isinstance(w, Variable) else _completed(result, steps, w, wanted, towards)
            )


def _completed(
    result: Adjoints, steps: Sequence[Step], w: Any, wanted: set[int], towards: Mapping[int, list[int]]
) -> Adjoints:
    """The adjoints with limits where they are NaN."""
    starts = [s for s in steps if s.time in wanted and result.get(s) is not None]
    gradients = {s.time: result.get(s) for s in starts}
    if not any(np.any(np.isnan(g)) for g in gradients.values()):
        return result

    def differentiated(beside: Sequence[Step]) -> dict[int, Any]:
        there = careful_sweep(beside, w, towards, False)
        return {s.time: there.get(s) for s in starts}

    better = with_limits(steps, wanted, gradients, differentiated)
    limits = Adjoints(in_place=False)
    for s in starts:
        limits.add(s, better[s.time])
    return limits


def _towards(steps: Sequence[Step], wanted: set[int]) -> dict[int, list[int]]:
    """For each step that depends on a wanted one, and is none itself, which of its inputs lead there."""
    useful, towards = set(wanted), {}
    for s in reversed(steps):
        inputs = [i for i, a in enumerate(s.inputs) if isinstance(a, Step) and a.time in useful]
        if inputs:
            useful.add(s.time)
            if s.time not in wanted:
                towards[s.time] = inputs
    return towards


def steps_to(y: Any, wanted: set[int]) -> list[Step]:
    """Every step that y was computed from, latest first, and nothing behind the wanted ones."""
    steps: dict[int, Step] = {}
    stack: list[Any] = [y.step] if isinstance(y, Variable) else []
    while stack:
        s = stack.pop()
        if isinstance(s, Step) and s.time not in steps:
            steps[s.time] = s
            stack.extend(() if s.time in wanted else s.inputs)
    return [steps[t] for t in sorted(steps, reverse=True)]


def pulled_back(v: Step, i: int) -> Callable[[Any], Any]:
    """The map v̄ ↦ v̄ ∂v/∂(input i), through this one call; as in a sweep, 0·∞ is 0."""

    def pulled(v_bar: Any) -> Any:
        with np.errstate(all="ignore"):
            _, share = next(shares(v, v_bar, [i]))
            if not np.isfinite(share).all():
                share = careful_sweep([v], v_bar, {v.time: [i]}, False).get(v.inputs[i])
        return np.asarray(share)

    return pulled
