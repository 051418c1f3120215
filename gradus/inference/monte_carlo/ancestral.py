"""Ancestral draws of a Bayesian network: parents before children, all draws of one variable at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    from gradus.inference.bayesian_network import BayesianNetwork

__all__ = ["accepted", "weighted"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]


class Rows:
    """The rows of one variable's table, each times a likelihood of its states, as cumulative distributions.

    Attributes:
        columns: the places of the parents.
        strides: by how much the number of the row grows with each parent's state.
        cumulative: (rows, 2^m) with 2^m no less than the states: from the last state that is possible on it is 1.
        logs: ln of each row's sum; −∞ where no state is possible.
    """

    def __init__(self, table: Any, columns: list[int], likelihood: Array | None) -> None:
        p = np.asarray(table, float)
        self.states = p.shape[-1]
        shape = p.shape[:-1]
        self.columns = columns
        self.strides = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
        rows = p.reshape(-1, self.states)
        if likelihood is not None:
            rows = rows * likelihood
        sums = np.cumsum(rows, 1)
        total = sums[:, -1:]
        with np.errstate(divide="ignore"):
            self.logs = np.log(total[:, 0])
        sums = sums / np.where(total > 0, total, 1.0)
        self.cumulative = np.ones((len(rows), 1 << (self.states - 1).bit_length()))
        self.cumulative[:, : self.states] = np.where(total > 0, sums, 1.0)

    def row(self, codes: Whole) -> Any:
        """The number of the row that each draw's parents choose; 0 without parents."""
        found: Any = 0
        for column, stride in zip(self.columns, self.strides, strict=True):
            found = found + (codes[column] if stride == 1 else codes[column] * stride)
        return found

    def drawn(self, row: Any, u: Array) -> Whole:
        """By halving: the first state whose cumulative probability exceeds u; a state of probability 0 never is."""
        width = self.cumulative.shape[1]
        if isinstance(row, int):
            return np.searchsorted(self.cumulative[0, : self.states - 1], u, side="right").astype(np.int64)
        flat, start = self.cumulative.ravel(), row * width
        found = np.zeros(u.shape, np.int64)
        step = width // 2
        while step:
            above = u >= flat.take(start + found + (step - 1))
            found += above * step
            step //= 2
        return found


def _order(network: BayesianNetwork) -> Iterator[tuple[int, str, list[int]]]:
    column = {v: i for i, v in enumerate(network.variables)}
    for v in nx.topological_sort(network.graph):
        yield column[v], v, [column[p] for p in network.tables[v].parents]


def weighted(
    network: BayesianNetwork, count: int, uniforms: Callable[[int], Array], likelihoods: Mapping[str, Array]
) -> tuple[Whole, Array]:
    """Draws (variables, count), and the logarithms of their weights: the sums of the rows from which they were drawn.

    Of a variable, by its place, `uniforms` gives a number in [0, 1) a draw.
    """
    codes = np.zeros((len(network.variables), count), np.int64)
    logs = np.zeros(count)
    for i, v, columns in _order(network):
        rows = Rows(network.tables[v].probabilities, columns, likelihoods.get(v))
        row = rows.row(codes)
        codes[i] = rows.drawn(row, uniforms(i))
        if v in likelihoods:
            logs += rows.logs[row]
    return codes, logs


def accepted(
    network: BayesianNetwork, count: int, rng: np.random.Generator, likelihoods: Mapping[str, Array]
) -> Whole:
    """Of so many draws without evidence those that are accepted: each likelihood beside its largest is the chance to stay."""
    codes = np.zeros((len(network.variables), count), np.int64)
    for i, v, columns in _order(network):
        rows = Rows(network.tables[v].probabilities, columns, None)
        codes[i] = rows.drawn(rows.row(codes), rng.random(codes.shape[1]))
        if v in likelihoods:
            chance = likelihoods[v] / (likelihoods[v].max() or 1.0)
            codes = codes[:, rng.random(codes.shape[1]) < chance[codes[i]]]
    return codes
