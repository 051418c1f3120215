"""What a network is trained on: batches as a pure function of seed and epoch, and what is measured after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from gradus.catalogue import concept
from gradus.data import Characters, Dataset
from gradus.data.characters import held_out, windows
from gradus.foundations.from_scratch.networks import Network, Parameters

Batches = Iterator[tuple[np.ndarray, np.ndarray]]


class Problem(Protocol):
    """Data as a training sees them: how many classes, how many examples in an epoch."""

    classes: int
    examples: int

    def batches(self, epoch: int, size: int) -> Batches:
        """The batches of an epoch: inputs and targets, a pure function of the epoch's number."""

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """The figures of a network with these parameters on what is held out."""


def definition(key: str) -> Callable[..., Any]:
    """The NumPy definition that stands on the page of a concept."""
    return concept(key).definition


def problem_of(net: Network, data: Dataset | Characters, seed: int, settings: Mapping[str, Any]) -> Problem:
    """The problem that a network is trained on."""
    if isinstance(data, Dataset):
        return Digits(net, data, seed, settings)
    return Pieces(net, data, seed, settings)


class Digits:
    """Images and their classes."""

    def __init__(self, net: Network, data: Dataset, seed: int, settings: Mapping[str, Any]) -> None:
        self.net, self.seed, self.classes = net, seed, len(data.classes)
        self.shift = settings.get("shift", 0)
        self.x, self.test_x = net.prepare(data.train_inputs), net.prepare(data.test_inputs)
        self.y, self.test_y = data.train_targets, data.test_targets
        self.examples = len(self.y)

    def batches(self, epoch: int, size: int) -> Batches:
        """In random order, each image shifted at random where the settings say so."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.examples)
        for i in range(0, self.examples, size):
            x = self.x[order[i : i + size]]
            yield shifted(x, self.shift, rng) if self.shift else x, self.y[order[i : i + size]]

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """Loss and accuracy on the test images."""
        z = logits(self.net, parameters, self.test_x)
        return {
            "validation_loss": float(cross_entropies(z, self.test_y).mean()),
            "validation_accuracy": float((z.argmax(-1) == self.test_y).mean()),
        }


class Pieces:
    """Pieces of a text, each character's target being the next one."""

    def __init__(self, net: Network, data: Characters, seed: int, settings: Mapping[str, Any]) -> None:
        self.net, self.seed, self.text = net, seed, data
        self.classes, self.length = len(data.alphabet), settings["context"]
        self.examples = (len(data.train) - 1) // self.length
        self.test_x, self.test_y = held_out(data, self.length)

    def batches(self, epoch: int, size: int) -> Batches:
        """Cut anew in each epoch, in random order."""
        x, y = windows(self.text.train, self.length, np.random.default_rng([self.seed, epoch]))
        for i in range(0, len(x), size):
            yield x[i : i + size], y[i : i + size]

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """Bits per held-out character, each predicted from the ones before it."""
        z = logits(self.net, parameters, self.test_x)[:, -1]
        return {"bits_per_character": float(cross_entropies(z, self.test_y).mean()) / float(np.log(2))}


def shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Every image (N, c, h, w) moved by up to `most` pixels down and to the right, or up and to the left; 0 enters."""
    h, w = images.shape[-2:]
    padded = np.pad(images, [(0, 0), (0, 0), (most, most), (most, most)])
    corners = rng.integers(0, 2 * most + 1, (len(images), 2))
    return np.stack([one[:, i : i + h, j : j + w] for one, (i, j) in zip(padded, corners, strict=True)])


def logits(net: Network, parameters: Parameters, inputs: np.ndarray, batch: int = 256) -> np.ndarray:
    """The network's logits on many inputs, without a tape."""
    return np.concatenate(
        [net.logits(parameters, inputs[i : i + batch]) for i in range(0, len(inputs), batch)]
    )


def cross_entropies(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """−log p(y) of each row, in nats; z (n, k), y (n,)."""
    m = z.max(-1, keepdims=True)
    log_p = z - m - np.log(np.exp(z - m).sum(-1, keepdims=True))
    return -log_p[np.arange(len(y)), y]
