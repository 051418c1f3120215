"""The graph of a Bayesian network by tests of independence: the PC algorithm, in the form whose joined pairs do not depend on the order of the variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from gradus.arguments import number, whole
from gradus.inference.directed_graph import GraphQuestions
from gradus.inference.structure.cases import complete_cases
from gradus.inference.structure.independence_test import g_test
from gradus.inference.structure.partial_graph import PartiallyDirectedGraph, oriented

__all__ = ["IndependenceFit", "pc"]


class IndependenceFit(NamedTuple):
    """A graph that was found by tests.

    Attributes:
        graph: arrows that the tests settle, and lines.
        separators: by pair that is not joined, in the order of the variables, the variables given which it was found independent.
        tests: how many were made.
        conflicts: pairs of which two collisions asked for opposite arrows (the first was kept): a sign that tests erred or that the
            cases are not those of a graph.

    Example:
        >>> from gradus.inference import DirectedAcyclicGraph
        >>> pc(DirectedAcyclicGraph({"a": [], "b": ["a"], "c": ["b"]})).separators
        {('a', 'c'): ('b',)}
    """

    graph: PartiallyDirectedGraph
    separators: dict[tuple[str, str], tuple[str, ...]]
    tests: int
    conflicts: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"IndependenceFit({self.graph!r}, {self.tests} tests, {len(self.conflicts)} conflicts)"


def pc(
    data: Any,
    *,
    level: float = 0.01,
    max_condition: int | None = None,
    states: Mapping[str, Any] | None = None,
) -> IndependenceFit:
    r"""Leaves out the pairs that are independent given some of their neighbours, and directs what the separators settle.

    Pairs are tested given 0, 1, 2 … neighbours; those that go go together at the end of a round, so that the order of the variables does not
    change which are left (PC-stable); of cases, what the arrows are may depend on it. Unjoined a, b with a common neighbour c outside their
    separator become a → c ← b; Meek's rules do the rest.

    If the distribution is *faithful* to a directed acyclic graph, that is, if exactly the d-separated variables are independent, and the tests
    do not err, the result is its essential graph. No test at a level α > 0 is free of errors, and a distribution may be unfaithful: of two fair coins x, y and
    x XOR y any two are independent, so that nothing is joined.

    Args:
        data: complete cases as for `hill_climbing`; or a `DirectedAcyclicGraph` or `BayesianNetwork`, whose d-separation answers in place of tests.
        level: α: a pair is called independent where the G² test gives p > α.
        max_condition: the most variables that are given; any number if left out.
        states: names of the states by variable, where not all occur.

    Returns:
        The `IndependenceFit`; `fit.graph.directed()` is a graph for `fit_parameters`.

    Raises:
        GradusError: cases with a gap, a level outside of (0, 1).

    Cost: at most n(n−1) Σ_{i≤k} C(n−2, i) tests for n variables, k the most that are given; each counts all cases once.

    Source: Spirtes and Glymour 1991; Colombo and Maathuis 2014 (stable); Meek 1995.

    Example:
        >>> from gradus.inference import DirectedAcyclicGraph
        >>> pc(DirectedAcyclicGraph({"rain": [], "sprinkler": [], "wet": ["rain", "sprinkler"]})).graph.arrows
        (('rain', 'wet'), ('sprinkler', 'wet'))
    """
    level = number("level", level, above=0, below=1)
    names, independent = _oracle(data, level, states)
    deepest = len(names) if max_condition is None else whole("max_condition", max_condition, least=0)
    near = {i: set(range(len(names))) - {i} for i in range(len(names))}
    separators: dict[tuple[int, int], tuple[int, ...]] = {}
    tests = 0
    for depth in range(deepest + 1):
        if all(len(near[i]) - 1 < depth for i in near):
            break
        before = {i: sorted(near[i]) for i in near}
        for a, b in combinations(near, 2):
            if b not in near[a]:
                continue
            tried: set[tuple[int, ...]] = set()
            for one, other in ((a, b), (b, a)):
                for given in combinations([v for v in before[one] if v != other], depth):
                    if (a, b) in separators or given in tried:
                        continue
                    tried.add(given)
                    tests += 1
                    if independent(a, b, given):
                        separators[a, b] = given
            if (a, b) in separators:
                near[a].discard(b)
                near[b].discard(a)
    joined = {frozenset((names[a], names[b])) for a in near for b in near[a]}
    collisions = [
        (names[a], names[c], names[b])
        for (a, b), given in sorted(separators.items())
        for c in sorted(near[a] & near[b])
        if c not in given
    ]
    asked = {pair for a, c, b in collisions for pair in ((a, c), (b, c))}
    conflicts = tuple(sorted((a, b) for a, b in asked if (b, a) in asked and a < b))
    by_name = {
        (names[a], names[b]): tuple(names[v] for v in given) for (a, b), given in sorted(separators.items())
    }
    return IndependenceFit(oriented(names, joined, collisions), by_name, tests, conflicts)


def _oracle(
    data: Any, level: float, states: Mapping[str, Any] | None
) -> tuple[list[str], Callable[[int, int, Sequence[int]], bool]]:
    """The variables, and what says whether two are independent given others."""
    if isinstance(data, GraphQuestions):
        names = list(data.graph.nodes)
        return names, lambda a, b, given: data.d_separated(names[a], names[b], [names[v] for v in given])
    cases = complete_cases(data, states)
    return cases.names, lambda a, b, given: g_test(cases, a, b, given).p > level
