"""Points as users give them (a tensor, or tensors by name in dicts, lists and tuples) and as flat vectors, a row a chain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

__all__ = ["Points"]


class Points:
    """How a start is made into vectors and back.

    Attributes:
        names: of its tensors: "x" of one alone, else the keys that lead to it, joined by dots.
        shapes: of each at one point.
        dimension: how many numbers a point has.
    """

    def __init__(self, start: Any, lead: int) -> None:
        self._start = start
        found = list(_leaves(start, "start", ""))
        if not found:
            raise refusal("start", ("at least one tensor", "至少一个张量"), Text("none", "无"))
        self.names = [label or "x" for _, label, _ in found]
        for name, _, leaf in found:
            tensor(name, leaf, finite=True, meta=False)
        first = {found[0][0]: found[0][2]}
        for name, _, leaf in found[1:]:
            same_device(**first, **{name: leaf})
        if lead:
            self._require_lead(found)
        self.shapes = [tuple(leaf.shape[lead:]) for _, _, leaf in found]
        self.dtypes = [leaf.dtype for _, _, leaf in found]
        self.sizes = [math.prod(shape) for shape in self.shapes]
        self.dimension = sum(self.sizes)
        if not self.dimension:
            raise refusal("start", ("at least one number", "至少一个数"), Text("none", "无"))
        self.dtype = self.dtypes[0]
        for dtype in self.dtypes:
            self.dtype = torch.promote_types(self.dtype, dtype)
        self.device = found[0][2].device

    @staticmethod
    def _require_lead(found: list[tuple[str, str, Tensor]]) -> None:
        count = None
        for name, _, leaf in found:
            if leaf.ndim < 1 or (count is not None and leaf.shape[0] != count) or not leaf.shape[0]:
                axis = ("a first axis of the chains, the same for all", "第一个轴为各链，且大小一致")
                shape = Text(f"shape {tuple(leaf.shape)}", f"形状 {tuple(leaf.shape)}")
                raise refusal(name, axis, shape, ("or give chains=4", "或给出 chains=4"))
            count = leaf.shape[0]

    def flat(self, value: Any, name: str, lead: tuple[int, ...]) -> Tensor:
        """The tensors of a value of the start's structure as vectors (*lead, dimension).

        Raises:
            GradusError: another structure, or other shapes.
        """
        rows = self._matched(value, name, lead)
        parts = [leaf.detach().reshape((*lead, -1)).to(self.dtype) for leaf in rows]
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    def _matched(self, value: Any, name: str, lead: tuple[int, ...]) -> list[Tensor]:
        found = list(_leaves(value, name, ""))
        if [label or "x" for _, label, _ in found] != self.names:
            several = ", ".join(self.names)
            raise refusal(
                name, (f"the tensors of start: {several}", f"与 start 相同的张量：{several}"), value
            )
        for (label, _, leaf), shape in zip(found, self.shapes, strict=True):
            tensor(label, leaf)
            if tuple(leaf.shape) != (*lead, *shape):
                wanted = (f"the shape {(*lead, *shape)}", f"形状 {(*lead, *shape)}")
                raise refusal(label, wanted, Text(str(tuple(leaf.shape)), str(tuple(leaf.shape))))
        return [leaf for _, _, leaf in found]

    def leaves(self, flat: Tensor) -> list[Tensor]:
        """The tensors of vectors (…, dimension), each of shape (…, its shape)."""
        parts = (flat,) if len(self.sizes) == 1 else flat.split(self.sizes, -1)
        return [
            part.reshape((*flat.shape[:-1], *shape)).to(dtype)
            for part, shape, dtype in zip(parts, self.shapes, self.dtypes, strict=True)
        ]

    def placed(self, flat: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """The tensors of vectors, and ln of the volume that bounds make of theirs (…); None where there are no bounds."""
        return self.leaves(flat), None

    def tree(self, flat: Tensor) -> Any:
        """Vectors (…, dimension) in the structure of the start."""
        return self.built(self.leaves(flat))

    def built(self, leaves: list[Tensor]) -> Any:
        """Tensors in the structure of the start."""
        return _rebuilt(self._start, iter(leaves))

    def joined(self, value: Any, name: str, lead: tuple[int, ...]) -> list[Tensor]:
        """The tensors of a value of the start's structure, of leading axes and the start's shapes.

        Raises:
            GradusError: another structure, or other shapes.
        """
        return [leaf.detach() for leaf in self._matched(value, name, lead)]


def _leaves(value: Any, name: str, label: str) -> Iterator[tuple[str, str, Any]]:
    """The tensors of a structure: how an error names each, how the draws are called, and itself."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}[{key!r}]", f"{label}.{key}" if label else str(key))
    elif isinstance(value, (list, tuple)) and any(
        isinstance(v, (Tensor, Mapping, list, tuple)) for v in value
    ):
        for i, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{i}]", f"{label}.{i}" if label else str(i))
    else:
        yield name, label, value


def _rebuilt(like: Any, leaves: Iterator[Tensor]) -> Any:
    if isinstance(like, Mapping):
        return {key: _rebuilt(inner, leaves) for key, inner in like.items()}
    if isinstance(like, (list, tuple)):
        inner = [_rebuilt(v, leaves) for v in like]
        if isinstance(like, tuple) and hasattr(like, "_fields"):
            return type(like)(*inner)
        return type(like)(inner)
    return next(leaves)
