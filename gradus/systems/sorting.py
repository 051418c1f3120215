"""Sorting by encoder blocks: the network of the transformer's recipe, and its gradients before it is trained."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.networks.positions import SinusoidalEncoding


class SortingTransformer(nn.Module):
    """Symbols and sinusoidal positions, encoder blocks with the norm before or behind each branch, and a linear map to symbols.

    Args:
        symbols: how many there are.
        width: of the vectors; the blocks' hidden layers are twice as wide.
        heads: of each attention.
        blocks: how many.
        norm_first: pre-norm, with one more norm at the end; else post-norm.
    """

    def __init__(self, symbols: int, width: int, heads: int, blocks: int, norm_first: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.place = SinusoidalEncoding(width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=norm_first
            )
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width) if norm_first else nn.Identity()
        self.output = nn.Linear(width, symbols)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the symbols at each place, (batch, length, symbols)."""
        h = self.place(self.embedding(x))
        for block in self.blocks:
            h = block(h)
        y: Tensor = self.output(self.norm(h))
        return y


def gradient_by_block(net: SortingTransformer, x: np.ndarray, y: np.ndarray) -> list[float]:
    """Norm of the gradient by the weights of each block's last layer."""
    loss = F.cross_entropy(net(torch.from_numpy(x)).flatten(0, 1), torch.from_numpy(y).flatten())
    weights = [block.get_parameter("linear2.weight") for block in net.blocks]
    return [float(g.norm()) for g in torch.autograd.grad(loss, weights)]
