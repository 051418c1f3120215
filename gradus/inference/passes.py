"""The two passes over a tree of clusters: messages to the roots, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradus.inference.cluster_tree import Cluster

__all__ = ["Upward", "downward", "log_of", "logarithm", "marginals", "upward"]

Array = np.ndarray[Any, np.dtype[np.float64]]
SMALLEST = np.array(np.finfo(np.float64).tiny)


class Upward(NamedTuple):
    """What the pass to the roots leaves behind.

    Attributes:
        products: by cluster, its potential times all that came to it.
        own: by cluster, whether that is an array of its own, which may be written to.
        messages: by cluster, what it sent before scaling, one row a state of its separator.
        roots: the numbers that the roots came to.
        logs: the logarithms of what messages were divided by.
        logarithms: whether products, messages and roots are logarithms themselves.
    """

    products: list[Any]
    own: list[bool]
    messages: list[Any]
    roots: list[Any]
    logs: list[Any]
    logarithms: bool = False


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
    own = [False] * len(clusters)
    roots, logs = [], []
    known = (
        [[v for v in c.residual if v in likelihoods] for c in clusters]
        if likelihoods
        else [[]] * len(clusters)
    )
    for i, cluster in enumerate(clusters):
        axes = cluster.axes
        product = potentials[i][..., None] if batched else potentials[i]
        for factor in _coming(cluster, known[i], clusters, sent, likelihoods):
            if own[i] and _holds(product, factor, axes, cluster.shape):
                np.multiply(product, factor, out=product)
            else:
                product, own[i] = product * factor, True
        if product.shape[:axes] != cluster.shape:
            whole = (*cluster.shape, *product.shape[axes:])
            own[i] = False
            product = (
                np.broadcast_to(product, whole) if isinstance(product, np.ndarray) else product.expand(whole)
            )
        products[i] = product
        if modes[i] == "keep":
            continue
        flat = product.reshape(cluster.rows, cluster.columns, *product.shape[cluster.axes :])
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
    return Upward(products, own, messages, roots, logs)


def _coming(
    cluster: Cluster,
    known: Sequence[str],
    clusters: Sequence[Cluster],
    sent: Sequence[Any],
    likelihoods: Mapping[str, Any],
) -> list[Any]:
    """What is multiplied into a cluster, the likelihoods first, each in its place among the axes."""
    coming = []
    for v in known:
        vector = likelihoods[v]
        coming.append(vector.reshape(cluster.vectors[v] + vector.shape[1:]))
    for c in cluster.children:
        message = sent[c]
        if message is not None:
            coming.append(message.reshape(clusters[c].spread + message.shape[1:]))
    return coming


def _holds(product: Any, factor: Any, axes: int, shape: tuple[int, ...]) -> bool:
    """Whether the product of both may be written in the place of the first."""
    return (
        isinstance(product, np.ndarray)
        and product.shape[:axes] == shape
        and product.shape[axes:] >= factor.shape[axes:]
    )


def downward(
    clusters: Sequence[Cluster], up: Upward, modes: Sequence[str] | None = None, total: np.ufunc = np.add
) -> list[Array]:
    """The posterior over each cluster's variables, from the roots to the leaves; `up.products` are overwritten.

    With the maximum for the sum (`total`), of the clusters of mode "max": the largest that the rest lets each entry be, beside
    the largest of all.
    """
    beliefs = up.products
    for i in range(len(clusters) - 1, -1, -1):
        if modes is not None and modes[i] != "max":
            continue
        cluster, product = clusters[i], beliefs[i]
        # where a message is 0 what comes back is, too: 0 divided by the smallest number is the 0 that is wanted
        message = np.maximum(up.messages[i], SMALLEST)
        if cluster.parent < 0:
            back = 1.0 / message
        else:
            back = beliefs[cluster.parent]
            if cluster.over:
                back = total.reduce(back, cluster.over)
            back = back.reshape(message.shape[:1] + back.shape[cluster.between :]) / message
        tail = product.shape[cluster.axes :]
        back = back.reshape((*cluster.shape[: cluster.between], *cluster.ones, *back.shape[1:]))
        if up.own[i] and tail >= back.shape[cluster.axes :]:
            np.multiply(product, back, out=product)
        else:
            beliefs[i] = product * back
    return beliefs


def marginals(
    clusters: Sequence[Cluster],
    beliefs: Sequence[Array],
    modes: Sequence[str] | None = None,
    total: np.ufunc = np.add,
) -> dict[str, Array]:
    """The posterior of each variable: its states first, then the batch. With the maximum for the sum, of those of mode "max"."""
    found: dict[str, Array] = {}
    for i, (cluster, belief) in enumerate(zip(clusters, beliefs, strict=True)):
        if not cluster.residual or (modes is not None and modes[i] != "max"):
            continue
        tail = belief.shape[cluster.axes :]
        table = total.reduce(belief.reshape(cluster.rows, cluster.columns, *tail), 0)
        if len(cluster.residual) == 1:
            found[cluster.residual[0]] = table
            continue
        table = table.reshape(*cluster.shape[cluster.between :], *tail)
        for v, away in cluster.others.items():
            found[v] = total.reduce(table, away)
    return found


def _total(flat: Any) -> Any:
    return np.add.reduce(flat, 1) if isinstance(flat, np.ndarray) else flat.sum(1)


def _largest(flat: Any, axis: int) -> Any:
    return np.maximum.reduce(flat, axis) if isinstance(flat, np.ndarray) else flat.amax(axis)


def logarithm(x: Any) -> Any:
    """The natural logarithm, −∞ at 0."""
    if not isinstance(x, (np.ndarray, np.generic, float)):
        return x.log()
    with np.errstate(divide="ignore"):
        return np.log(x)


def log_of(up: Upward, alone: Sequence[Any]) -> Any:
    """The logarithm of what the roots came to, with what was divided out on the way and numbers that stand alone."""
    log: Any = 0.0
    for value in (*up.roots, *alone):
        log = log + logarithm(value)
    for scale in up.logs:
        log = log + scale
    return log
