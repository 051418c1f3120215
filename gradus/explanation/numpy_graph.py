"""The graph of a function written in NumPy, from what the tape has remembered of one evaluation."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.explanation.graph import Node, argument_names, differentiate, reached
from gradus.explanation.program import folders, frames, line, run_reported
from gradus.explanation.words import expression, local_derivatives, number
from gradus.foundations import autodiff
from gradus.foundations.autodiff import Step, Variable, pulled_back, traceable
from gradus.text import Text

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


def numpy_graph(f: Callable[..., Any], inputs: Sequence[Any], name: str) -> list[Node]:
    """The nodes of f(*inputs), the result last; arrays of floating-point numbers are differentiated by.

    Raises:
        GradusError: nothing to differentiate by, a result that is no array, a function without a rule.
    """
    named: dict[int, str] = {}
    paths: dict[int, tuple[str, ...]] = {}
    names = argument_names(f, len(inputs))
    watched = [_leaf(name, value, named, paths) for name, value in zip(names, inputs, strict=True)]
    if not named:
        raise GradusError(
            Text(
                "expected at least one input of real floating-point numbers, got none; write 2.0 for 2 (complex numbers "
                "are differentiated in PyTorch)",
                "至少要有一个实浮点数输入，而一个也没有；请把 2 写成 2.0（复数在 PyTorch 中求导）",
            )
        )
    with _drawing_again():
        try:
            result = run_reported(traceable(f), watched, name)
        except GradusError as error:  # NumPy's own words for what the tape has refused
            inner = error.__cause__ and error.__cause__.__cause__
            raise inner if isinstance(inner, GradusError) else error from error.__cause__
    if result is None:
        raise GradusError(
            Text(f"{name} returned None; is a return missing?", f"{name} 返回了 None；是否漏写了 return？")
        )
    if isinstance(result, dict):
        result = list(result.values())
    while isinstance(result, (tuple, list)) and result:
        result = next((r for r in result if isinstance(r, Variable)), result[0])
    if not isinstance(result, Variable) or not result.step.live:
        shown = repr(result)[:80]
        if np.asarray(result).dtype.kind in "biu":
            shown = f"{np.asarray(result).tolist()!r}"[:80]
            raise GradusError(
                Text(
                    f"the result of {name} does not depend on the inputs by NumPy's functions, or is of truth values or whole "
                    f"numbers, which have no derivative: {shown}",
                    f"{name} 的结果不经 NumPy 的函数依赖输入，或是没有导数的真值或整数：{shown}",
                )
            )
        raise GradusError(
            Text(
                f"the result of {name} does not depend on the inputs by NumPy's functions: {shown}",
                f"{name} 的结果不经 NumPy 的函数依赖输入：{shown}",
            )
        )
    if result.size != 1:
        result = np.sum(result)
    nodes = _nodes(result.step, named, paths)
    differentiate(nodes)
    return reached(nodes, len(nodes) - 1)


@contextlib.contextmanager
def _drawing_again() -> Iterator[None]:
    """The global random generators are afterwards as they were."""
    states = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])


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
    """An input as what f is called with: a Variable for floating-point numbers, a copy for other arrays."""
    if isinstance(value, dict):
        return {k: _leaf(f"{name}[{k!r}]", v, named, paths) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ndarray) for v in value):
        parts = [_leaf(f"{name}[{i}]", v, named, paths) for i, v in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, np.ma.MaskedArray):
        raise GradusError(
            Text(
                f"{name} is a masked array, whose mask no gradient follows; expected a plain one, such as x.filled(0)",
                f"{name} 是掩码数组，梯度无法顾及掩码；应为普通数组，如 x.filled(0)",
            )
        )
    if not (
        isinstance(value, (float, np.floating)) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
    ):
        return value.copy() if isinstance(value, np.ndarray) else value
    step = Step(np.array(value, float))
    step.live = True
    named[step.time] = name
    return _Watched.noting(step, paths)
