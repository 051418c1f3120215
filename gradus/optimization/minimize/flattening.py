"""A tree of tensors as one vector, and back."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.arguments import refusal
from gradus.arguments.tensors import tensor
from gradus.text import Text


class Flattening:
    """How a tree of tensors, each (*shape) or with a leading axis of problems (B, *shape), is laid out as (B, n).

    Attributes:
        shapes: of the leaves, without the axis of problems.
        size: n.
        batch: B; 1 where there is no axis of problems.
        is_tensor: whether the tree is a tensor.
    """

    def __init__(self, name: str, tree: Any, *, batched: bool) -> None:
        self.name = name
        leaves, self.structure = pytree.tree_flatten_with_path(tree)
        if not leaves:
            raise refusal(name, ("a tensor, or a tree of tensors", "张量或张量的树"), tree, kind=True)
        named = {name + pytree.keystr(path): leaf for path, leaf in leaves}
        for place, leaf in named.items():
            tensor(place, leaf, meta=False)
            if batched and leaf.ndim == 0:
                raise refusal(place, ("a leading axis of problems", "最前面有一个问题轴"), leaf)
        self.leaves = [leaf.detach() for _, leaf in leaves]
        self._same_kind(named)
        self.batched = batched
        self.batch = self.leaves[0].shape[0] if batched else 1
        self.shapes = [tuple(leaf.shape[1:] if batched else leaf.shape) for leaf in self.leaves]
        self.sizes = [math.prod(shape) for shape in self.shapes]
        self.size = sum(self.sizes)
        self.is_tensor = len(leaves) == 1 and isinstance(tree, Tensor)
        if batched and any(leaf.shape[0] != self.batch for leaf in self.leaves):
            sizes = sorted({leaf.shape[0] for leaf in self.leaves})
            raise refusal(
                name,
                ("one number of problems in all leading axes", "所有最前面的轴问题数相同"),
                Text(f"{sizes}", f"{sizes}"),
            )
        if self.size == 0 or self.batch == 0:
            raise refusal(name, ("at least one number", "至少一个数"), self.leaves[0])

    @staticmethod
    def _same_kind(named: dict[str, Tensor]) -> None:
        first, *others = named.items()
        for place, leaf in others:
            if (leaf.dtype, leaf.device) != (first[1].dtype, first[1].device):
                came = f"{leaf.dtype} on {leaf.device}"
                want = f"{first[1].dtype} on {first[1].device}"
                raise refusal(
                    place, (f"{want} as {first[0]}", f"与 {first[0]} 相同的 {want}"), Text(came, came)
                )

    def flat(self) -> Tensor:
        """The leaves side by side, (B, n): new memory."""
        return torch.cat([leaf.reshape(self.batch, -1) for leaf in self.leaves], dim=1)

    def flatten_like(self, name: str, tree: Any, batch: int) -> Tensor:
        """Another tree of the same structure and shapes, with `batch` problems, as (batch, n)."""
        if self.is_tensor and isinstance(tree, Tensor):
            leaves = [tree]
        else:
            leaves, structure = pytree.tree_flatten(tree)
            if structure != self.structure:
                raise refusal(name, (f"the structure of {self.name}", f"与 {self.name} 相同的结构"), tree)
        for leaf, shape in zip(leaves, self.shapes, strict=True):
            whole = (batch, *shape) if self.batched else shape
            if not isinstance(leaf, Tensor) or tuple(leaf.shape) != whole:
                raise refusal(
                    name, (f"the shape {whole} of {self.name}", f"与 {self.name} 相同的形状 {whole}"), leaf
                )
        if self.is_tensor:
            return leaves[0].reshape(batch, -1)
        return torch.cat([leaf.reshape(batch, -1) for leaf in leaves], dim=1)

    def point(self, x: Tensor) -> Any:
        """One point (n,) as the tree; differentiable."""
        if self.is_tensor:
            return x.view(self.shapes[0])
        parts = x.split(self.sizes)
        return pytree.tree_unflatten(
            [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)], self.structure
        )

    def points(self, x: Tensor) -> Any:
        """Points (b, n) as the tree; with the axis of problems where x0 had one."""
        if not self.batched:
            return self.point(x[0])
        parts = x.split(self.sizes, dim=1)
        leaves = [part.reshape(len(x), *shape) for part, shape in zip(parts, self.shapes, strict=True)]
        return leaves[0] if self.is_tensor else pytree.tree_unflatten(leaves, self.structure)
