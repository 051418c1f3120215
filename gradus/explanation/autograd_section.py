"""A part of autograd's graph: from one tensor back to the tensors that were written down before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

from gradus.errors import GradusError
from gradus.text import Text

Edge = tuple[Any, int]  # a node of autograd's, and which of its outputs


def edge_of(tensor: Any) -> Edge | None:
    """Where the gradient of a tensor arrives; None for what autograd does not differentiate by."""
    if not isinstance(tensor, Tensor) or not tensor.requires_grad:
        return None
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    with torch.inference_mode(False), torch.enable_grad():
        link = tensor.view_as(tensor).grad_fn
    if link is None or link.next_functions[0][0] is None:
        return None  # a view that was taken under no_grad: it says requires_grad=True, and no gradient arrives there
    return link.next_functions[0]


def is_leaf(node: Any) -> bool:
    """Whether a node of autograd's stands for a leaf."""
    return hasattr(node, "variable")


def name_of(node: Any) -> str:
    """What a node of autograd's computes: mul for MulBackward0, the class for a Function of the user's."""
    name = type(node).__name__
    if isinstance(node, BackwardCFunction):
        return name.removesuffix("Backward")
    if name == "CopySlices":
        return "put"
    name = name.rstrip("0123456789").removesuffix("Backward")
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def array_of(tensor: Tensor) -> np.ndarray:
    """The entries in float64 or complex128, as a copy."""
    plain = tensor.detach()
    if plain.layout != torch.strided:
        plain = plain.to_dense()
    kind = torch.complex128 if plain.is_complex() else torch.float64
    return np.array(plain.to(kind).numpy(force=True))


class Section:
    """The nodes of autograd's between a tensor and what it was computed from.

    Args:
        start: the tensor's edge.
        known: whether an edge has been written down before.

    Attributes:
        uses: each edge that leads out of the section, as often as it is used.
        inside: the edges between its nodes.
        size: how many nodes of autograd's it has.
    """

    def __init__(self, start: Edge, known: Callable[[Edge], bool]) -> None:
        self.start = start
        self.uses: list[Edge] = []
        self.inside: list[Edge] = []
        self._ends: dict[tuple[int, int], int] = {}  # (place in the order, slot) ↦ number of the use
        self._order = _ordered(start[0], known)
        for place, node in enumerate(self._order):
            for slot, edge in enumerate(node.next_functions):
                if edge[0] is None:
                    continue
                if is_leaf(edge[0]) or known(edge):
                    self._ends[place, slot] = len(self.uses)
                    self.uses.append(edge)
                else:
                    self.inside.append(edge)
        self.size = len(self._order)
        self._last: tuple[np.ndarray, list[np.ndarray | None]] | None = None

    def pulled(self, g: np.ndarray) -> list[np.ndarray | None]:
        """g·∂(tensor)/∂(edge) for each use, through this section alone."""
        if self._last is None or self._last[0] is not g:
            self._last = (g, self._pulled(g))
        return self._last[1]

    def nothing(self, use: int) -> np.ndarray:
        """The zero of a use that no gradient flows to."""
        node, output = self.uses[use]
        wanted = node._input_metadata[output]
        return np.zeros(tuple(wanted.shape), complex if wanted.dtype.is_complex else float)

    def forget(self) -> None:
        """Lets go of what `pulled` remembers."""
        self._last = None

    def _pulled(self, g: np.ndarray) -> list[np.ndarray | None]:
        shares: list[np.ndarray | None] = [None] * len(self.uses)
        node, output = self.start
        waiting: dict[Any, list[Tensor | None]] = {node: [None] * len(node._input_metadata)}
        waiting[node][output] = _as_gradient(torch.from_numpy(np.array(g)), node, output)
        for place, node in enumerate(self._order):
            if (arrived := waiting.pop(node, None)) is None:
                continue
            gradients = _through(node, arrived)
            for slot, ((after, nr), share) in enumerate(zip(node.next_functions, gradients, strict=False)):
                if after is None or share is None:
                    continue
                share = _as_gradient(share, after, nr)
                if (use := self._ends.get((place, slot))) is not None:
                    shares[use] = array_of(share)
                    continue
                at = waiting.setdefault(after, [None] * len(after._input_metadata))
                old = at[nr]
                at[nr] = share if old is None else old + share
        return shares


def _ordered(start: Any, known: Callable[[Edge], bool]) -> list[Any]:
    """The nodes from `start` back to known edges, each before those that it was computed from."""
    order: list[Any] = []
    seen = {start}
    stack: list[tuple[Any, int]] = [(start, 0)]
    while stack:
        node, slot = stack.pop()
        edges = node.next_functions
        if slot == len(edges):
            order.append(node)
            continue
        stack.append((node, slot + 1))
        after = edges[slot][0]
        if after is not None and after not in seen and not is_leaf(after) and not known(edges[slot]):
            seen.add(after)
            stack.append((after, 0))
    return order[::-1]


def _through(node: Any, arrived: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
    """The gradients by the inputs of one node of autograd's, one for each of its `next_functions`."""
    with torch.no_grad():
        if not isinstance(node, BackwardCFunction):
            result = node(*arrived)
            return result if isinstance(result, tuple) else (result,)
        if "CheckpointFunction" in type(node).__name__:
            raise GradusError(
                Text(
                    "checkpoint(…, use_reentrant=True) has no graph of its steps; give use_reentrant=False",
                    "checkpoint(…, use_reentrant=True) 没有各步的计算图；请用 use_reentrant=False",
                )
            )
        return _through_function(node, arrived)


def _through_function(node: Any, arrived: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
    """The same for a Function of the user's, which returns one for each argument; autograd has edges for the tensors."""
    full = [
        torch.zeros(m.shape, dtype=m.dtype, device=m.device) if a is None else a
        for a, m in zip(arrived, node._input_metadata, strict=True)
    ]
    result = node.apply(*full)
    given = result if isinstance(result, tuple) else (result,)
    wanted = iter([r for r, needed in zip(given, node.needs_input_grad, strict=False) if needed])
    return [None if edge[0] is None else next(wanted, None) for edge in node.next_functions]


def _as_gradient(gradient: Tensor, node: Any, output: int) -> Tensor:
    """A gradient as autograd's engine hands it on: summed where broadcast, in the type of the tensor."""
    wanted = node._input_metadata[output]
    if gradient.is_complex() and not wanted.dtype.is_complex:
        gradient = gradient.real
    if gradient.dtype != wanted.dtype or gradient.device != wanted.device:
        gradient = gradient.to(wanted.device, wanted.dtype)
    if gradient.layout == torch.strided and tuple(gradient.shape) != tuple(wanted.shape):
        gradient = gradient.sum_to_size(tuple(wanted.shape))
    return gradient
