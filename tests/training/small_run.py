"""A small run that has everything in it which resuming must bring back: shared by the tests of training."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradus.training import Callback, fit
from gradus.training.checkpoint import load_checkpoint
from gradus.training.step_folder import list_checkpoints

BATCH = 16


def data(count: int = 90, seed: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    """Images whose class is the brightest of four quarters."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.rand(count, 1, 6, 6, generator=generator)
    targets = torch.randint(0, 4, (count,), generator=generator)
    for number, target in enumerate(targets.tolist()):
        row, column = 3 * (target // 2), 3 * (target % 2)
        inputs[number, 0, row : row + 3, column : column + 3] += 0.5
    return inputs, targets


def model(kind: str = "conv", seed: int = 3) -> nn.Module:
    """A network with or without batch norm and dropout."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if kind == "linear":
            return nn.Sequential(nn.Flatten(), nn.Linear(36, 4))
        layers: list[nn.Module] = [nn.Conv2d(1, 4, 3)]
        if "norm" in kind:
            layers.append(nn.BatchNorm2d(4))
        layers += [nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        if "dropout" in kind:
            layers.append(nn.Dropout(0.3))
        return nn.Sequential(*layers, nn.Linear(16, 4))


def noisy(inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """An augmentation that uses its generator."""
    return inputs + 0.1 * torch.randn(inputs.shape, generator=generator)


class Stopped(Exception):
    """The run was cut off."""


class StopAt(Callback):
    """Cut a run off after a step, as abruptly as an exception can."""

    def __init__(self, step: int) -> None:
        self.at = step

    def on_step_end(self, run: Any) -> None:
        if run.step == self.at:
            raise Stopped


def train(net: nn.Module, directory: Path | None = None, **settings: Any) -> Any:
    """`fit` on the small data, silently."""
    settings = {"epochs": 3, "batch_size": BATCH, "progress": "silent", "learning_rate": 0.01} | settings
    return fit(
        net,
        nn.functional.cross_entropy,
        settings.pop("data") if "data" in settings else data(),
        directory=directory,
        **settings,
    )


def digest_of(tensors: dict[str, torch.Tensor]) -> str:
    """A hash of every bit of the tensors."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        total.update(name.encode())
        total.update(tensors[name].detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def digest(directory: Path) -> tuple[str, str, str]:
    """All that a run left: the newest checkpoint's tensors, its state, and the metrics."""
    checkpoint = load_checkpoint(list_checkpoints(directory / "checkpoints")[-1])
    return digest_of(checkpoint.tensors), repr(checkpoint.state), (directory / "metrics.jsonl").read_text()
