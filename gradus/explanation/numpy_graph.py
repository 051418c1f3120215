"""The graph of a function written in NumPy, from what the tape has remembered of one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.explanation.graph import Node, argument_names, differentiate, reached
from gradus.explanation.program import folders, frames, line, run
from gradus.explanation.words import expression, local_derivatives, number
from gradus.foundations import autodiff
from gradus.foundations.autodiff import Step, Variable, pulled_back, traceable

_LIBRARIES = folders(np, autodiff)


class _Watched(Variable):
    """A Variable that notes where in the program each of its steps was made."""

    __slots__ = ("paths",)

    level = 1
    paths: dict[int, tuple[str, ...]]

    @classmethod
    def noting(cls, step: Step, paths: dict[int, tuple[str, ...]]) -> _Watched:
        """The name of a step; the places of steps, by their times, are noted in `paths`."""
        watched = cls.of(step)
        watched.paths = paths
        return watched

    def result(self, step: Step) -> _Watched:
        """The name of a step, whose place is noted."""
        self.paths[step.time] = _path()
        return self.noting(step, self.paths)


def _path() -> tuple[str, ...]:
    """The functions of the user's that are running, outermost first, each with the line it has come to."""
    names = [line(frame) for frame in frames() if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    return tuple(reversed(names))


def numpy_graph(f: Callable[..., Any], inputs: Sequence[Any]) -> list[Node]:
    """The nodes of f(*inputs), the result last; arrays of floating-point numbers are differentiated by.

    Raises:
        GradusError: nothing to differentiate by, a result that is no array, a function without a rule.
    """
    named: dict[int, str] = {}
    paths: dict[int, tuple[str, ...]] = {}
    names = argument_names(f, len(inputs))
    watched = [_leaf(name, value, named, paths) for name, value in zip(names, inputs, strict=True)]
    if not named:
        raise GradusError("expected at least one input of floating-point numbers, got none; write 2.0 for 2")
    try:
        result = run(traceable(f), watched)
    except (TypeError, ValueError) as error:  # NumPy's own words for what the tape has refused
        raise error.__cause__ if isinstance(error.__cause__, GradusError) else error from None
    while isinstance(result, (tuple, list)) and result:
        result = next((r for r in result if isinstance(r, Variable)), result[0])
    if not isinstance(result, Variable) or not result.step.live:
        raise GradusError(f"the result does not depend on the inputs by NumPy's functions: {result!r}")
    if result.size != 1:
        result = np.sum(result)
    nodes = _nodes(result.step, named, paths)
    differentiate(nodes)
    return reached(nodes, len(nodes) - 1)


def _nodes(result: Step, named: dict[int, str], paths: dict[int, tuple[str, ...]]) -> list[Node]:
    """One node for each live step that the result was computed from, in the order of the computation."""
    steps: dict[int, Step] = {}
    stack: list[Any] = [result]
    while stack:
        s = stack.pop()
        if isinstance(s, Step) and s.live and s.time not in steps:
            steps[s.time] = s
            stack.extend(() if s.time in named else s.inputs)
    nodes: list[Node] = []
    place: dict[int, int] = {}
    for time in sorted(steps):
        place[time] = len(nodes)
        nodes.append(_node(steps[time], nodes, place, named, paths.get(time, ())))
    return nodes


def _node(
    s: Step, nodes: list[Node], place: dict[int, int], named: dict[int, str], path: tuple[str, ...]
) -> Node:
    if s.time in named:
        return Node(named[s.time], named[s.time], [], [], np.array(s.value), leaf=True)
    inside = [i for i, a in enumerate(s.inputs) if isinstance(a, Step) and a.live]
    words = [
        nodes[place[a.time]].name if i in inside else number(a.value if isinstance(a, Step) else a)
        for i, a in enumerate(s.inputs)
    ]
    name = f"v{sum(not n.leaf for n in nodes) + 1}"
    function = s.function.__name__
    local = local_derivatives(function, name, words)
    return Node(
        name,
        expression(function, words, s.options or {}),
        [place[s.inputs[i].time] for i in inside],
        [local[i] for i in inside],
        np.array(s.value),
        [pulled_back(s, i) for i in inside],
        path=path,
    )


def _leaf(name: str, value: Any, named: dict[int, str], paths: dict[int, tuple[str, ...]]) -> Any:
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, np.ndarray) for v in value):
        return type(value)([_leaf(f"{name}[{i}]", v, named, paths) for i, v in enumerate(value)])
    if not (isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")):
        return value
    step = Step(np.array(value, float))
    step.live = True
    named[step.time] = name
    return _Watched.noting(step, paths)
