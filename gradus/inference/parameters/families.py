"""How often each variable has each state with each state of its parents: counted, or expected where values are missing."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradus.inference.compiled import CompiledNetwork
from gradus.inference.evidence import Evidence
from gradus.inference.network import Network
from gradus.inference.network_tables import Factor
from gradus.inference.passes import logarithm

__all__ = ["ExpectedCounts", "Families", "counted"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]


class Families:
    """Each variable with its parents: the columns in which they stand, and the shape of the table.

    Attributes:
        states: the names of the states by variable.
        parents: by variable.
        columns: by variable, places of the parents and, last, its own.
        shapes: by variable, of its table.
    """

    def __init__(self, states: Mapping[str, tuple[str, ...]], parents: Mapping[str, Sequence[str]]) -> None:
        self.states = dict(states)
        self.parents = {v: tuple(parents.get(v, ())) for v in states}
        place = {v: i for i, v in enumerate(states)}
        self.columns = {v: [place[u] for u in (*self.parents[v], v)] for v in states}
        self.shapes = {v: tuple(len(states[u]) for u in (*self.parents[v], v)) for v in states}


def counted(families: Families, codes: Whole, weights: Array) -> dict[str, Array]:
    """By variable the sums of the weights of the cases that know it and its parents; others are left out."""
    found = {}
    for v, columns in families.columns.items():
        shape = families.shapes[v]
        of_family = codes[:, columns]
        whole = (of_family >= 0).all(1)
        place = np.ravel_multi_index(tuple(of_family[whole].T), shape)
        found[v] = np.bincount(place, weights[whole], int(np.prod(shape))).astype(float).reshape(shape)
    return found


class ExpectedCounts:
    """The expectation step: counts of the whole cases, which stay, and expected counts of the others under the tables at hand.

    The tree of clusters is planned once. Cases that know the same of the same variables are one, with a weight; all of them
    are one batch of evidence, whatever they know. A family lies within one cluster, whose weighted beliefs are summed up.
    """

    def __init__(self, families: Families, codes: Whole, network: Network, memory: float) -> None:
        self.families = families
        whole = (codes >= 0).all(1)
        self.whole = codes[whole]
        self.excluded: Whole | None = None  # a case that the tables of the last call exclude
        self.counts = counted(families, self.whole, np.ones(len(self.whole)))
        few = codes[~whole].astype(np.int16 if codes.max(initial=0) < 2**15 else np.int64)
        self.rows, multiplicity = np.unique(few, axis=0, return_counts=True)
        self.weights = multiplicity.astype(float)
        self.missing = bool(len(self.rows))
        if not self.missing:
            return
        self.compiled = CompiledNetwork(network, memory=memory)
        vectors = {}
        for i, (v, names) in enumerate(families.states.items()):
            place = self.rows[:, i]
            if len(names) > 1 and (place >= 0).any():
                vectors[v] = ((place == np.arange(len(names))[:, None]) | (place < 0)).astype(float)
        self.known = Evidence(vectors, len(self.rows), [], ())
        home = {v: i for i, c in enumerate(self.compiled.clusters) for v in c.residual}
        self.homes: dict[int, list[tuple[str, list[int], list[int]]]] = {}
        for v in families.states:
            family = [u for u in (*families.parents[v], v) if u in home]
            if not family:
                continue
            at = min(home[u] for u in family)
            axes = [self.compiled.clusters[at].variables.index(u) for u in family]
            away = [a for a in range(self.compiled.clusters[at].axes) if a not in axes]
            kept = sorted(axes)
            self.homes.setdefault(at, []).append((v, away, [kept.index(a) for a in axes]))

    def __call__(self, tables: Mapping[str, Array]) -> tuple[dict[str, Array], float]:
        """The counts by variable, and the logarithm of the likelihood of all cases; −∞ where one is impossible."""
        log = 0.0
        for v, count in self.counts.items():
            seen = count > 0
            log += float(count[seen] @ logarithm(tables[v][seen]))
            if log == -np.inf:
                places = tuple(self.whole[:, c] for c in self.families.columns[v])
                self.excluded = self.whole[int(np.argmin(tables[v][places]))]
                return self.counts, log
        if not self.missing:
            return self.counts, log
        families = self.families
        factors = [Factor((*families.parents[v], v), t) for v, t in tables.items()]
        compiled = copy.copy(self.compiled)
        compiled.network = Network(families.states, factors)
        compiled._passes = type(self.compiled._passes)(compiled.network, compiled.clusters)
        total = {v: count.copy() for v, count in self.counts.items()}
        modes = ["sum"] * len(compiled.clusters)
        for v in families.states:
            if all(len(families.states[u]) == 1 for u in (*families.parents[v], v)):
                total[v] += self.weights.sum()  # a family of certainties stands in no cluster
        for part, vectors in compiled._chunks(self.known):
            up, logs = compiled._passes.up(vectors, True, modes)
            w = self.weights[part]
            logs = np.broadcast_to(logs, w.shape)
            if (logs == -np.inf).any():
                self.excluded = self.rows[part.start + int(np.argmin(logs))]
                return total, -np.inf
            log += float(logs @ w)
            beliefs = compiled._passes.down(up)
            for at, inside in self.homes.items():
                belief = beliefs[at]
                summed = belief @ w if belief.shape[-1] == len(w) else belief[..., 0] * w.sum()
                for v, away, order in inside:
                    total[v] += summed.sum(tuple(away)).transpose(order).reshape(families.shapes[v])
        return total, log
