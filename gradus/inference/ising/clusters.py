"""The clusters of Swendsen and Wang: bonds that are kept join spins, in all replicas at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

__all__ = ["turned_clusters"]


def turned_clusters(
    spins: Tensor, pairs: Tensor, couplings: Tensor, fields: Tensor, beta: float, generator: torch.Generator
) -> Tensor:
    """The spins after one step: a bond that is content is kept with 1 − e^{−2β|J|}, and each cluster is drawn anew.

    Args:
        spins: (n replicas).
        pairs: ends of the bonds (2 bonds).
        couplings: of the bonds (bonds).
        fields: of the spins (n): a cluster is turned as the sum of its fields says; with none it is a fair coin.
        beta: β.
        generator: of the random numbers.
    """
    n, replicas = spins.shape
    content = spins[pairs[0]] * spins[pairs[1]] * couplings[:, None] > 0
    kept = -torch.expm1(-2 * beta * couplings.abs())
    u = torch.rand(content.shape, generator=generator, device=spins.device, dtype=spins.dtype)
    bond, replica = torch.nonzero(content & (u < kept[:, None]), as_tuple=True)
    ends = (pairs[:, bond] * replicas + replica).cpu().numpy()
    labels, count = _labels(ends, n * replicas)
    cluster = torch.from_numpy(labels).to(spins.device).reshape(n, replicas)
    pull = torch.zeros(count, dtype=spins.dtype, device=spins.device)
    if bool(fields.any()):
        pull.index_add_(0, cluster.ravel(), (spins * fields[:, None]).ravel())
    turned = torch.rand(count, generator=generator, device=spins.device, dtype=spins.dtype) < torch.sigmoid(
        -2 * beta * pull
    )
    return torch.where(turned[cluster], -spins, spins)


def _labels(ends: Any, count: int) -> tuple[Any, int]:
    graph = coo_array((np.ones(ends.shape[1], np.int8), (ends[0], ends[1])), shape=(count, count))
    clusters, labels = connected_components(graph, directed=False)
    return labels.astype(np.int64), int(clusters)
