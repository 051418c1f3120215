"""What the planted loops share: digits in batches, a small network, one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.data import load

Loop = Callable[[Callable[..., Any]], Any]


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images of 64 pixels in [0, 1], and their labels."""
    data = load("digits")
    inputs = torch.from_numpy(data.train_inputs).float().reshape(-1, 64)
    return inputs / inputs.max(), torch.from_numpy(data.train_targets).long()


def batches(steps: int, size: int = 64, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """So many batches, drawn anew."""
    inputs, targets = digits()
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (size,), generator=generator)
        yield inputs[chosen], targets[chosen]


def mlp(*between: nn.Module, width: int = 32, seed: int = 0) -> nn.Sequential:
    """Three dense layers; what is given stands after the first activation."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), *between, nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )


def convnet(norm: bool = True, seed: int = 0) -> nn.Sequential:
    """Two convolutions with batch norm."""
    torch.manual_seed(seed)
    norms = [nn.BatchNorm2d(8), nn.BatchNorm2d(16)] if norm else [nn.Identity(), nn.Identity()]
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, padding=1), norms[0], nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), norms[1], nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip


class Attending(nn.Module):
    """Rows of an image as tokens, one block of attention."""

    def __init__(self, scale: float = 1.0, width: int = 16, seed: int = 0, fused: bool = True) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.scale, self.fused = scale, fused
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(torch.randn(8, width) * 0.5)
        self.qkv = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x.reshape(-1, 8, 8)) + self.place
        q, k, v = self.qkv(self.norm(h)).chunk(3, -1)
        if self.fused:
            q, k, v = (t[:, None] for t in (q * self.scale, k, v))
            a = F.scaled_dot_product_attention(q, k, v)[:, 0]
        else:
            a = (q @ k.mT * (self.scale / q.shape[-1] ** 0.5)).softmax(-1) @ v
        h = h + self.mix(a)
        return self.head(h.mean(1))


class Language(nn.Module):
    """A bag of symbols that predicts the next; the table of the input serves as that of the output."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(17, 24)
        self.hidden = nn.Linear(24, 24)
        self.decoder = nn.Linear(24, 17, bias=False)
        self.decoder.weight = self.table.weight

    def forward(self, x):
        return self.decoder(self.hidden(self.table((x[:, :8] * 16).long()).mean(1)).relu())


def sgd(model: nn.Module, lr: float = 0.1, **options: Any) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


def loss_of(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(model(x), y)


def plain(
    watch: Callable[..., Any], model: nn.Module, optimizer: Any, steps: int = 12, **options: Any
) -> Any:
    """The right loop."""
    with watch(model, optimizer) as w:
        for x, y in batches(steps, **options):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w
