"""How the four networks are trained and scored: what `gradus run from-scratch` calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.foundations.from_scratch.networks import Network, Parameters, network
from gradus.systems.foundations.from_scratch.settings import SETTINGS
from gradus.systems.foundations.from_scratch.texts import held_out, windows
from gradus.systems.foundations.from_scratch.training import Fit, fit

if TYPE_CHECKING:
    from gradus.report import SeedResult


def train(
    data: Any,
    *,
    model: str,
    seed: int = 0,
    epochs: int | None = None,
    directory: str | Path | None = None,
    resume: bool = False,
    progress: str = "auto",
) -> SeedResult:
    """Trains one of the four networks by its recipe and scores it.

    Args:
        data: digits for "mlp" and "lenet", `Characters` for "lstm" and "transformer".
        model: which network.
        seed: of the parameters and of the order of the data.
        epochs: in place of the recipe's.
        directory: where the state is kept.
        resume: go on from it.
        progress: "auto", "rich", "plain" or "silent".

    Raises:
        GradusError: an unknown model, and what `fit` raises.
    """
    from gradus.systems.foundations.from_scratch.shown import seed_result

    return seed_result(model, data, trained(data, model, seed, epochs, directory, resume, progress))


def trained(
    data: Any,
    model: str,
    seed: int = 0,
    epochs: int | None = None,
    directory: str | Path | None = None,
    resume: bool = False,
    progress: str = "silent",
) -> Fit:
    """The network's parameters after the training, and its history; arguments as for `train`."""
    net, settings = network(model), SETTINGS[model][data.name]
    problem = (
        _Digits(net, data, seed, settings) if net.task == "digits" else _Characters(net, data, seed, settings)
    )
    batch = settings["batch_size"]
    return fit(
        net,
        net.initial(np.random.default_rng(seed), problem.classes),
        lambda epoch: problem.batches(epoch, batch),
        problem.measure,
        epochs=epochs or settings["epochs"],
        steps=-(-problem.examples // batch),
        learning_rate=settings["learning_rate"],
        directory=Path(directory) if directory else None,
        resume=resume,
        progress=progress,
    )


class _Digits:
    """Images and their classes."""

    def __init__(self, net: Network, data: Any, seed: int, settings: dict[str, Any]) -> None:
        self.net, self.seed, self.classes = net, seed, len(data.classes)
        self.shift = settings.get("shift", 0)
        self.x, self.test_x = net.prepare(data.train_inputs), net.prepare(data.test_inputs)
        self.y, self.test_y = data.train_targets, data.test_targets
        self.examples = len(self.y)

    def batches(self, epoch: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.examples)
        for i in range(0, self.examples, size):
            x = self.x[order[i : i + size]]
            yield shifted(x, self.shift, rng) if self.shift else x, self.y[order[i : i + size]]

    def measure(self, parameters: Parameters) -> dict[str, float]:
        z = logits(self.net, parameters, self.test_x)
        return {
            "validation_loss": _cross_entropy(z, self.test_y),
            "validation_accuracy": float((z.argmax(-1) == self.test_y).mean()),
        }


def shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Every image (N, c, h, w) moved by up to `most` pixels down and to the right, or up and to the left; 0 enters."""
    h, w = images.shape[-2:]
    padded = np.pad(images, [(0, 0), (0, 0), (most, most), (most, most)])
    corners = rng.integers(0, 2 * most + 1, (len(images), 2))
    return np.stack([one[:, i : i + h, j : j + w] for one, (i, j) in zip(padded, corners, strict=True)])


class _Characters:
    """Pieces of a text, each character's target being the next one."""

    def __init__(self, net: Network, data: Any, seed: int, settings: dict[str, Any]) -> None:
        self.net, self.seed, self.text = net, seed, data
        self.classes, self.length = len(data.alphabet), settings["context"]
        self.examples = (len(data.train) - 1) // self.length
        self.test_x, self.test_y = held_out(data, self.length)

    def batches(self, epoch: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        x, y = windows(self.text.train, self.length, np.random.default_rng([self.seed, epoch]))
        for i in range(0, len(x), size):
            yield x[i : i + size], y[i : i + size]

    def measure(self, parameters: Parameters) -> dict[str, float]:
        z = logits(self.net, parameters, self.test_x)[:, -1]
        return {"bits_per_character": _cross_entropy(z, self.test_y) / float(np.log(2))}


def logits(net: Network, parameters: Parameters, inputs: np.ndarray, batch: int = 256) -> np.ndarray:
    """The network's logits on many inputs, without a tape."""
    return np.concatenate(
        [net.logits(parameters, inputs[i : i + batch]) for i in range(0, len(inputs), batch)]
    )


def _cross_entropy(z: np.ndarray, y: np.ndarray) -> float:
    m = z.max(-1, keepdims=True)
    log_p = z - m - np.log(np.exp(z - m).sum(-1, keepdims=True))
    return float(-log_p[np.arange(len(y)), y].mean())
