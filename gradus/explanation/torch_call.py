"""One call of PyTorch's: how it reads, and which of its arguments take part in the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.explanation.autograd_section import edge_of
from gradus.explanation.words import plain

_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
_SHAPE_ONLY = (
    "dim",
    "keepdim",
    "dtype",
    "axis",
    "memory_format",
)  # options that leave a local derivative as it is
_TRANSPOSED = ("T", "mT", "H", "mH")


class Call:
    """One call, before it is made.

    Attributes:
        edges: for each leaf of its arguments the edge; None for constants.
        words: how the leaves that a formula shows read, by position; None for those that are nodes.
        options: what a formula shows beside them.
        scaled: whether an option may change the local derivative.
    """

    def __init__(self, name: str, args: Any, kwargs: Any, constant: Callable[[Any], str]) -> None:
        leaves = pytree.tree_leaves((args, kwargs))
        self.edges = [edge_of(a) for a in leaves]
        self.options = {"index": args[1]} if name in ("getitem", "setitem") else {}
        self.scaled = any(k not in _SHAPE_ONLY and not isinstance(v, Tensor) for k, v in kwargs.items())
        short = not self.options and len(leaves) <= 3
        self.words = {
            i: None if edge else constant(a)
            for i, (a, edge) in enumerate(zip(leaves, self.edges, strict=True))
            if isinstance(a, Tensor) or (short and type(a) in (int, float, complex))
        }


def matched(
    arguments: Sequence[int | None], numbers: Sequence[int]
) -> Iterator[tuple[int | None, int, list[int]]]:
    """(position of the argument, node, its uses) for each argument that takes part, then for each other node."""
    left = {j: [u for u, k in enumerate(numbers) if k == j] for j in numbers}
    for i, j in enumerate(arguments):
        if j is None or not left.get(j):
            continue
        same = arguments[i:].count(j)
        if same == len(left[j]):
            yield i, j, [left[j].pop(0)]
        else:
            yield i if same == 1 else None, j, left.pop(j)
    for j, which in left.items():
        if which:
            yield None, j, which


def function_name(func: Any) -> str:
    """How a call reads; a property by its own name."""
    if func.__name__ != "__get__":
        return plain(func.__name__)
    name = str(getattr(getattr(func, "__self__", None), "__name__", ""))
    return "transpose" if name in _TRANSPOSED else name


def composite(func: Any) -> bool:
    """Whether it is a function of torch.nn.functional written in Python, and asks whether somebody records it."""
    return (
        isinstance(func, FunctionType)
        and func.__module__ == "torch.nn.functional"
        and not set(_CHECKS).isdisjoint(func.__code__.co_names)
    )


def unwatched(function: FunctionType) -> FunctionType:
    """The same function, which does not ask whether somebody records it as a whole."""
    world = {**function.__globals__, **dict.fromkeys(_CHECKS, lambda *a: False)}
    copy = FunctionType(
        function.__code__, world, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
