"""Networks with one fault each, and healthy ones: the tables, and what they are made of; `healthy_networks` and `sick_*` fill them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

Case = dict[str, Any]


class Planted(NamedTuple):
    """A network, and the checks of which one at least must find what is wrong; none of a healthy one."""

    make: Callable[[], Case]
    checks: tuple[str, ...] = ()


SICK: dict[str, Planted] = {}
HEALTHY: dict[str, Planted] = {}


def sick(*checks: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    def enter(make: Callable[[], Case]) -> Callable[[], Case]:
        SICK[make.__name__] = Planted(make, checks)
        return make

    return enter


def healthy(make: Callable[[], Case]) -> Callable[[], Case]:
    HEALTHY[make.__name__] = Planted(make)
    return make


@functools.cache
def digits() -> tuple[Tensor, Tensor]:
    data = load_digits()
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    return torch.tensor(data.data / 16, dtype=torch.float32)[order], torch.tensor(data.target)[order]


N, HELD = 240, 160


def case(
    model: nn.Module,
    loss: Any = F.cross_entropy,
    shape: tuple[int, ...] = (64,),
    rate: float = 0.05,
    **given: Any,
) -> Case:
    x, y = digits()
    x = x.reshape(-1, *shape)
    optimizer = given.pop("optimizer", None) or torch.optim.SGD(
        (p for p in model.parameters() if p.requires_grad), lr=rate, momentum=0.9
    )
    return {
        "model": model, "loss": loss, "data": (x[:N].clone(), y[:N].clone()),
        "held_out": (x[N : N + HELD].clone(), y[N : N + HELD].clone()), "optimizer": optimizer, **given,
    }  # fmt: skip


def mlp(*widths: int, act: type[nn.Module] = nn.ReLU, draw: str = "he", scale: float = 1.0) -> nn.Sequential:
    torch.manual_seed(1)
    parts: list[nn.Module] = []
    for a, b in pairwise(widths):
        layer = nn.Linear(a, b)
        gain = math.sqrt(2) if act is nn.ReLU else 1.0
        nn.init.normal_(layer.weight, std=scale * (gain if b != widths[-1] else 1.0) / math.sqrt(a))
        nn.init.zeros_(layer.bias)
        parts += [layer, act()]
    return nn.Sequential(*parts[:-1])


def trained(
    model: nn.Module, steps: int = 60, shape: tuple[int, ...] = (64,), loss: Any = F.cross_entropy
) -> nn.Module:
    x, y = digits()
    x = x[:N].reshape(-1, *shape)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=3e-3)
    for k in range(steps):
        part = slice(60 * (k % 4), 60 * (k % 4) + 60)
        optimizer.zero_grad()
        loss(model(x[part]), y[part]).backward()
        optimizer.step()
    model.zero_grad()
    return model


def cnn(norm: bool = True) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), *([nn.BatchNorm2d(8)] if norm else []), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), *([nn.BatchNorm2d(16)] if norm else []), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.rnn = kind(8, 24, batch_first=True, **options)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.embed = nn.Linear(8, 32)
        self.place = nn.Parameter(0.02 * torch.randn(8, 32))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.place
        for block in self.blocks:
            h = block(h)
        return self.head(h.mean(1))


class Residual(nn.Module):
    def __init__(self, depth: int = 8, width: int = 32) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.first = nn.Linear(64, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
            for _ in range(depth)
        )
        self.last = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for block in self.blocks:
            h = h + block(h)
        return self.last(h)
