"""Messages between variables and factors, in logarithms, many factors at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradus.inference.loopy.factor_graph import FactorGraph, Group

__all__ = ["Messages", "log_sum"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Messages:
    """The messages from factors to variables, and what they come to; edges and variables are the last axis, along which loops run.

    Attributes:
        graph: the factor graph.
        unary: by number of states, logarithms of what each variable's own tables and likelihoods say, (states, sets, variables).
        sets: of findings, side by side.
        sent: by number of states, the logarithms of the messages, (states, sets, edges), the largest of each 0.
        maxima: whether maxima are taken in place of sums.
    """

    def __init__(self, graph: FactorGraph, unary: Mapping[int, Array], maxima: bool) -> None:
        self.graph, self.unary, self.maxima = graph, dict(unary), maxima
        self.sets = max((x.shape[1] for x in unary.values()), default=1)
        self.sent = {n: np.zeros((n, self.sets, adder.edges)) for n, adder in graph.adders.items()}
        # −∞ cannot be taken away from −∞: where there may be any they are counted
        self.zeros = graph.zeros or any(bool(np.isneginf(x).any()) for x in unary.values())
        self.totals: dict[int, Array] = {}
        self.excluded: dict[int, Array] = {}
        for n in self.sent:
            self._add_up(n)

    def _add_up(self, n: int) -> None:
        sent, own, over = self.sent[n], self.unary[n], self.graph.adders[n]
        if self.zeros:
            none = np.isneginf(sent)
            sent, own = np.where(none, 0.0, sent), np.where(np.isneginf(own), 0.0, own)
            self.excluded[n] = over(none.astype(float)) + np.isneginf(self.unary[n])
        self.totals[n] = own + over(sent)

    def beliefs(self, n: int) -> Array:
        """The logarithms of the beliefs of the variables with n states, (states, sets, variables), up to a constant each."""
        total = self.totals[n]
        return np.where(self.excluded[n] > 0, -np.inf, total) if self.zeros else total

    def incoming(self, group: Group, axis: int) -> Array:
        """The logarithms of the messages to a group's factors from the variables of one axis, (states, sets, factors)."""
        n, rows, edges = group.sizes[axis], group.rows[axis], group.edges[axis]
        own, rest = self.sent[n][..., edges], self.totals[n].take(rows, 2)
        if not self.zeros:
            rest -= own
            return rest
        none = np.isneginf(own)
        rest -= np.where(none, 0.0, own)
        rest[self.excluded[n].take(rows, 2) > none] = -np.inf
        return rest

    def products(self, group: Group) -> Array:
        """The logarithms of a group's tables times all messages to them."""
        return self._product(group, self._coming(group))

    def _coming(self, group: Group) -> list[Array]:
        """By axis, the messages to a group's factors, spread over the axes of its tables."""
        coming = []
        for axis, n in enumerate(group.sizes):
            message = self.incoming(group, axis)
            shape = [1] * len(group.sizes)
            shape[axis] = n
            coming.append(message.reshape(*shape, *message.shape[1:]))
        return coming

    def _product(self, group: Group, coming: list[Array], leave: int = -1) -> Array:
        product = group.logs
        for axis, message in enumerate(coming):
            if axis != leave:
                product = product + message
        return product

    def computed(self, group: Group) -> list[Array]:
        """By axis, the logarithms of a group's messages, the largest of each 0."""
        coming, messages = self._coming(group), []
        for axis in range(len(group.sizes)):
            over = tuple(k for k in range(len(group.sizes)) if k != axis)
            product = self._product(group, coming, axis)
            message: Array = np.maximum.reduce(product, over) if self.maxima else log_sum(product, over)
            largest = np.maximum.reduce(message, 0)
            message -= np.where(np.isneginf(largest), 0.0, largest) if self.zeros else largest
            messages.append(message)
        return messages

    def sweep(self, damping: float, sequential: bool) -> Array:
        """All messages once; by set, the largest change of a message's logarithm before damping."""
        change = np.zeros(self.sets)
        fresh: list[tuple[Group, int, Array]] = []
        for block in self.graph.blocks:
            fresh += [(g, axis, m) for g in block for axis, m in enumerate(self.computed(g))]
            if sequential:
                change = np.maximum(change, self._send(fresh, damping))
                fresh = []
        return change if sequential else np.maximum(change, self._send(fresh, damping))

    def _send(self, fresh: list[tuple[Group, int, Array]], damping: float) -> Array:
        change = np.zeros(self.sets)
        for group, axis, message in fresh:
            n, edges = group.sizes[axis], group.edges[axis]
            before = self.sent[n][..., edges]
            with np.errstate(invalid="ignore"):
                moved = np.abs(message - before)
            if self.zeros:
                moved[np.isnan(moved)] = 0.0  # −∞ as before
            change = np.maximum(change, moved.max((0, 2), initial=0.0))
            self.sent[n][..., edges] = damping * before + (1 - damping) * message if damping else message
        for n in {group.sizes[axis] for group, axis, _ in fresh}:
            self._add_up(n)
        return change

    def log_partition(self) -> Array:
        """By set, Bethe's estimate of ln Z from the messages; at a fixed point their changes move it in second order only."""
        over = _log_max if self.maxima else log_sum
        total = np.full(self.sets, self.graph.constant)
        for n in self.sent:
            total = total + over(self.beliefs(n), (0,)).sum(-1)
        for group in self.graph.groups:
            total = total + over(self.products(group), tuple(range(len(group.sizes)))).sum(-1)
            for axis, n in enumerate(group.sizes):
                both = self.incoming(group, axis) + self.sent[n][..., group.edges[axis]]
                total = total - over(both, (0,)).sum(-1)
        return total


def _log_max(x: Array, axes: tuple[int, ...]) -> Array:
    largest: Array = np.maximum.reduce(x, axes)
    return largest


def log_sum(x: Array, axes: tuple[int, ...]) -> Array:
    """The logarithm of the sum, over some axes, of what x holds the logarithms of."""
    largest = np.maximum.reduce(x, axes, keepdims=True)
    largest[np.isneginf(largest)] = 0.0
    x = x - largest
    with np.errstate(divide="ignore"):
        total: Array = np.log(np.add.reduce(np.exp(x, out=x), axes))
    total += largest.reshape(total.shape)
    return total
