"""The posteriors of the clusters of a tree and of its separators, and of the variables that go last together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradus.inference.cluster_tree import Cluster
from gradus.inference.either_way import multiplied_out
from gradus.inference.evidence import Evidence
from gradus.inference.fits import refuse_joint
from gradus.inference.junction_tree import JunctionTree
from gradus.inference.maximum import modes_of
from gradus.inference.network_tables import Factor

if TYPE_CHECKING:
    from gradus.inference.compiled import CompiledNetwork

__all__ = ["Beliefs", "beliefs", "joint"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Beliefs(NamedTuple):
    """The posteriors of the clusters and separators of a tree.

    Attributes:
        clusters: by cluster of the tree, its joint posterior.
        separators: by edge of the tree, that of the variables which both clusters hold.
        log_evidence: ln of the probability of the evidence, or, of a Markov network, ln Z with it put in.

    Example:
        >>> Beliefs((Factor(("a",), np.array([0.5, 0.5])),), (), 0.0).clusters[0].variables
        ('a',)
    """

    clusters: tuple[Factor, ...]
    separators: tuple[Factor, ...]
    log_evidence: float


def beliefs(
    clusters: Sequence[Cluster], found: Sequence[Array], log: float, tree: JunctionTree | None
) -> Beliefs:
    """The beliefs by name, in the order of the user's own tree where there is one; a separator's is the sum of its lower cluster's."""
    tables = [Factor(c.variables, np.array(x)) for c, x in zip(clusters, found, strict=True)]
    between = {
        i: Factor(c.variables[: c.between], t.table.sum(tuple(range(c.between, c.axes))))
        for i, (c, t) in enumerate(zip(clusters, tables, strict=True))
        if c.parent >= 0
    }
    if tree is None:
        return Beliefs(tuple(tables), tuple(between.values()), log)
    place = {c.node: i for i, c in enumerate(clusters)}
    lower = [place[c] if clusters[place[c]].parent == place[d] else place[d] for c, d in tree.edges]
    return Beliefs(tuple(tables[place[c]] for c in range(len(tables))), tuple(between[i] for i in lower), log)


def joint(compiled: CompiledNetwork, known: Evidence) -> Array:
    """The joint posterior of the variables that were named `last`, an axis a variable in the network's order."""
    network = compiled.network
    refuse_joint([network.size(v) for v in compiled.last], compiled.memory)
    modes = modes_of(compiled.clusters, "keep", compiled.last)
    up, log = compiled._passes.up(known.vectors, False, modes)
    wanted = [v for v in network.states if v in compiled.last]
    axes = [v for v in wanted if v in compiled.places]
    kept = []
    for cluster, mode, product in zip(compiled.clusters, modes, up.products, strict=True):
        if mode == "keep":
            order = sorted(range(len(cluster.variables)), key=lambda k: axes.index(cluster.variables[k]))
            spread = [network.size(v) if v in cluster.variables else 1 for v in axes]
            kept.append(product.transpose(order).reshape(spread))
    table, total = multiplied_out(kept, up.logarithms)
    compiled._refuse_impossible(log + total, known, 0)
    return table.reshape([len(network.states[v]) for v in wanted])
