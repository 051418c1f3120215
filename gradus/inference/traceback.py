"""The states that a pass of maxima chose, from the roots to the leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradus.inference.cluster_tree import Cluster
from gradus.inference.passes import Upward

__all__ = ["best_states"]

Array = np.ndarray[Any, np.dtype[np.int64]]


def best_states(clusters: Sequence[Cluster], up: Upward, modes: Sequence[str], sets: int) -> dict[str, Array]:
    """By variable of the clusters of mode "max", the place of its state in each set of findings."""
    chosen: dict[str, Array] = {}
    every = np.arange(sets)
    for i in range(len(clusters) - 1, -1, -1):
        if modes[i] != "max":
            continue
        cluster, product = clusters[i], up.products[i]
        between = cluster.between
        row = np.zeros(sets, dtype=int)
        for v, n in zip(cluster.variables[:between], cluster.shape[:between], strict=True):
            row = row * n + chosen[v]
        flat = product.reshape(cluster.rows, cluster.columns, -1)
        last = every if flat.shape[2] == sets else np.zeros(sets, dtype=int)
        column = flat[row, :, last].argmax(1)
        for v, n in reversed(list(zip(cluster.residual, cluster.shape[between:], strict=True))):
            chosen[v], column = column % n, column // n
    return chosen
