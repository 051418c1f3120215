"""Tasks of time: a spike to be answered so many steps later, and the distance of two spikes to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

INTERVAL = 20  # steps


def spikes_to_answer(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A spike at a random step of each sequence (count, T, 1), and one INTERVAL steps later to be answered, (count, T)."""
    T, rows, at = 5 * INTERVAL // 2, np.arange(count), rng.integers(0, INTERVAL, count)
    x, y = np.zeros((count, T, 1), np.float32), np.zeros((count, T), np.float32)
    x[rows, at], y[rows, at + INTERVAL] = 1, 1
    return x, y


def gaps(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two spikes 1 to INTERVAL steps apart, the second at the end, (count, T, 1), and their distance over INTERVAL."""
    rows, gap = np.arange(count), rng.integers(1, INTERVAL + 1, count)
    x = np.zeros((count, INTERVAL + 5, 1), np.float32)
    x[:, -1] = x[rows, -1 - gap] = 1
    return x, (gap / INTERVAL).astype(np.float32)


def spike_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of a spike or none at every step, the rare spikes weighing as much as the other steps."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits(outputs, targets, weight=1 + (INTERVAL - 1) * targets)


def at_the_step(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of sequences whose highest output is at the step of the spike."""
    return (outputs.argmax(-1) == targets.argmax(-1)).float().mean()


def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """The squared error, in units of INTERVAL steps squared."""
    return ((outputs - targets) ** 2).mean() * INTERVAL


def within_half_a_step(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of distances that are right to the step."""
    return ((outputs - targets).abs() < 0.5 / INTERVAL).float().mean()
