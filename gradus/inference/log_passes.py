"""The two passes in logarithms: slower, and right where products of doubles would leave their range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradus.inference.cluster_tree import Cluster
from gradus.inference.passes import SMALLEST, Upward, logarithm

__all__ = ["delicate", "log_downward", "log_upward"]

Array = np.ndarray[Any, np.dtype[np.float64]]


def delicate(arrays: Sequence[Array]) -> bool:
    """Whether a positive number is so small that doubles hold it with fewer digits, and its inverse not at all."""
    return any(bool(((x > 0) & (x < SMALLEST)).any()) for x in arrays)


def log_upward(
    clusters: Sequence[Cluster],
    potentials: Sequence[Array],
    likelihoods: Mapping[str, Array],
    batched: bool,
    modes: Sequence[str],
) -> Upward:
    """`upward` of the logarithms of potentials and of likelihoods as they are; all that it returns are logarithms."""
    products: list[Any] = [None] * len(clusters)
    messages: list[Any] = [None] * len(clusters)
    roots: list[Any] = []
    for i, cluster in enumerate(clusters):
        product = potentials[i][..., None] if batched else potentials[i]
        for v in cluster.residual:
            if v in likelihoods:
                vector = logarithm(likelihoods[v])
                product = product + vector.reshape(cluster.vectors[v] + vector.shape[1:])
        for c in cluster.children:
            if modes[c] != "keep":
                product = product + messages[c].reshape(clusters[c].spread + messages[c].shape[1:])
        product = np.broadcast_to(product, (*cluster.shape, *product.shape[cluster.axes :]))
        products[i] = product
        if modes[i] == "keep":
            continue
        flat = product.reshape(cluster.rows, cluster.columns, *product.shape[cluster.axes :])
        messages[i] = _log_sum(flat, (1,)) if modes[i] == "sum" else np.maximum.reduce(flat, 1)
        if cluster.parent < 0:
            roots.append(messages[i][0])
    return Upward(products, [False] * len(clusters), messages, roots, [], logarithms=True)


def log_downward(
    clusters: Sequence[Cluster], up: Upward, modes: Sequence[str] | None = None, total: np.ufunc = np.add
) -> list[Array]:
    """What `downward` gives, no longer in logarithms."""
    beliefs: list[Any] = list(up.products)
    done = [modes is None or mode == "max" for mode in modes or [""] * len(clusters)]
    for i in range(len(clusters) - 1, -1, -1):
        if not done[i]:
            continue
        cluster, message = clusters[i], up.messages[i]
        none = np.where(message > -np.inf, message, 0.0)  # what could not be stays so: −∞ is in the product
        if cluster.parent < 0:
            back = -none
        else:
            above = beliefs[cluster.parent]
            over = (
                _log_sum(above, cluster.over) if total is np.add else np.maximum.reduce(above, cluster.over)
            )
            back = over.reshape(message.shape[:1] + over.shape[cluster.between :]) - none
        back = back.reshape((*cluster.shape[: cluster.between], *cluster.ones, *back.shape[1:]))
        beliefs[i] = up.products[i] + back
    return [np.exp(b) if finished else b for b, finished in zip(beliefs, done, strict=True)]


def _log_sum(x: Array, axes: tuple[int, ...]) -> Array:
    """The logarithm of the sum of what x holds the logarithms of, over some axes."""
    largest = np.maximum.reduce(x, axes, keepdims=True)
    largest = np.where(largest > -np.inf, largest, 0.0)
    total: Array = logarithm(np.add.reduce(np.exp(x - largest), axes)) + largest.reshape(
        [n for k, n in enumerate(x.shape) if k not in axes]
    )
    return total
