"""Partially directed graphs: what cases alone can say of the arrows of a Bayesian network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import Any

import networkx as nx

from gradus.arguments import refusal
from gradus.inference.directed_graph import DirectedAcyclicGraph
from gradus.inference.structure.graphs import directed_graph
from gradus.text import Text

__all__ = ["PartiallyDirectedGraph", "essential_graph", "oriented"]

Pair = tuple[str, str]


def _pairs(name: str, given: Iterable[Pair], variables: Collection[str]) -> list[Pair]:
    """The pairs, each of two of the variables."""
    pairs: list[Any] = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [None]
    for pair in pairs:
        two = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(v, str) for v in pair)
        if not two or pair[0] == pair[1] or not {*pair} <= {*variables}:
            expected = ("pairs of two of the variables", "由两个不同变量组成的对")
            raise refusal(name, expected, given if pair is None else pair, kind=not two)
    return [(a, b) for a, b in pairs]


class PartiallyDirectedGraph:
    """Arrows, and lines whose direction is open.

    Attributes:
        variables: in order.
        arrows: pairs (from, to).
        lines: pairs in the order of the variables.

    Raises:
        GradusError: a variable that is no text or stands twice; what is no pair of two of the variables.

    Example:
        >>> graph = essential_graph(DirectedAcyclicGraph({"a": [], "b": ["a"], "c": [], "d": ["b", "c"]}))
        >>> graph.arrows, graph.lines
        ((('b', 'd'), ('c', 'd')), (('a', 'b'),))
    """

    def __init__(self, variables: Iterable[str], arrows: Iterable[Pair], lines: Iterable[Pair]) -> None:
        several: Any = (
            variables if isinstance(variables, Iterable) and not isinstance(variables, str) else (None,)
        )
        self.variables: tuple[str, ...] = tuple(several)
        if not all(isinstance(v, str) for v in self.variables) or len(set(self.variables)) < len(
            self.variables
        ):
            raise refusal("variables", ("texts, each once", "各不相同的文字名称"), variables, kind=True)
        arrows = _pairs("arrows", arrows, self.variables)
        lines = _pairs("lines", lines, self.variables)
        place = {v: i for i, v in enumerate(self.variables)}
        self.arrows = tuple(sorted(set(arrows), key=lambda pair: (place[pair[0]], place[pair[1]])))
        self.lines = tuple(
            sorted(
                {(a, b) if place[a] < place[b] else (b, a) for a, b in lines},
                key=lambda pair: (place[pair[0]], place[pair[1]]),
            )
        )

    def __repr__(self) -> str:
        return f"PartiallyDirectedGraph({len(self.variables)} variables, {len(self.arrows)} arrows, {len(self.lines)} lines)"

    def __eq__(self, other: object) -> bool:
        """Whether the arrows and the lines are the same."""
        if not isinstance(other, PartiallyDirectedGraph):
            return NotImplemented
        return (set(self.variables), set(self.arrows), {frozenset(p) for p in self.lines}) == (
            set(other.variables), set(other.arrows), {frozenset(p) for p in other.lines},
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]

    @property
    def skeleton(self) -> frozenset[frozenset[str]]:
        """The pairs that are joined, in whatever direction."""
        return frozenset(frozenset(pair) for pair in (*self.arrows, *self.lines))

    def directed(self) -> DirectedAcyclicGraph:
        """A directed acyclic graph with these arrows, without a further collision of unjoined parents.

        Raises:
            GradusError: there is none, as may happen where tests contradict each other.

        Source: Dor and Tarsi 1992.

        Example:
            >>> essential_graph(DirectedAcyclicGraph({"a": [], "b": ["a"]})).directed().parents("b")
            ('a',)
        """
        parents: dict[str, list[str]] = {v: [] for v in self.variables}
        for a, b in self.arrows:
            parents[b].append(a)
        left = nx.DiGraph()
        left.add_nodes_from(self.variables)
        left.add_edges_from(self.arrows)
        left.add_edges_from(pair for a, b in self.lines for pair in ((a, b), (b, a)))
        while left:
            sink = next((v for v in reversed(list(left)) if _may_be_last(left, v)), None)
            if sink is None:
                names = ", ".join(left)
                raise refusal(
                    "graph",
                    (
                        "lines that can be directed without a cycle or a new collision",
                        "能定向而不产生环或新的对撞结构的边",
                    ),
                    Text(f"none such among {names}", f"{names} 之间不存在"),
                )
            for v in left.predecessors(sink):
                if left.has_edge(sink, v):
                    parents[sink].append(v)
            left.remove_node(sink)
        return DirectedAcyclicGraph(
            {v: [p for p in self.variables if p in parents[v]] for v in self.variables}
        )


def _may_be_last(left: Any, v: str) -> bool:
    """Whether no arrow leaves it, and its lines lead to variables that are joined with all that are joined with it."""
    near = set(left.predecessors(v)) | set(left.successors(v))
    lines = {w for w in left.successors(v) if left.has_edge(w, v)}
    if lines != set(left.successors(v)):
        return False
    return all(left.has_edge(a, b) or left.has_edge(b, a) for a in lines for b in near - {a})


def essential_graph(graph: Any) -> PartiallyDirectedGraph:
    """The graph whose arrows stand in every graph that is Markov equivalent to this one, and whose lines turn in some (CPDAG).

    Two graphs are equivalent, that is imply the same independencies, exactly if they join the same pairs and have the same collisions
    a → c ← b of unjoined a, b.

    Args:
        graph: a `DirectedAcyclicGraph`, a `BayesianNetwork`, or the parents by variable.

    Raises:
        GradusError: no graph of this kind.

    Source: Verma and Pearl 1990; Meek 1995; Chickering 1995.

    Example:
        >>> essential_graph({"a": [], "b": ["a"], "c": ["b"]})
        PartiallyDirectedGraph(3 variables, 0 arrows, 2 lines)
    """
    given = directed_graph("graph", graph)
    variables = list(given.graph.nodes)
    joined = {frozenset(pair) for pair in given.graph.edges}
    collisions = [
        (a, c, b)
        for c in variables
        for a, b in combinations(given.parents(c), 2)
        if frozenset((a, b)) not in joined
    ]
    return oriented(variables, joined, collisions)


def oriented(
    variables: Collection[str], joined: Iterable[frozenset[str]], collisions: Iterable[tuple[str, str, str]]
) -> PartiallyDirectedGraph:
    """Arrows of the collisions a → c ← b, and those that follow from them by Meek's rules; a later collision takes no arrow back."""
    near: Mapping[str, set[str]] = {v: set() for v in variables}
    for pair in joined:
        a, b = pair
        near[a].add(b)
        near[b].add(a)
    arrows: set[Pair] = set()
    for a, c, b in collisions:
        arrows |= {(v, c) for v in (a, b) if (c, v) not in arrows}
    lines = {(a, b) for a in variables for b in near[a] if (a, b) not in arrows and (b, a) not in arrows}
    changed = True
    while changed:
        changed = False
        for a, b in sorted(lines):
            if (a, b) in lines and _follows(a, b, near, arrows, lines):
                arrows.add((a, b))
                lines -= {(a, b), (b, a)}
                changed = True
    return PartiallyDirectedGraph(variables, arrows, lines)


def _follows(a: str, b: str, near: Mapping[str, set[str]], arrows: set[Pair], lines: set[Pair]) -> bool:
    """Whether a → b, as b → a would make a new collision or a cycle (Meek's rules 1 to 3)."""
    if any((c, a) in arrows and c not in near[b] for c in near[a]):
        return True
    if any((a, c) in arrows and (c, b) in arrows for c in near[a]):
        return True
    through = [c for c in near[a] if (a, c) in lines and (c, b) in arrows]
    return any(d not in near[c] for c, d in combinations(through, 2))
