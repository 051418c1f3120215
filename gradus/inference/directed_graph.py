"""Directed acyclic graphs over named variables, and what the graph alone says: who comes first, and what is independent of what."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx

from gradus.arguments import flag, refusal
from gradus.inference.names import variable_name, variable_names
from gradus.inference.separation import Independence, Separation, all_independencies, explained, reached
from gradus.text import Text

__all__ = ["DirectedAcyclicGraph", "GraphQuestions", "refuse_cycles"]

MOST_VARIABLES = 12  # of which all independencies are listed: 66 pairs with 1024 sets each


class GraphQuestions:
    """What a directed acyclic graph answers by itself: shared by Bayesian networks and graphs without tables."""

    graph: Any  # of networkx: an edge from each parent to its child

    @functools.cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(self.graph.nodes, ())

    def _ordered(self, found: Iterable[str]) -> tuple[str, ...]:
        among = set(found)
        return tuple(v for v in self._names if v in among)

    def parents(self, variable: str) -> tuple[str, ...]:
        """The variables with an arrow to this one.

        Raises:
            GradusError: there is none of that name.

        Example:
            >>> DirectedAcyclicGraph({"rain": [], "wet": ["rain"]}).parents("wet")
            ('rain',)
        """
        return self._ordered(self.graph.predecessors(variable_name("variable", variable, self._names)))

    def children(self, variable: str) -> tuple[str, ...]:
        """The variables to which this one has an arrow.

        Raises:
            GradusError: there is none of that name.

        Example:
            >>> DirectedAcyclicGraph({"rain": [], "wet": ["rain"]}).children("rain")
            ('wet',)
        """
        return self._ordered(self.graph.successors(variable_name("variable", variable, self._names)))

    def ancestors(self, variables: Any) -> tuple[str, ...]:
        """All from which a directed path leads to one of these variables (a name, or several); they themselves are left out.

        Raises:
            GradusError: there is none of that name.

        Cost: O(variables + edges).

        Example:
            >>> DirectedAcyclicGraph({"a": [], "b": ["a"], "c": ["b"]}).ancestors("c")
            ('a', 'b')
        """
        names = variable_names("variables", variables, self._names, 1)
        return self._ordered(set().union(*(nx.ancestors(self.graph, v) for v in names)) - set(names))

    def descendants(self, variables: Any) -> tuple[str, ...]:
        """All to which a directed path leads from one of these variables (a name, or several); they themselves are left out.

        Raises:
            GradusError: there is none of that name.

        Cost: O(variables + edges).

        Example:
            >>> DirectedAcyclicGraph({"a": [], "b": ["a"], "c": ["b"]}).descendants("a")
            ('b', 'c')
        """
        names = variable_names("variables", variables, self._names, 1)
        return self._ordered(set().union(*(nx.descendants(self.graph, v) for v in names)) - set(names))

    def markov_blanket(self, variable: str) -> tuple[str, ...]:
        r"""Parents, children and the children's other parents: given them, the variable is independent of all others.

        .. math:: P(x_i\mid x_{\setminus i})=P(x_i\mid x_{\mathrm{mb}(i)})

        Raises:
            GradusError: there is none of that name.

        Source: Pearl 1988, §3.3.

        Example:
            >>> DirectedAcyclicGraph({"rain": [], "hose": [], "wet": ["rain", "hose"]}).markov_blanket("rain")
            ('hose', 'wet')
        """
        name = variable_name("variable", variable, self._names)
        return self._ordered(self.moral_graph[name])

    @property
    def topological_order(self) -> tuple[str, ...]:
        """All variables, parents before their children; among those that are free to stand next, the one declared first.

        Example:
            >>> DirectedAcyclicGraph({"wet": ["rain"], "rain": []}).topological_order
            ('rain', 'wet')
        """
        place = {v: i for i, v in enumerate(self._names)}
        return tuple(nx.lexicographical_topological_sort(self.graph, key=place.__getitem__))

    @functools.cached_property
    def moral_graph(self) -> Any:
        """The undirected graph in which, beside the arrows without their heads, all parents of a child are joined.

        Source: Lauritzen and Spiegelhalter 1988.

        Example:
            >>> sorted(DirectedAcyclicGraph({"a": [], "b": [], "c": ["a", "b"]}).moral_graph.edges)
            [('a', 'b'), ('a', 'c'), ('b', 'c')]
        """
        return nx.moral_graph(self.graph)

    def d_separated(self, x: Any, y: Any, given: Any = ()) -> bool:
        """Whether the graph alone makes X and Y independent, given Z: every trail between them is blocked.

        Args:
            x: the name of a variable, or several.
            y: others.
            given: those that are known.

        Raises:
            GradusError: a name that is none, or a variable in two of the three sets.

        Cost: O(variables + edges).

        Source: Geiger, Verma and Pearl 1990.

        Example:
            >>> dag = DirectedAcyclicGraph({"a": [], "b": [], "c": ["a", "b"]})
            >>> dag.d_separated("a", "b"), dag.d_separated("a", "b", given="c")
            (True, False)
        """
        first, second, known = self._three_sets(x, y, given)
        return reached(self.graph, first, known).isdisjoint(second)

    def d_connected(self, x: Any, given: Any = ()) -> tuple[str, ...]:
        """The variables to which an active trail leads from X, given Z: of the others X tells nothing.

        Args:
            x: the name of a variable, or several.
            given: those that are known.

        Raises:
            GradusError: a name that is none, or a variable in both sets.

        Cost: O(variables + edges): each variable is met at most once from a parent and once from a child.

        Source: Geiger, Verma and Pearl 1990; Koller and Friedman 2009, algorithm 3.1.

        Example:
            >>> dag = DirectedAcyclicGraph({"a": [], "b": [], "c": ["a", "b"], "d": ["c"]})
            >>> dag.d_connected("a"), dag.d_connected("a", given="d")
            (('c', 'd'), ('b', 'c'))
        """
        first, _, known = self._three_sets(x, None, given)
        return self._ordered(reached(self.graph, first, known) - set(first))

    def separation(self, x: Any, y: Any, given: Any = ()) -> Separation:
        """Whether X and Y are d-separated given Z, and why: a shortest active trail, or what blocks the trails.

        Args:
            x: the name of a variable, or several.
            y: others.
            given: those that are known.

        Raises:
            GradusError: as `d_separated`.

        Cost: O(variables + edges) if they are connected; if not, the few shortest trails are looked for besides.

        Source: Geiger, Verma and Pearl 1990.

        Example:
            >>> dag = DirectedAcyclicGraph({"a": [], "b": [], "c": ["a", "b"], "d": ["c"]})
            >>> print(dag.separation("a", "b", given="d"))
            not separated given d: a → c ← b (c is opened by d)
            >>> print(dag.separation("a", "d", given="c"))
            separated given c: a → c → d is blocked at c, which is known
        """
        first, second, known = self._three_sets(x, y, given)
        return explained(self.graph, first, second, known)

    def independencies(self, *, minimal: bool = True) -> list[Independence]:
        """All independencies of pairs that the graph implies, for small graphs: X ⟂ Y given Z.

        Sets are separated exactly if all their pairs are, so that with all Z nothing is lost; the minimal ones do not tell which
        larger Z separate, for knowing more may connect.

        Args:
            minimal: only those of which no part of Z would do; otherwise those with every Z.

        Raises:
            GradusError: more than 12 variables, of which there would be too many.

        Cost: n·2ⁿ searches of the graph.

        Source: Pearl 1988, §3.3.

        Example:
            >>> for one in DirectedAcyclicGraph({"a": [], "b": ["a"], "c": ["b"], "d": ["c"]}).independencies():
            ...     print(one)
            a ⟂ c | b
            a ⟂ d | b
            a ⟂ d | c
            b ⟂ d | c
        """
        least = flag("minimal", minimal)
        if len(self._names) > MOST_VARIABLES:
            few = (f"at most {MOST_VARIABLES} variables", f"至多 {MOST_VARIABLES} 个变量")
            mend = ("ask `separation` of those that matter", "请对所关心的变量调用 `separation`")
            raise refusal("graph", few, Text(f"{len(self._names)}", f"{len(self._names)} 个"), mend)
        return all_independencies(self.graph, least)

    def _three_sets(self, x: Any, y: Any, given: Any) -> tuple[list[str], list[str], list[str]]:
        wanted = (
            [("x", x, 1), ("given", given, 0)]
            if y is None
            else [("x", x, 1), ("y", y, 1), ("given", given, 0)]
        )
        sets = {name: variable_names(name, value, self._names, least) for name, value, least in wanted}
        for one, other in (("x", "y"), ("x", "given"), ("y", "given")):
            if both := set(sets.get(one, ())) & set(sets.get(other, ())):
                names = ", ".join(self._ordered(both))
                raise refusal(
                    other, (f"variables that are not in {one}", f"不在 {one} 中的变量"), Text(names, names)
                )
        return sets["x"], sets.get("y", []), sets["given"]


class DirectedAcyclicGraph(GraphQuestions):
    """A directed acyclic graph without tables, for questions to the graph alone.

    Args:
        parents: by variable the names of its parents; or a directed graph of networkx whose nodes are names.

    Raises:
        GradusError: names that are none, a parent that is no variable, or a cycle (named).

    Source: Pearl 1988, chapter 3.

    Example:
        >>> dag = DirectedAcyclicGraph({"genes": [], "smoking": ["genes"], "cancer": ["genes", "smoking"]})
        >>> dag
        DirectedAcyclicGraph(3 variables, 3 arrows)
        >>> dag.d_separated("smoking", "cancer", given="genes")
        False
    """

    def __init__(self, parents: Mapping[str, Any] | nx.DiGraph) -> None:
        if isinstance(parents, nx.DiGraph):
            parents = {v: list(parents.predecessors(v)) for v in parents}
        if not isinstance(parents, Mapping):
            expected = ("the names of the parents by variable, such as {'wet': ['rain'], 'rain': []}",
                        "按变量给出的父变量名，例如 {'wet': ['rain'], 'rain': []}")  # fmt: skip
            raise refusal("parents", expected, parents, kind=True)
        for variable in parents:
            if not isinstance(variable, str) or not variable:
                raise refusal("parents", ("variables named by text", "以文字命名的变量"), variable, kind=True)
        self.graph = nx.DiGraph()
        self.graph.add_nodes_from(parents)
        known = dict.fromkeys(parents, ())
        for variable, named in parents.items():
            several = variable_names(f"parents[{variable!r}]", named, known)
            self.graph.add_edges_from((parent, variable) for parent in several)
        refuse_cycles("parents", self.graph)

    def __repr__(self) -> str:
        nodes, arrows = self.graph.number_of_nodes(), self.graph.number_of_edges()
        return f"DirectedAcyclicGraph({nodes} variables, {arrows} arrows)"


def refuse_cycles(name: str, graph: Any) -> None:
    """Refuses a graph with a directed cycle.

    Raises:
        GradusError: there is one, and which.
    """
    if nx.is_directed_acyclic_graph(graph):
        return
    cycle = nx.find_cycle(graph)
    around = " → ".join([*(edge[0] for edge in cycle), cycle[0][0]])
    raise refusal(name, ("parents without a cycle", "无环的父子关系"), Text(around, around))
