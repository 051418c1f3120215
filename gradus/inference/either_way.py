"""The passes in doubles, and where a product would leave their range, in logarithms."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradus.inference.cluster_tree import Cluster
from gradus.inference.log_passes import delicate, log_downward, log_upward
from gradus.inference.network import Network
from gradus.inference.passes import Upward, downward, log_of, logarithm, marginals, upward
from gradus.inference.potentials import log_potentials, scaled

__all__ = ["EitherWay", "multiplied_out"]

Array = np.ndarray[Any, np.dtype[np.float64]]
OUT_OF_RANGE: dict[str, Any] = {"under": "raise", "over": "raise", "invalid": "raise"}


class EitherWay:
    """The potentials of a network in a tree of clusters, and the passes over them."""

    def __init__(self, network: Network, clusters: Sequence[Cluster]) -> None:
        self.network, self.clusters = network, clusters
        self.held = {v for cluster in clusters for v in cluster.residual}
        self.potentials: list[Array] = []
        self.log_scale = 0.0
        try:
            with np.errstate(**OUT_OF_RANGE):
                self.potentials, self.log_scale = scaled(network, clusters)
            self.delicate = delicate(self.potentials)
        except FloatingPointError:
            self.delicate = True

    def up(self, vectors: Mapping[str, Array], batched: bool, modes: Sequence[str]) -> tuple[Upward, Any]:
        """The pass to the roots, and the logarithm of what they come to."""
        alone = [x[0] for v, x in vectors.items() if v not in self.held]
        if not self.delicate and not delicate(list(vectors.values())):
            try:
                with np.errstate(**OUT_OF_RANGE):
                    up = upward(self.clusters, self.potentials, vectors, batched, modes)
                return up, self.log_scale + log_of(up, alone)
            except FloatingPointError:
                pass
        potentials, log = self.logs
        up = log_upward(self.clusters, potentials, vectors, batched, modes)
        return up, sum(up.roots, log) + sum(map(logarithm, alone), 0.0)

    def down(self, up: Upward) -> list[Array]:
        """The posterior over each cluster's variables."""
        return log_downward(self.clusters, up) if up.logarithms else downward(self.clusters, up)

    def max_marginals(self, up: Upward, modes: Sequence[str]) -> dict[str, Array]:
        """By variable of the clusters of mode "max", how probable the best is with each state, beside the best of all."""
        back = log_downward if up.logarithms else downward
        beliefs = back(self.clusters, up, modes, np.maximum)
        return marginals(self.clusters, beliefs, modes, np.maximum)

    @functools.cached_property
    def logs(self) -> tuple[list[Array], float]:
        """The logarithms of the potentials, made when they are first needed."""
        return log_potentials(self.network, self.clusters)


def multiplied_out(tables: Sequence[Array], logarithms: bool) -> tuple[Array, float]:
    """The product of tables, or of what they are the logarithms of, divided by its sum; and the logarithm of that."""
    if not logarithms:
        try:
            with np.errstate(**OUT_OF_RANGE):
                table = np.asarray(math.prod(tables, start=1.0))
                total = table.sum()
                return table / (total or 1.0), float(logarithm(total))
        except FloatingPointError:
            tables = [logarithm(x) for x in tables]
    logs = np.asarray(sum(tables, 0.0))
    largest = logs.max() if logs.max() > -np.inf else 0.0
    table = np.exp(logs - largest)
    total = table.sum()
    return table / (total or 1.0), float(largest + logarithm(total))
