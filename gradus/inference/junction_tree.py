"""Trees of clusters as a user sees them: names of variables, edges, separators, and whether they are what they must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import networkx as nx
import numpy as np

from gradus.arguments import choice, refusal
from gradus.errors import GradusError
from gradus.inference.cluster_tree import Cluster, cluster_tree
from gradus.inference.elimination_order import RULES, ordered
from gradus.inference.names import variable_name
from gradus.inference.network import Network
from gradus.text import Text

__all__ = ["JunctionTree", "junction_tree", "tree_of"]


class JunctionTree:
    r"""Clusters of variables joined to a tree in which the clusters that hold a variable hang together (running intersection).

    .. math:: P(x\mid e)=\frac{\prod_cP(x_c\mid e)}{\prod_{(c,d)}P(x_{c\cap d}\mid e)}

    Args:
        clusters: of each the names of its variables.
        edges: pairs of the clusters' numbers; several trees (a forest) where parts of the network have nothing in common.

    Attributes:
        clusters: the clusters.
        edges: the edges.
        separators: by edge, the variables that both clusters hold.

    Raises:
        GradusError: names or numbers that are none, edges that close a circle (named), or a variable whose clusters do not hang
            together: the variable and two such clusters are named.

    Source: Lauritzen and Spiegelhalter 1988; Jensen and Jensen 1994.

    Example:
        >>> tree = JunctionTree([["a", "b"], ["b", "c"], ["b", "d"]], [(0, 1), (1, 2)])
        >>> tree.separators, tree.width
        ((('b',), ('b',)), 1)
        >>> JunctionTree([["a", "b"], ["c"], ["b", "d"]], [(0, 1), (1, 2)])
        Traceback (most recent call last):
            ...
        gradus.errors.GradusError: edges: expected clusters that hang together for each variable, got b in clusters 0 and 2, but not on the way between
    """

    def __init__(self, clusters: Sequence[Sequence[str]], edges: Iterable[tuple[int, int]]) -> None:
        self.clusters: tuple[tuple[str, ...], ...] = _clusters(clusters)
        self.edges: tuple[tuple[int, int], ...] = _edges(edges, len(self.clusters))
        self.separators: tuple[tuple[str, ...], ...] = tuple(
            tuple(v for v in self.clusters[c] if v in self.clusters[d]) for c, d in self.edges
        )
        self._refuse_circles()
        self._refuse_parts()

    @property
    def width(self) -> int:
        """The variables of the largest cluster, less one; −1 of no cluster."""
        return max((len(c) for c in self.clusters), default=0) - 1

    @property
    def graph(self) -> nx.Graph:
        """The tree: nodes are the clusters' numbers, with their `variables`; edges with theirs, the separators."""
        graph = nx.Graph()
        for i, variables in enumerate(self.clusters):
            graph.add_node(i, variables=variables)
        for (c, d), variables in zip(self.edges, self.separators, strict=True):
            graph.add_edge(c, d, variables=variables)
        return graph

    def check(self, network: Network) -> None:
        """Whether inference in the network can run on this tree.

        Variables of a single state need not stand in it.

        Raises:
            GradusError: a name that is none of the network's variables, or a factor whose variables no cluster holds together:
                they are named.

        Example:
            >>> from gradus.inference import MarkovNetwork
            >>> net = MarkovNetwork({v: ["0", "1"] for v in "ab"}, [(("a", "b"), [[1.0, 2.0], [2.0, 1.0]])])
            >>> JunctionTree([["a", "b"]], []).check(net)
        """
        if not isinstance(network, Network):
            expected = ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络")
            raise refusal("network", expected, network, kind=True)
        for variables in self.clusters:
            for v in variables:
                variable_name("tree", v, network.states)
        held = [set(variables) for variables in self.clusters]
        scopes = [f.variables for f in network.factors] + [(v,) for v in network.states]
        for scope in scopes:
            needed = {v for v in scope if len(network.states[v]) > 1}
            if needed and not any(needed <= c for c in held):
                names = ", ".join(v for v in scope if v in needed)
                expected = (
                    f"a cluster that holds all variables of each factor, such as {names}",
                    f"每个因子的变量都在同一个团中，例如 {names}",
                )
                raise refusal("tree", expected, Text("none that does", "没有这样的团"))

    def __repr__(self) -> str:
        return f"JunctionTree({len(self.clusters)} clusters, {len(self.edges)} edges, width {self.width})"

    def __str__(self) -> str:
        lines = [f"{i}  {' '.join(variables)}" for i, variables in enumerate(self.clusters)]
        return "\n".join(
            lines
            + [
                f"{c} — {d}  {' '.join(s)}".rstrip()
                for (c, d), s in zip(self.edges, self.separators, strict=True)
            ]
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JunctionTree) and (self.clusters, self.edges) == (
            other.clusters,
            other.edges,
        )

    def __hash__(self) -> int:
        return hash((self.clusters, self.edges))

    def _refuse_circles(self) -> None:
        try:
            around = nx.find_cycle(self.graph)
        except nx.NetworkXNoCycle:
            return
        circle = " – ".join(str(c) for c in [*(edge[0] for edge in around), around[0][0]])
        raise refusal("edges", ("a tree of clusters", "由团构成的树"), Text(circle, circle))

    def _refuse_parts(self) -> None:
        graph = self.graph
        where: dict[str, list[int]] = {}
        for i, variables in enumerate(self.clusters):
            for v in variables:
                where.setdefault(v, []).append(i)
        for v, places in where.items():
            parts = list(nx.connected_components(graph.subgraph(places)))
            if len(parts) > 1:
                c, d = sorted(min(part) for part in parts)[:2]
                came = Text(
                    f"{v} in clusters {c} and {d}, but not on the way between",
                    f"{v} 在团 {c} 与 {d} 中，却不在两者之间的路上",
                )
                raise refusal(
                    "edges",
                    (
                        "clusters that hang together for each variable",
                        "含有同一变量的团彼此相连（执行相交性质）",
                    ),
                    came,
                )


def junction_tree(network: Network, rule: str = "min-fill") -> JunctionTree:
    """The tree of clusters of an order of elimination: a variable with its neighbours when it goes, those in others left out.

    Args:
        network: a `BayesianNetwork` or a `MarkovNetwork`; variables of a single state are left out.
        rule: of the order, see `elimination_order`.

    Raises:
        GradusError: another rule, or no network.

    Cost: that of the order; no table is made.

    Source: Lauritzen and Spiegelhalter 1988; Koller and Friedman 2009, §10.4.

    Example:
        >>> from gradus.inference import MarkovNetwork
        >>> pair = [[1.0, 2.0], [2.0, 1.0]]
        >>> ring = MarkovNetwork({v: ["0", "1"] for v in "abcd"}, [((u, v), pair) for u, v in ("ab", "bc", "cd", "da")])
        >>> print(junction_tree(ring))
        0  d b a
        1  d c b
        0 — 1  d b
    """
    if not isinstance(network, Network):
        expected = ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络")
        raise refusal("network", expected, network, kind=True)
    rule = choice("rule", rule, RULES)
    sizes = {v: len(s) for v, s in network.states.items() if len(s) > 1}
    graph = network.interaction_graph.subgraph(sizes)
    order = ordered(graph, sizes, rule, set()).variables
    return tree_of(cluster_tree(graph, sizes, order, gather=False))


def tree_of(clusters: Sequence[Cluster]) -> JunctionTree:
    """Planned clusters as a user sees them."""
    edges = [(i, c.parent) for i, c in enumerate(clusters) if c.parent >= 0]
    return JunctionTree([c.variables for c in clusters], edges)


def _clusters(given: Any) -> tuple[tuple[str, ...], ...]:
    expected = ("lists of the names of variables", "变量名的列表")
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise refusal("clusters", expected, given, kind=True)
    made = []
    for i, cluster in enumerate(given):
        if isinstance(cluster, str) or not isinstance(cluster, (list, tuple, set, frozenset)):
            raise refusal(f"clusters[{i}]", expected, cluster, kind=True)
        for v in cluster:
            if not isinstance(v, str):
                raise refusal(
                    f"clusters[{i}]", ("names of variables as text", "文字形式的变量名"), v, kind=True
                )
        names = tuple(sorted(cluster)) if isinstance(cluster, (set, frozenset)) else tuple(cluster)
        if len(set(names)) < len(names):
            twice = next(v for v in names if names.count(v) > 1)
            different = ("variables that are different", "互不相同的变量")
            raise refusal(f"clusters[{i}]", different, Text(f"{twice!r} twice", f"两个 {twice!r}"))
        made.append(names)
    return tuple(made)


def _edges(given: Any, n: int) -> tuple[tuple[int, int], ...]:
    expected = ("pairs of numbers of clusters", "团编号的对")
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise refusal("edges", expected, given, kind=True)
    made: list[tuple[int, int]] = []
    for i, edge in enumerate(given):
        if not isinstance(edge, (list, tuple, np.ndarray)) or len(edge) != 2:
            raise refusal(f"edges[{i}]", expected, edge, kind=True)
        c, d = edge
        for k in (c, d):
            if not isinstance(k, (int, np.integer)) or isinstance(k, bool):
                raise refusal(f"edges[{i}]", ("whole numbers of clusters", "团的整数编号"), k, kind=True)
        if n < 2:
            few = ("no edge, for there are not two clusters", "没有边，因为团不足两个")
            raise refusal(f"edges[{i}]", few, Text(f"{c}, {d}", f"{c}, {d}"))
        if not (0 <= c < n and 0 <= d < n) or c == d:
            here = (f"two different numbers from 0 to {n - 1}", f"0 到 {n - 1} 中两个不同的编号")
            raise refusal(f"edges[{i}]", here, Text(f"{c}, {d}", f"{c}, {d}"))
        if (c, d) in made or (d, c) in made:
            once = ("each edge once", "每条边只出现一次")
            raise GradusError(Text(f"edges[{i}]: expected {once[0]}, got {c}, {d} again",
                                   f"edges[{i}]：应为{once[1]}，{c}, {d} 重复出现"))  # fmt: skip
        made.append((int(c), int(d)))
    return tuple(made)
