"""The two passes over a tree of clusters: messages to the roots, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradus.inference.cluster_tree import Cluster

__all__ = ["Upward", "downward", "logarithm", "marginals", "upward"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Upward(NamedTuple):
    """What the pass to the roots leaves behind.

    Attributes:
        products: by cluster, its potential times all that came to it.
        messages: by cluster, what it sent before scaling, one row a state of its separator.
        roots: the numbers that the roots came to.
        logs: the logarithms of what messages were divided by.
    """

    products: list[Any]
    messages: list[Any]
    roots: list[Any]
    logs: list[Any]


def upward(
    clusters: Sequence[Cluster],
    potentials: Sequence[Any],
    likelihoods: Mapping[str, Any],
    batched: bool,
    modes: Sequence[str],
) -> Upward:
    """Messages from the leaves to the roots, by sums ("sum") or maxima ("max"); a cluster of mode "keep" sends none.

    Potentials and likelihoods are arrays of NumPy, or all of them tensors of PyTorch. A batch is the last axis: then every
    inner loop runs over it.
    """
    products: list[Any] = [None] * len(clusters)
    messages: list[Any] = [None] * len(clusters)
    sent: list[Any] = [None] * len(clusters)
    roots, logs = [], []
    for i, cluster in enumerate(clusters):
        product = potentials[i][..., None] if batched else potentials[i]
        fresh = False
        coming = [sent[c].reshape(*clusters[c].spread, *sent[c].shape[1:]) for c in cluster.children if sent[c] is not None]
        for v in cluster.residual:
            if v in likelihoods:
                vector = likelihoods[v]
                coming.append(vector.reshape(*cluster.axis_shape(v), *vector.shape[1:]))
        for factor in coming:
            if fresh and isinstance(product, np.ndarray) and product.shape[len(cluster.shape) :] >= factor.shape[len(cluster.shape) :]:
                np.multiply(product, factor, out=product)
            else:
                product, fresh = product * factor, True
        products[i] = product
        if modes[i] == "keep":
            continue
        flat = product.reshape(cluster.rows, cluster.columns, *product.shape[len(cluster.shape) :])
        message = _total(flat) if modes[i] == "sum" else _largest(flat, 1)
        messages[i] = message
        if cluster.scaled:
            largest = _largest(message, 0)
            if not isinstance(largest, (np.ndarray, np.generic)):
                largest = largest.detach()  # what is divided out and its logarithm cancel in every derivative
            largest = largest + (largest == 0)
            logs.append(logarithm(largest))
            message = message / largest
        if cluster.parent < 0:
            roots.append(message[0])
        else:
            sent[i] = message
    return Upward(products, messages, roots, logs)


def downward(clusters: Sequence[Cluster], up: Upward) -> list[Array]:
    """The posterior over each cluster's variables, from the roots to the leaves; `up.products` are overwritten."""
    beliefs = up.products
    for i in range(len(clusters) - 1, -1, -1):
        cluster = clusters[i]
        if cluster.parent < 0:
            back = _quotient(np.ones_like(up.messages[i]), up.messages[i])
        else:
            back = np.add.reduce(beliefs[cluster.parent], cluster.over) if cluster.over else beliefs[cluster.parent]
            back = back.reshape(cluster.rows, *back.shape[len(cluster.shape) - len(cluster.residual) :])
            back = _quotient(back, up.messages[i])
        product = beliefs[i]
        flat = product.reshape(cluster.rows, cluster.columns, *product.shape[len(cluster.shape) :])
        belief = flat * back[:, None]
        beliefs[i] = belief.reshape(*cluster.shape, *belief.shape[2:])
    return beliefs


def marginals(clusters: Sequence[Cluster], beliefs: Sequence[Array]) -> dict[str, Array]:
    """The posterior of each variable: its states first, then the batch."""
    found: dict[str, Array] = {}
    for cluster, belief in zip(clusters, beliefs, strict=True):
        tail = belief.shape[len(cluster.shape) :]
        table = np.add.reduce(belief.reshape(cluster.rows, cluster.columns, *tail), 0)
        if len(cluster.residual) == 1:
            found[cluster.residual[0]] = table
            continue
        sizes = cluster.shape[len(cluster.shape) - len(cluster.residual) :]
        table = table.reshape(*sizes, *tail)
        for k, v in enumerate(cluster.residual):
            found[v] = np.add.reduce(table, tuple(j for j in range(len(sizes)) if j != k))
    return found


def _quotient(a: Array, b: Array) -> Array:
    """a/b, and 0 where b is 0: a is then, too."""
    if b.all():
        return a / b
    a, b = np.broadcast_arrays(a, b)
    return np.divide(a, b, out=np.zeros(a.shape), where=b != 0)


def _total(flat: Any) -> Any:
    return np.add.reduce(flat, 1) if isinstance(flat, np.ndarray) else flat.sum(1)


def _largest(flat: Any, axis: int) -> Any:
    return np.maximum.reduce(flat, axis) if isinstance(flat, np.ndarray) else flat.amax(axis)


def logarithm(x: Any) -> Any:
    """ln x, −∞ at 0."""
    if not isinstance(x, (np.ndarray, np.generic, float)):
        return x.log()
    with np.errstate(divide="ignore"):
        return np.log(x)
