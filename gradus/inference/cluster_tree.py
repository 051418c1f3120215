"""The tree of clusters that an order of elimination makes, laid out so that every step is a product or a sum of a view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import networkx as nx

__all__ = ["Cluster", "Node", "cluster_tree", "laid_out"]

#: Clusters below one whose message has been scaled, after which it is scaled again: no product of so many underflows.
SCALE_EVERY = 12
SMALLER = 4  # times that such a node must be smaller
WORTH = 4096  # cells of a cluster for which fewer products are worth a node between


@dataclass(frozen=True)
class Cluster:
    """A set of variables whose table is held, and how it hangs in the tree.

    The axes stand in the reverse of the order of elimination: the separator's first, then those of the variables that are
    summed out here. A message is thus a sum over the trailing axes, and spreads over its parent by a reshape alone.

    Attributes:
        variables: in the order of the axes.
        residual: those that are summed out here, the last of `variables`.
        shape: sizes of the axes.
        parent: place of the cluster that the message goes to, −1 at a root.
        children: places of those whose messages come here.
        spread: the shape that this cluster's message has among the parent's axes.
        over: the parent's axes that are summed over for the message back.
        scaled: whether its message is divided by its largest entry.
        node: its place among those that were planned.
        axes: how many.
        between: how many of them are the separator's.
        rows: states of the separator.
        columns: states of what is summed out.
        ones: the shape that the residual has in what is over the separator only.
        vectors: by variable summed out here, the shape that its likelihoods have among the axes.
        others: by such a variable, the axes of the others among those summed out.
    """

    variables: tuple[str, ...]
    residual: tuple[str, ...]
    shape: tuple[int, ...]
    parent: int
    children: tuple[int, ...]
    spread: tuple[int, ...]
    over: tuple[int, ...]
    scaled: bool
    node: int
    axes: int = field(init=False)
    between: int = field(init=False)
    rows: int = field(init=False)
    columns: int = field(init=False)
    ones: tuple[int, ...] = field(init=False)
    vectors: dict[str, tuple[int, ...]] = field(init=False)
    others: dict[str, tuple[int, ...]] = field(init=False)

    def __post_init__(self) -> None:
        between = len(self.shape) - len(self.residual)
        one = [1] * len(self.shape)
        vectors = {
            v: (*one[: between + k], self.shape[between + k], *one[between + k + 1 :])
            for k, v in enumerate(self.residual)
        }
        for name, value in (
            ("axes", len(self.shape)),
            ("between", between),
            ("rows", math.prod(self.shape[:between])),
            ("columns", math.prod(self.shape[between:])),
            ("ones", (1,) * len(self.residual)),
            ("vectors", vectors),
            (
                "others",
                {
                    v: tuple(j for j in range(len(self.residual)) if j != k)
                    for k, v in enumerate(self.residual)
                },
            ),
        ):
            object.__setattr__(self, name, value)


def cluster_tree(
    graph: nx.Graph,
    sizes: dict[str, int],
    order: Sequence[str],
    kept: frozenset[str] = frozenset(),
    gather: bool = True,
) -> list[Cluster]:
    """The clusters of an order of elimination, children before parents; those that lie in another are joined with it.

    No cluster sums out both variables that are kept and others. With `gather`, large clusters of many children get nodes between.
    """
    place = {v: i for i, v in enumerate(order)}
    near = {v: set(graph[v]) - {v} for v in order}
    separator: dict[str, set[str]] = {}
    for v in order:
        separator[v] = around = near.pop(v)
        for u in around:
            near[u] |= around
            near[u] -= {u, v}
    top: dict[str, str] = {}  # by the first variable of a cluster, the last one that is summed out in it
    home: dict[str, str] = {}
    residual: dict[str, list[str]] = {}
    for v in order:
        if v not in home:
            home[v], residual[v], top[v] = v, [v], v
        first, around = home[v], separator[v]
        if around:
            parent = min(around, key=place.__getitem__)
            same = len(separator[parent]) + 1 == len(around) and (parent in kept) == (v in kept)
            if same and top[first] == v and parent not in home:
                home[parent], top[first] = first, parent
                residual[first].append(parent)
    firsts = sorted(residual, key=lambda f: place[top[f]])
    number = {first: i for i, first in enumerate(firsts)}
    nodes = []
    for first in firsts:
        around = separator[top[first]]
        above = number[home[min(around, key=place.__getitem__)]] if around else -1
        nodes.append(Node({*around, *residual[first]}, set(residual[first]), above))
    for i in range(len(firsts) if gather else 0):
        _gather(nodes, i, sizes)
    return laid_out(nodes, sizes, place)


class Node:
    """A cluster that is being planned: all its variables, those summed out in it, and its parent's place."""

    def __init__(self, variables: set[str], residual: set[str], parent: int) -> None:
        self.variables, self.residual, self.parent = variables, residual, parent


def _gather(nodes: list[Node], i: int, sizes: dict[str, int]) -> None:
    """Gives a large cluster of many children nodes between, in which small messages are multiplied before they spread."""

    def cells(variables: set[str]) -> int:
        return math.prod(sizes[v] for v in variables)

    whole = cells(nodes[i].variables)
    items = [
        (nodes[c].variables - nodes[c].residual, c) for c, node in enumerate(nodes) if node.parent == i
    ] if whole >= WORTH else []  # fmt: skip
    while len(items) > 1:
        items.sort(key=lambda item: cells(item[0]), reverse=True)
        scope, child = items.pop()
        k = min(range(len(items)), key=lambda j: cells(scope | items[j][0]))
        union = scope | items[k][0]
        if cells(union) * SMALLER > whole:
            continue  # it goes to the cluster by itself
        other = items.pop(k)[1]
        nodes[child].parent = nodes[other].parent = len(nodes)
        items.append((union, len(nodes)))
        nodes.append(Node(union, set(), i))


def laid_out(nodes: list[Node], sizes: dict[str, int], place: dict[str, int]) -> list[Cluster]:
    """The clusters with their axes, children before parents."""
    below: list[list[int]] = [[] for _ in nodes]
    for c, node in enumerate(nodes):
        if node.parent >= 0:
            below[node.parent].append(c)
    order: list[int] = []
    stack = [c for c, node in enumerate(nodes) if node.parent < 0]
    while stack:  # parents before children, and then the other way round
        order.append(stack.pop())
        stack += below[order[-1]]
    order.reverse()
    number = {c: i for i, c in enumerate(order)}
    axes = [
        (*_descending(nodes[c].variables - nodes[c].residual, place), *_descending(nodes[c].residual, place))
        for c in order
    ]
    made: list[Cluster] = []
    since = [0] * len(order)
    for i, c in enumerate(order):
        parent = number[nodes[c].parent] if nodes[c].parent >= 0 else -1
        children = tuple(sorted(number[b] for b in below[c]))
        since[i] = 1 + sum(since[b] for b in children)
        scaled = since[i] >= SCALE_EVERY
        since[i] = 0 if scaled else since[i]
        between, above = nodes[c].variables - nodes[c].residual, axes[parent] if parent >= 0 else ()
        made.append(
            Cluster(
                variables=axes[i],
                residual=axes[i][len(between) :],
                shape=tuple(sizes[v] for v in axes[i]),
                parent=parent,
                children=children,
                spread=tuple(sizes[v] if v in between else 1 for v in above),
                over=tuple(k for k, v in enumerate(above) if v not in between),
                scaled=scaled,
                node=c,
            )
        )
    return made


def _descending(variables: set[str], place: dict[str, int]) -> list[str]:
    return sorted(variables, key=place.__getitem__, reverse=True)
