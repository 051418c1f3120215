"""How far a graph that was learned is from another."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

from gradus.arguments import refusal
from gradus.inference.structure.graphs import directed_graph
from gradus.inference.structure.partial_graph import PartiallyDirectedGraph, essential_graph
from gradus.text import Text

__all__ = ["StructureComparison", "compare_structures"]


class StructureComparison(NamedTuple):
    """A graph beside another.

    Attributes:
        precision: share of the joined pairs that the other one joins; with none joined 1 if the other joins none, else 0.
        recall: share of the other's pairs that were found; with none there 1 if none were found, else 0.
        f1: 2 precision recall/(precision + recall); 1 where neither joins any.
        hamming: pairs that differ between the two essential graphs: absent in one, a line in one, or turned (SHD).

    Example:
        >>> compare_structures({"a": ["b"], "b": []}, {"a": [], "b": ["a"]}).hamming
        0
    """

    precision: float
    recall: float
    f1: float
    hamming: int


def compare_structures(found: Any, true: Any) -> StructureComparison:
    r"""Skeleton and essential graph of one graph beside those of another over the same variables.

    .. math:: F_1=\frac{2\,|S\cap T|}{|S|+|T|}

    with S, T the joined pairs. Cases alone cannot tell Markov-equivalent graphs apart, so arrows are compared in essential graphs.

    Args:
        found: a `DirectedAcyclicGraph`, `BayesianNetwork`, `PartiallyDirectedGraph`, or the parents by variable.
        true: likewise.

    Raises:
        GradusError: no graph, or other variables.

    Source: Tsamardinos, Brown and Aliferis 2006 (structural Hamming distance).

    Example:
        >>> compare_structures({"a": ["b"], "b": [], "c": []}, {"a": [], "b": ["a"], "c": ["b"]})
        StructureComparison(precision=1.0, recall=0.5, f1=0.6666666666666666, hamming=1)
    """
    one, other = _essential("found", found), _essential("true", true)
    if set(one.variables) != set(other.variables):
        apart = sorted(set(one.variables) ^ set(other.variables))[0]
        raise refusal(
            "found",
            ("a graph over the variables of the other", "与另一图变量相同的图"),
            Text(f"{apart} in one alone", f"{apart} 只在其一"),
        )
    both = len(one.skeleton & other.skeleton)
    precision = both / len(one.skeleton) if one.skeleton else float(not other.skeleton)
    recall = both / len(other.skeleton) if other.skeleton else float(not one.skeleton)
    joint = len(one.skeleton) + len(other.skeleton)
    apart_pairs = sum(_between(one, a, b) != _between(other, a, b) for a, b in combinations(one.variables, 2))
    return StructureComparison(precision, recall, 2 * both / joint if joint else 1.0, apart_pairs)


def _essential(name: str, given: Any) -> PartiallyDirectedGraph:
    return (
        given if isinstance(given, PartiallyDirectedGraph) else essential_graph(directed_graph(name, given))
    )


def _between(graph: PartiallyDirectedGraph, a: str, b: str) -> int:
    """0 where the two are not joined, 1 and 2 for the arrows, 3 for a line."""
    if (a, b) in graph.arrows:
        return 1
    if (b, a) in graph.arrows:
        return 2
    return 3 if frozenset((a, b)) in graph.skeleton else 0
