"""The conditional distribution of each variable of a network given all others, for many states at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradus.inference.network import Network

__all__ = ["GibbsPlan"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]


class GibbsPlan:
    """The tables in which each variable occurs, in logarithms, with the variable's own axis last.

    Attributes:
        variables: names, in the order of the columns of states.
        free: the columns that are drawn: those without evidence.
        sizes: numbers of states, by column.
    """

    def __init__(self, network: Network, known: Mapping[str, int]) -> None:
        self.variables = list(network.variables)
        self.sizes = [network.size(v) for v in self.variables]
        column = {v: i for i, v in enumerate(self.variables)}
        self.known = {column[v]: place for v, place in known.items()}
        self.free = [i for i in range(len(self.variables)) if i not in self.known]
        self.factors = []
        for variables, table in network.factors:
            with np.errstate(divide="ignore"):
                log = np.log(np.asarray(table, float))
            columns = [column[v] for v in variables]
            self.factors.append((columns, _strides(log.shape), log.ravel()))
        self.tables: dict[int, list[tuple[list[int], Whole, Array]]] = {i: [] for i in self.free}
        for (columns, _, log), (_, table) in zip(self.factors, network.factors, strict=True):
            shaped = log.reshape(table.shape)
            for axis, i in enumerate(columns):
                if i in self.tables:
                    others = columns[:axis] + columns[axis + 1 :]
                    moved = np.moveaxis(shaped, axis, -1)
                    rows = np.ascontiguousarray(moved).reshape(-1, self.sizes[i])
                    self.tables[i].append((others, _strides(moved.shape[:-1]), rows))

    def log_joint(self, states: Whole) -> Array:
        """Ln of the product of all factors at states (…, variables)."""
        total = np.zeros(states.shape[:-1])
        for columns, strides, log in self.factors:
            total = total + log[states[..., columns] @ strides]
        return total

    def conditional(self, states: Whole, i: int) -> Array:
        """The law of one variable given all others, at states (n, variables): (n, its states).

        Where no state of it is possible the one that it has keeps all mass.
        """
        log = np.zeros((len(states), self.sizes[i]))
        for others, strides, rows in self.tables[i]:
            log += rows[states[:, others] @ strides]
        most = log.max(1, keepdims=True)
        impossible = most[:, 0] == -np.inf
        most[impossible] = 0
        law = np.exp(log - most)
        law[impossible, states[impossible, i]] = 1
        return np.asarray(law / law.sum(1, keepdims=True))

    def drawn(self, law: Array, u: Array) -> Whole:
        """A state for each row of a distribution: the first at which the distribution's sum exceeds u."""
        above = np.cumsum(law, 1)
        return np.asarray((above <= (u * above[:, -1])[:, None]).sum(1))


def _strides(shape: tuple[int, ...]) -> Whole:
    """By how much the place in the raveled array grows along each axis."""
    return np.cumprod([1, *shape[:0:-1]], dtype=np.int64)[::-1].copy() if shape else np.zeros(0, np.int64)
