"""Delayed copying: each place must give the symbol some places before it; the task, and one attention layer for it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.networks.positions import RotaryEncoding, SinusoidalEncoding
from gradus.report.classifier import predict

IGNORED = -100  # what the first places would have to copy is not there: they do not count
Positions = Literal["sinusoidal", "rotary", "none"]


def delayed_copies(
    rng: np.random.Generator, count: int, length: int, symbols: int, lag: int
) -> tuple[np.ndarray, np.ndarray]:
    """Random symbols x, (count, length), and what each place must give: y_i = x_{i−lag}, IGNORED before there is one."""
    x = rng.integers(symbols, size=(count, length))
    y = np.full_like(x, IGNORED)
    y[:, lag:] = x[:, :-lag]
    return x, y


def best_guess(x: np.ndarray, lag: int) -> float:
    """The accuracy that no network without positions surpasses in expectation, on these sequences (count, length).

    It knows the symbol at its place and which symbols there are, not where. What it must give is then one of the others, each
    as likely, and the best guess is the most frequent of them.
    """
    counts = np.stack([(x == c).sum(1) for c in range(x.max() + 1)], axis=1)  # (count, symbols)
    others = counts[:, None, :] - (x[:, :, None] == np.arange(counts.shape[1]))  # (count, length, symbols)
    return float((others.max(-1) / (x.shape[1] - 1))[:, lag:].mean())


def copying_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy over the places that count; outputs (batch, length, symbols), targets (batch, length)."""
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


def copying_accuracy(net: nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    """The share of the places that count at which the network gives the right symbol."""
    return float((predict(net, x).argmax(-1) == y)[y != IGNORED].mean())


class AttentionNetwork(nn.Module):
    """Symbols to vectors, one attention layer with one head and no shortcut, and a linear map to symbols.

    Args:
        symbols: how many there are.
        width: of the vectors, queries, keys and values.
        positions: "sinusoidal" (added to the vectors), "rotary" (turn queries and keys) or "none".
        scaled: whether the scores are divided by the root of the width.
    """

    def __init__(
        self, symbols: int, width: int, positions: Positions = "sinusoidal", scaled: bool = True
    ) -> None:
        super().__init__()
        self.scale = 1 / math.sqrt(width) if scaled else 1.0
        self.embedding = nn.Embedding(symbols, width)
        self.place = SinusoidalEncoding(width) if positions == "sinusoidal" else nn.Identity()
        self.query, self.key, self.value = (_keeping(width) for _ in range(3))
        self.turn = RotaryEncoding() if positions == "rotary" else nn.Identity()
        self.output = nn.Linear(width, symbols)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the symbols at each place, (batch, length, symbols)."""
        h = self.place(self.embedding(x))
        q, k = self.turn(self.query(h)), self.turn(self.key(h))
        y: Tensor = self.output(F.scaled_dot_product_attention(q, k, self.value(h), scale=self.scale))
        return y

    @torch.no_grad()
    def weights(self, x: np.ndarray) -> np.ndarray:
        """The attention weights: how much each place (row) takes from each (column), (batch, length, length)."""
        h = self.place(self.embedding(torch.from_numpy(x).to(self.output.weight.device)))
        q, k = self.turn(self.query(h)), self.turn(self.key(h))
        return torch.softmax(self.scale * q @ k.mT, -1).cpu().numpy()


def _keeping(width: int) -> nn.Linear:
    """A square layer that keeps the variance of its inputs, so that queries and keys begin with entries of variance near 1."""
    layer = nn.Linear(width, width)
    nn.init.normal_(layer.weight, std=width**-0.5)
    nn.init.zeros_(layer.bias)
    return layer
