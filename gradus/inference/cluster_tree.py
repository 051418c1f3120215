"""The tree of clusters that an order of elimination makes, laid out so that every step is a product or a sum of a view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx

__all__ = ["Cluster", "cluster_tree"]

#: Clusters below one whose message has been scaled, after which it is scaled again: no product of so many underflows.
SCALE_EVERY = 12


class Cluster(NamedTuple):
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

    Example:
        >>> Cluster(("b", "a"), ("a",), (2, 3), 1, (), (2,), (), False).rows
        2
    """

    variables: tuple[str, ...]
    residual: tuple[str, ...]
    shape: tuple[int, ...]
    parent: int
    children: tuple[int, ...]
    spread: tuple[int, ...]
    over: tuple[int, ...]
    scaled: bool

    @property
    def rows(self) -> int:
        """States of the separator."""
        return math.prod(self.shape[: len(self.shape) - len(self.residual)])

    @property
    def columns(self) -> int:
        """States of what is summed out."""
        return math.prod(self.shape[len(self.shape) - len(self.residual) :])

    def axis_shape(self, variable: str) -> tuple[int, ...]:
        """The shape that a vector over one of the variables has among the axes."""
        return tuple(n if v == variable else 1 for v, n in zip(self.variables, self.shape, strict=True))


def cluster_tree(
    graph: nx.Graph, sizes: dict[str, int], order: Sequence[str], kept: frozenset[str] = frozenset()
) -> list[Cluster]:
    """The clusters of an order of elimination, children before parents; those that lie in another are joined with it.

    No cluster sums out both variables that are kept and others.
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
    axes = [
        (*_descending(separator[top[first]], place), *_descending(residual[first], place)) for first in firsts
    ]
    parents = [
        number[home[min(separator[top[first]], key=place.__getitem__)]] if separator[top[first]] else -1
        for first in firsts
    ]
    children: list[list[int]] = [[] for _ in firsts]
    for i, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(i)
    made, below = [], [0] * len(firsts)
    for i, first in enumerate(firsts):
        below[i] = 1 + sum(below[c] for c in children[i])
        scaled = below[i] >= SCALE_EVERY
        below[i] = 0 if scaled else below[i]
        between, above = separator[top[first]], axes[parents[i]] if parents[i] >= 0 else ()
        made.append(
            Cluster(
                variables=axes[i],
                residual=axes[i][len(between) :],
                shape=tuple(sizes[v] for v in axes[i]),
                parent=parents[i],
                children=tuple(children[i]),
                spread=tuple(sizes[v] if v in between else 1 for v in above),
                over=tuple(k for k, v in enumerate(above) if v not in between),
                scaled=scaled,
            )
        )
    return made


def _descending(variables: Sequence[str] | set[str], place: dict[str, int]) -> list[str]:
    return sorted(variables, key=place.__getitem__, reverse=True)
