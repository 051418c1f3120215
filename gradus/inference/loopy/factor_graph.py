"""A network as a factor graph, laid out so that all factors of one shape are one array."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gradus.inference.network import Network
from gradus.inference.passes import logarithm

__all__ = ["BLOCKS", "FactorGraph", "Group"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.intp]]
BLOCKS = 8  # of factors, at most, that go one after another


class Group(NamedTuple):
    """Factors of one shape, whose messages are computed at once.

    Attributes:
        sizes: of the axes, ascending.
        factors: places of the factors in the graph.
        logs: logarithms of their tables, (axes …, 1, factors).
        rows: by axis, the row of each factor's variable among those of its size.
        edges: by axis, where its messages stand among those of its size.
    """

    sizes: tuple[int, ...]
    factors: tuple[int, ...]
    logs: Array
    rows: tuple[Places, ...]
    edges: tuple[slice, ...]


class Adder:
    """Adds messages up by the variable that they go to, along the last axis.

    Attributes:
        edges: how many messages there are.
    """

    def __init__(self, receivers: list[int], variables: int) -> None:
        self.edges, self.variables = len(receivers), variables
        self.order = np.argsort(receivers, kind="stable").astype(np.intp)
        counts = np.bincount(np.asarray(receivers, dtype=np.intp), minlength=variables)
        self.some = np.flatnonzero(counts)
        self.starts = (np.cumsum(counts) - counts)[self.some]

    def __call__(self, x: Array) -> Array:
        """The sums, (…, variables)."""
        if not self.edges:
            return np.zeros((*x.shape[:-1], self.variables))
        sums: Array = np.add.reduceat(x.take(self.order, -1), self.starts, -1)
        if len(self.some) == self.variables:
            return sums
        whole = np.zeros((*x.shape[:-1], self.variables))
        whole[..., self.some] = sums
        return whole


class FactorGraph:
    """Variables sorted by how many states they have, factors by shape.

    A table whose variables are all among those of another is multiplied into it; tables of one variable are kept apart, for they
    send the same message always.

    Attributes:
        network: the network.
        members: by number of states, the variables of that size.
        place: by variable, its number of states and its row among those.
        unary: by number of states, the logarithm of what the tables of one variable come to, (states, 1, variables).
        constant: the logarithm of the tables without a variable.
        scopes: of the factors that are left, their variables.
        home: by factor of the network, the factor of the graph that it went into; −1 for one of a single variable or none.
        blocks: the groups of factors, block by block; within a block, as far as `BLOCKS` allow, no two factors share a variable.
        adders: by number of states, what adds messages up by variable.
        zeros: whether a table holds a 0.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.members: dict[int, list[str]] = {}
        self.place: dict[str, tuple[int, int]] = {}
        for v, names in network.states.items():
            rows = self.members.setdefault(len(names), [])
            self.place[v] = (len(names), len(rows))
            rows.append(v)
        self.unary = {n: np.zeros((n, 1, len(vs))) for n, vs in self.members.items()}
        self.constant = 0.0
        logs = self._gathered()
        self.zeros = any(bool(np.isneginf(x).any()) for x in (*logs, *self.unary.values()))
        self.blocks: list[list[Group]] = []
        self.adders: dict[int, Adder] = {}
        self._laid_out(logs)

    def _gathered(self) -> list[Array]:
        """The logarithms of the factors that are left, their axes by size; what they hold of others added."""
        factors = self.network.factors
        order = sorted(range(len(factors)), key=lambda f: -len(factors[f].variables))
        self.scopes: list[tuple[str, ...]] = []
        self.home = [-1] * len(factors)
        logs: list[Array] = []
        holders: dict[str, list[int]] = {v: [] for v in self.network.states}
        for f in order:
            variables, table = factors[f]
            log = np.asarray(logarithm(table))
            if not variables:
                self.constant += float(log)
                continue
            if len(variables) == 1:
                n, row = self.place[variables[0]]
                self.unary[n][:, 0, row] += log
                continue
            rarest = min(variables, key=lambda v: len(holders[v]))
            wanted = set(variables)
            a = next((a for a in holders[rarest] if wanted <= set(self.scopes[a])), -1)
            if a < 0:
                a = len(self.scopes)
                axes = sorted(range(len(variables)), key=lambda k: self.place[variables[k]][0])
                self.scopes.append(tuple(variables[k] for k in axes))
                logs.append(np.ascontiguousarray(log.transpose(axes)))
                for v in variables:
                    holders[v].append(a)
            else:
                logs[a] = logs[a] + spread(log, variables, self.scopes[a])
            self.home[f] = a
        return logs

    def _laid_out(self, logs: list[Array]) -> None:
        receivers: dict[int, list[int]] = {n: [] for n in self.members}
        for block in self._coloured():
            shapes: dict[tuple[int, ...], list[int]] = {}
            for a in block:
                shapes.setdefault(logs[a].shape, []).append(a)
            groups = []
            for sizes, factors in shapes.items():
                rows, edges = [], []
                for axis, n in enumerate(sizes):
                    places = [self.place[self.scopes[a][axis]][1] for a in factors]
                    edges.append(slice(len(receivers[n]), len(receivers[n]) + len(places)))
                    receivers[n] += places
                    rows.append(np.array(places, dtype=np.intp))
                table = np.stack([logs[a] for a in factors], -1)[..., None, :]
                groups.append(Group(sizes, tuple(factors), table, tuple(rows), tuple(edges)))
            self.blocks.append(groups)
        self.adders = {n: Adder(places, len(self.members[n])) for n, places in receivers.items()}

    def _coloured(self) -> list[list[int]]:
        """The factors in a few blocks, greedily: each into the first block that holds none of its variables."""
        blocks: list[list[int]] = [[] for _ in range(BLOCKS)]
        held: list[set[str]] = [set() for _ in range(BLOCKS)]
        for a, scope in enumerate(self.scopes):
            free = next((b for b in range(BLOCKS) if not held[b].intersection(scope)), a % BLOCKS)
            blocks[free].append(a)
            held[free].update(scope)
        return [block for block in blocks if block]

    @property
    def groups(self) -> Iterator[Group]:
        """All groups of all blocks."""
        return (group for block in self.blocks for group in block)

    def likelihoods(self, vectors: Mapping[str, Array]) -> dict[int, Array]:
        """`unary` with the logarithms of likelihoods added: (states, sets, variables); a vector has its states first."""
        made = dict(self.unary)
        sets = {x.shape[1] for x in vectors.values() if x.ndim == 2}
        for n in {self.place[v][0] for v in vectors} | (set(made) if sets else set()):
            made[n] = np.repeat(self.unary[n], max(sets, default=1), axis=1)
        for v, vector in vectors.items():
            n, row = self.place[v]
            made[n][..., row] += logarithm(vector.reshape(n, -1))
        return made

    def is_forest(self, known: Collection[str]) -> bool:
        """Whether the graph has no cycle once the variables that are known, or have one state, are taken out."""
        free = {v: k for k, v in enumerate(v for v, (n, _) in self.place.items() if n > 1 and v not in known)}
        ends = [(free[v], len(free) + a) for a, scope in enumerate(self.scopes) for v in scope if v in free]
        nodes = len(free) + len(self.scopes)
        i, j = np.array(ends, dtype=np.intp).reshape(-1, 2).T
        parts = connected_components(csr_array((np.ones(len(ends)), (i, j)), shape=(nodes, nodes)), False)[0]
        return bool(len(ends) == nodes - parts)


def spread(table: Array, variables: tuple[str, ...], scope: tuple[str, ...]) -> Array:
    """A table over some of the variables of a scope, with an axis of size 1 for each of the others."""
    axes = [v for v in scope if v in variables]
    sizes = dict(zip(variables, table.shape, strict=True))
    turned = table.transpose([variables.index(v) for v in axes])
    return turned.reshape([sizes.get(v, 1) for v in scope])
