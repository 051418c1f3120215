"""The graph of a function written in NumPy, recorded as NumPy runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.explanation.graph import Node, given_names, reached
from gradus.explanation.words import expression, local_derivatives, number
from gradus.foundations.array_like import ArrayLike, value_of
from gradus.foundations.autodiff_rules import RULES, applied, summed_back

_LIBRARIES = (str(Path(np.__file__).parent), str(Path(__file__).parent))
_PLUMBING = ("array_like.py", "autodiff")


class _Traced(ArrayLike):
    """An array whose calls are written down."""

    __slots__ = ("number", "tracer", "value")

    def __init__(self, value: Any, number: int, tracer: _Tracer) -> None:
        self.value, self.number, self.tracer = np.asanyarray(value), number, tracer

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> _Traced:
        """A new node."""
        return self.tracer.call(function, inputs, options)


class _Tracer:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.steps = 0

    def given(self, name: str, value: np.ndarray) -> _Traced:
        self.nodes.append(Node(name, name, [], [], value, given=True))
        return _Traced(value, len(self.nodes) - 1, self)

    def call(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> _Traced:
        values = [value_of(a) for a in inputs]
        value = np.asanyarray(applied(function, values, options))
        self.steps += 1
        name = f"v{self.steps}"
        names = [self.nodes[a.number].name if isinstance(a, _Traced) else number(a) for a in inputs]
        words = local_derivatives(function.__name__, name, names)
        traced = [i for i, a in enumerate(inputs) if isinstance(a, _Traced)]
        self.nodes.append(
            Node(
                name,
                expression(function.__name__, names, options),
                [inputs[i].number for i in traced],
                [words[i] for i in traced],
                value,
                [_pull(function, i, value, values, options) for i in traced],
                path=_path(),
            )
        )
        return _Traced(value, len(self.nodes) - 1, self)

    def differentiate(self, result: int) -> None:
        """Adjoints of all nodes that the result is computed from."""
        self.nodes[result].adjoint = np.ones(self.nodes[result].value.shape)
        for node in reversed(self.nodes[: result + 1]):
            if node.adjoint is not None:
                for j, _, pull in node.uses():
                    old, share = self.nodes[j].adjoint, pull(node.adjoint)
                    self.nodes[j].adjoint = share if old is None else old + share


def _pull(function: Any, k: int, value: np.ndarray, inputs: list[Any], options: dict[str, Any]) -> Any:
    """The map g ↦ g·∂(value)/∂(input k), by the tape's rule."""
    rule = RULES[function]
    by = rule[k] if isinstance(rule, tuple) else partial(rule, k)
    shape = np.shape(inputs[k])
    return lambda g: np.asarray(summed_back(by(g, value, *inputs, **options), shape))


def _path() -> tuple[str, ...]:
    """The functions of the user's that are running, outermost first, each with the line it has come to."""
    names = []
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_name != "_evaluated":
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARIES) and not Path(file).name.startswith(_PLUMBING):
            names.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(reversed(names))


def _evaluated(f: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    return f(*inputs)


def numpy_graph(f: Callable[..., Any], inputs: Sequence[Any]) -> list[Node]:
    """The nodes of f(*inputs), the result last; arrays of floating-point numbers are differentiated by.

    Raises:
        GradusError: nothing to differentiate by, a result that is no array, a function without a rule.
    """
    tracer = _Tracer()
    traced = [_given(tracer, *pair) for pair in zip(given_names(f, len(inputs)), inputs, strict=True)]
    if not tracer.nodes:
        raise GradusError("expected at least one input of floating-point numbers, got none; write 2.0 for 2")
    try:
        result = _evaluated(f, traced)
    except (TypeError, ValueError) as error:  # NumPy's own words for what the tape has refused
        raise error.__cause__ if isinstance(error.__cause__, GradusError) else error from None
    if isinstance(result, (tuple, list)) and any(isinstance(r, _Traced) for r in result):
        result = next(r for r in result if isinstance(r, _Traced))
    if not isinstance(result, _Traced):
        raise GradusError(f"the result does not depend on the inputs by NumPy's functions: {result!r}")
    if result.value.size != 1:
        result = np.sum(result)
    tracer.differentiate(result.number)
    return reached(tracer.nodes, result.number)


def _given(tracer: _Tracer, name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, np.ndarray) for v in value):
        return type(value)([_given(tracer, f"{name}[{i}]", v) for i, v in enumerate(value)])
    floating = isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
    return tracer.given(name, np.asarray(value, float)) if floating else value
