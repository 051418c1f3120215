"""The tree that cases speak for most: Chow and Liu's maximum spanning tree of mutual informations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np

from gradus.inference.directed_graph import DirectedAcyclicGraph
from gradus.inference.names import variable_name
from gradus.inference.structure.cases import complete_cases
from gradus.inference.structure.hill_climbing import StructureFit
from gradus.inference.structure.local_scores import LocalScores

__all__ = ["chow_liu"]


def chow_liu(
    data: Any,
    *,
    root: str | None = None,
    states: Mapping[str, Any] | None = None,
) -> StructureFit:
    r"""The tree of highest likelihood: no other in which each variable has at most one parent, whatever its root, gives the cases a higher one.

    .. math:: \max_{\text{trees}}\sum_{i}\ln\hat P(x_i\mid x_{\mathrm{pa}(i)})
        =\max_{\text{spanning trees}}\;n\sum_{(a,b)}\hat I(x_a;x_b)-n\sum_i\hat H(x_i)

    Args:
        data: complete cases, see `hill_climbing`.
        root: the variable without a parent; the first if left out. It does not change the likelihood.
        states: names of the states by variable, where not all occur.

    Returns:
        A `StructureFit` whose score is the log-likelihood; every variable but the root has one parent.

    Raises:
        GradusError: cases with a gap, a root that is no variable.

    Cost: counts of the cases for each pair.

    Source: Chow and Liu 1968.

    Example:
        >>> fit = chow_liu({"a": list("xxyy") * 9, "b": list("uuvv") * 9, "c": list("stst") * 9})
        >>> sum(len(fit.graph.parents(v)) for v in "abc")
        2
    """
    cases = complete_cases(data, states)
    names, scores = cases.names, LocalScores(cases, "log-likelihood", 1.0)
    first = names[0] if root is None else variable_name("root", root, cases.states)
    n = len(names)
    joined = nx.Graph()
    joined.add_nodes_from(range(n))
    for b in range(1, n):
        gains = scores.with_each(b, frozenset(), np.arange(b)) - scores.of(b, frozenset())
        joined.add_weighted_edges_from((a, b, float(gains[a])) for a in range(b))
    tree = nx.maximum_spanning_tree(joined)
    parents: dict[str, list[str]] = {v: [] for v in names}
    changes = []
    history = [sum(scores.of(i, frozenset()) for i in range(n))]
    for a, b in nx.bfs_edges(tree, names.index(first)):
        parents[names[b]] = [names[a]]
        changes.append(("add", names[a], names[b]))
        history.append(history[-1] + joined[a][b]["weight"])
    found = {v: scores.of(i, frozenset(names.index(p) for p in parents[v])) for i, v in enumerate(names)}
    return StructureFit(
        DirectedAcyclicGraph(parents), sum(found.values()), found, tuple(history), tuple(changes)
    )
