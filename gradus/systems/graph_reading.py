"""Networks that classify whole graphs by sums, means or maxima over neighbours."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from gradus.networks import GINLayer

EDGE, NODE = 0.25, 0.0625  # weights of an edge and, in the readout, of a node, so that sums stay near 1


class GraphReader(nn.Module):
    """Graph isomorphism layers, and a linear unit a class on the sums over the nodes after every layer.

    Args:
        how: what is taken over the neighbours: their "sum", their "mean" or of each feature the largest ("max").
        features: of a node, the first of which is 1 for every node and 0 for padding.
        width: features after each layer.
        layers: how many.
        classes: how many.
    """

    def __init__(self, how: str, features: int, width: int, layers: int, classes: int) -> None:
        super().__init__()
        self.how, self.features = how, features
        sizes = [features, *[width] * layers]
        self.layers = nn.ModuleList(GINLayer(c, width, d) for c, d in pairwise(sizes))
        self.readout = nn.Linear(sum(sizes), classes)

    def forward(self, x: Tensor) -> Tensor:
        """The logits (B, classes) of graphs (B, n, n + features): adjacency matrix and features side by side."""
        A, H = x[..., : -self.features], x[..., -self.features :]
        nodes = H[..., :1]
        sums = [NODE * H.sum(-2)]
        A = A / A.sum(-1, keepdim=True).clamp(min=1) if self.how == "mean" else EDGE * A
        for layer in self.layers:
            H = (
                torch.relu(_by_largest(cast(GINLayer, layer), A, H) if self.how == "max" else layer(A, H))
                * nodes
            )
            sums.append(NODE * H.sum(-2))
        z: Tensor = self.readout(torch.cat(sums, -1))
        return z


def _by_largest(layer: GINLayer, A: Tensor, H: Tensor) -> Tensor:
    """The layer with the largest of each feature among the neighbours in place of their sum."""
    degree = max(1, int((A != 0).sum(-1).amax()))
    weights, places = A.topk(degree, -1)
    rows = torch.arange(len(H), device=H.device)[:, None, None]
    seen = H[rows, places].masked_fill(weights.unsqueeze(-1) == 0, -torch.inf).amax(-2)
    largest = torch.where(seen == -torch.inf, 0, seen)
    z: Tensor = layer.second(torch.relu(layer.first((1 + layer.epsilon) * H + largest)))
    return z
