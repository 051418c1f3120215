"""What autograd has kept of a forward pass: read from the graph, without a hook in the model and without a copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

#: Nodes that stand between a parameter and the function that uses it: transposes, casts, views.
BETWEEN = frozenset(
    {"TBackward0", "ToCopyBackward0", "TransposeBackward0", "ViewBackward0", "PermuteBackward0"}
)
LONGEST = 20_000  # nodes that are looked at in one graph
DENSE = ("AddmmBackward0", "MmBackward0")


class Graph:
    """The graph behind a tensor, its nodes in the order in which the forward pass made them.

    Args:
        root: the tensor that `backward` is called on.
        names: the dotted names of the watched parameters by identity.
    """

    def __init__(self, root: Tensor, names: Mapping[int, str]) -> None:
        self.names = names
        self.reached: set[int] = set()
        self.nodes: list[Any] = []
        self._owners: dict[Any, tuple[Tensor, ...]] = {}
        seen: set[Any] = set()
        waiting = [root.grad_fn]
        while waiting and len(seen) < LONGEST:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if (variable := getattr(node, "variable", None)) is not None:
                self.reached.add(id(variable))
                continue
            self.nodes.append(node)
            waiting += [child for child, _ in node.next_functions]
        self.nodes.sort(key=lambda node: node._sequence_nr())

    def parameters(self, node: Any) -> tuple[Tensor, ...]:
        """The leaves that a node uses itself, such as a dense layer's bias and weight."""
        if node.name() in BETWEEN:
            return ()
        if node not in self._owners:
            found = []
            for child, _ in node.next_functions:
                for _ in range(4):
                    if child is None or (variable := getattr(child, "variable", None)) is not None:
                        break
                    if child.name() not in BETWEEN or len(child.next_functions) != 1:
                        child = None
                        break
                    child = child.next_functions[0][0]
                if child is not None and (variable := getattr(child, "variable", None)) is not None:
                    found.append(variable)
            self._owners[node] = tuple(found)
        return self._owners[node]

    def own(self, node: Any) -> str | None:
        """The layer whose parameters a node uses; None where it uses none, or another model's."""
        for variable in self.parameters(node):
            if (name := self.names.get(id(variable))) is not None:
                return name.rpartition(".")[0] or name
        return None

    def layer(self, node: Any) -> str | None:
        """The layer that a node belongs to or comes after, along its first input; None where it is another model's."""
        for _ in range(64):
            if self.parameters(node):
                return self.own(node)
            node = next((child for child, _ in node.next_functions if child is not None), None)
            if node is None or getattr(node, "variable", None) is not None:
                return None
        return None

    def layers(self) -> list[tuple[str, Any]]:
        """The watched layers and their nodes, in the order of the forward pass."""
        return [(own, node) for node in self.nodes if (own := self.own(node)) is not None]

    def of(self, *names: str) -> Iterator[Any]:
        """The nodes of some functions."""
        return (node for node in self.nodes if node.name() in names)


def saved(node: Any, name: str) -> Tensor | None:
    """A tensor that a node keeps; None where there is none, or where reading it would run code (checkpoints, offloading)."""
    kept = getattr(node, f"_raw_saved_{name}", None)
    if kept is None or getattr(kept, "unpack_hook", kept) is not None:
        return None
    data = kept.data
    return data.detach() if isinstance(data, Tensor) else None


def all_saved(node: Any) -> Iterator[tuple[str, Tensor]]:
    """The dense tensors of floating-point numbers that a node keeps, by name."""
    for attribute in dir(node):
        if attribute.startswith("_raw_saved_"):
            name = attribute.removeprefix("_raw_saved_")
            kept = saved(node, name)
            if kept is not None and kept.is_floating_point() and kept.layout is torch.strided:
                yield name, kept


def function_name(node: Any) -> str:
    """PyTorch's name of the function, without what autograd adds to it."""
    return str(node.name()).rpartition("::")[2].partition("Backward")[0]


def first_non_finite(graph: Graph) -> tuple[Any, str] | None:
    """The first node, in the order of the forward pass, that keeps a number that is not finite; and as what it keeps it."""
    for node in graph.nodes:
        for name, kept in all_saved(node):
            # masks of attention hold -inf on purpose
            if "mask" not in name and not bool(kept.isfinite().all()):
                return node, name
    return None
