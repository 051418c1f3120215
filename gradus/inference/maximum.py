"""The most probable states of all variables or of some, what they are worth, and which of them are not the only ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.inference.cluster_tree import Cluster
from gradus.inference.evidence import Evidence
from gradus.inference.passes import logarithm
from gradus.inference.posterior import Explanation
from gradus.inference.traceback import best_states

if TYPE_CHECKING:
    from gradus.inference.compiled import CompiledNetwork

__all__ = ["max_marginals", "maximized", "modes_of"]

Array = np.ndarray[Any, np.dtype[np.float64]]
ROUNDING = 8 * float(
    np.finfo(np.float64).eps
)  # of one product or quotient, up and down, both of two that are compared


def modes_of(clusters: Sequence[Cluster], mode: str, wanted: frozenset[str]) -> list[str]:
    """By cluster, the mode if it sums out variables that are wanted, else "sum"; one without any goes with its parent."""
    modes = ["sum"] * len(clusters)
    for i in range(len(modes) - 1, -1, -1):
        cluster = clusters[i]
        if cluster.residual:
            modes[i] = mode if set(cluster.residual) <= wanted else "sum"
        else:
            modes[i] = modes[cluster.parent] if cluster.parent >= 0 else mode
    return modes


def maximized(compiled: CompiledNetwork, known: Evidence) -> Explanation:
    """The most probable states of the variables that were named `last`, or of all."""
    names, wanted, sets = compiled.network.states, _wanted(compiled), known.batch or 1
    rank = {v: i for i, v in enumerate(names)}
    modes = modes_of(compiled.clusters, "max", wanted)
    places = {v: np.zeros(sets, dtype=int) for v in names if v in wanted}
    logs = np.empty(sets)
    tied: list[list[str]] = [[] for _ in range(sets)]
    for part, vectors in compiled._chunks(known):
        up, log = compiled._passes.up(vectors, known.batch is not None, modes)
        compiled._refuse_impossible(log, known, part.start)
        logs[part] = log
        for v, chosen in best_states(compiled.clusters, up, modes, part.stop - part.start).items():
            places[v][part] = chosen
        # a product of so many numbers; in logarithms a sum, whose error grows with their size
        several = len(compiled.network.factors) + len(compiled.clusters) + len(names)
        least = 1 - ROUNDING * several * np.maximum(1.0, np.abs(logs[part]))
        best = compiled._passes.max_marginals(up, modes)
        if known.batch is None:
            least = least[0]
            tied[0] = [v for v in places if v in best and np.count_nonzero(best[v] >= least) > 1]
            continue
        for v, x in best.items():
            alike = np.add.reduce(x >= least, 0) > 1  # one number where no evidence came near
            for k in np.flatnonzero(np.broadcast_to(alike, least.shape)) if alike.any() else ():
                tied[part.start + int(k)].append(v)
    found = [{v: names[v][int(x[k])] for v, x in places.items()} for k in range(sets)]
    if known.batch is not None:
        return Explanation(found, logs, [tuple(sorted(t, key=rank.__getitem__)) for t in tied])
    return Explanation(found[0], float(logs[0]), tuple(tied[0]))


def max_marginals(compiled: CompiledNetwork, known: Evidence) -> dict[str, Array]:
    """By variable that was named `last`, or of all, the logarithm of the best that each state leaves."""
    names, wanted, sets = compiled.network.states, _wanted(compiled), known.batch or 1
    modes = modes_of(compiled.clusters, "max", wanted)
    tables = {v: np.zeros((sets, len(names[v]))) for v in names if v in wanted}
    for part, vectors in compiled._chunks(known):
        up, log = compiled._passes.up(vectors, known.batch is not None, modes)
        compiled._refuse_impossible(log, known, part.start)
        best = compiled._passes.max_marginals(up, modes)
        log = np.broadcast_to(log, part.stop - part.start)
        for v, table in tables.items():
            beside = logarithm(best[v]).reshape(len(names[v]), -1).T if v in best else 0.0
            table[part] = log[:, None] + beside
    return tables if known.batch is not None else {v: table[0] for v, table in tables.items()}


def _wanted(compiled: CompiledNetwork) -> frozenset[str]:
    return compiled.last or frozenset(compiled.network.states)
