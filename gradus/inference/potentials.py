"""The factors of a network, multiplied together where they are at home in a tree of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradus.inference.cluster_tree import Cluster
from gradus.inference.network import Network
from gradus.inference.passes import logarithm

__all__ = ["log_potentials", "multiplied", "scaled"]

Array = np.ndarray[Any, np.dtype[np.float64]]


def multiplied(
    network: Network, clusters: Sequence[Cluster], tables: Sequence[Any], logs: bool = False
) -> tuple[list[Any], Any]:
    """By cluster the product of its factors, None without one; and the logarithm of what has no variable left.

    Of tables of logarithms (`logs`), by cluster their sum.

    A factor is at home where the first of its variables is summed out. Axes that no factor has are of size 1.
    """
    # of the variables of a factor, the first to go stands in the earliest cluster, and there the last among the axes
    home = {v: i for i, cluster in enumerate(clusters) for v in cluster.residual}
    products: list[Any] = [None] * len(clusters)
    log: Any = 0.0
    for (variables, _), table in zip(network.factors, tables, strict=True):
        axes = [v for v in variables if v in home]
        table = table.reshape([len(network.states[v]) for v in axes])
        if not axes:
            log = log + (table if logs else logarithm(table))
            continue
        at = min(home[v] for v in axes)
        cluster = clusters[at]
        order = sorted(range(len(axes)), key=lambda k: cluster.variables.index(axes[k]))
        shape = [n if v in axes else 1 for v, n in zip(cluster.variables, cluster.shape, strict=True)]
        turned = table.transpose(order) if isinstance(table, np.ndarray) else table.permute(order)
        factor = turned.reshape(shape)
        if products[at] is None:
            products[at] = factor
        else:
            products[at] = products[at] + factor if logs else products[at] * factor
    return products, log


def scaled(network: Network, clusters: Sequence[Cluster]) -> tuple[list[Array], float]:
    """The network's own potentials, the largest entry of each 1, and the logarithm of what was taken out."""
    products, log = multiplied(network, clusters, [f.table for f in network.factors])
    for i, cluster in enumerate(clusters):
        product = np.ones((1,) * cluster.axes) if products[i] is None else products[i]
        largest = product.max() or 1.0
        products[i] = product / largest
        log = log + logarithm(largest)
    return products, float(log)


def log_potentials(network: Network, clusters: Sequence[Cluster]) -> tuple[list[Array], float]:
    """The logarithms of the network's own potentials, as they are, and of what has no variable left."""
    tables = [logarithm(f.table) for f in network.factors]
    sums, log = multiplied(network, clusters, tables, logs=True)
    made = [np.zeros((1,) * c.axes) if x is None else x for c, x in zip(clusters, sums, strict=True)]
    return made, float(log)
