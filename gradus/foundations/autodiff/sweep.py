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

from gradus.foundations.autodiff.accumulation import Adjoints
from gradus.foundations.autodiff.call import summed_back
from gradus.foundations.autodiff.rules import RULES, take
from gradus.foundations.autodiff.variable import Step, Variable

__all__ = ["adjoints", "pulled_back", "steps_to"]


def sweep(
    steps: Sequence[Step], w: Any, towards: Mapping[int, list[int]], nested: bool, careful: bool
) -> Adjoints:
    """The adjoints of the steps, the last of which has w.

    When v is reached all that uses it has been visited, so v̄ is complete; it then gives its inputs their shares.

    Args:
        steps: latest first.
        w: the adjoint of the first of them, in the shape of its value.
        towards: for each step, by its time, which of its inputs the wanted adjoints need.
        nested: whether the sweep is itself differentiated, and runs on Variables.
        careful: whether 0·∞ is 0.
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
        for i, share in shares(v, v_bar, towards[v.time], nested, careful):
            adjoint.add(v.inputs[i], share, fresh=part)
    return adjoint


def shares(
    v: Step, v_bar: Any, inputs: list[int], nested: bool = False, careful: bool = False
) -> Iterator[tuple[int, Any]]:
    """v̄ ∂v/∂a for each of the chosen inputs a, with its number; in the shape of a, and real where a is real."""
    entrywise = careful and isinstance(v.function, np.ufunc)
    for i, share in zip(inputs, _by_rule(v, v_bar, inputs, nested), strict=True):
        if entrywise:  # where v̄ is 0 the entry does not matter
            share = np.where(np.equal(v_bar, 0), 0.0, share)
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
            return sweep(steps, w, towards, nested, careful=False)
    except FloatingPointError:  # such as 0·∞, where np.where did not choose what overflows
        with np.errstate(all="ignore"):
            return sweep(steps, w, towards, nested, careful=True)


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
                _, share = next(shares(v, v_bar, [i], careful=True))
        return np.asarray(share)

    return pulled
