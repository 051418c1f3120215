"""Texts as characters, and how many bits a character costs those who count single ones or pairs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import DataSummary

SHAKESPEARE = (
    "tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)
TEXTS: dict[str, tuple[Text, str, str]] = {
    "alice": (
        Text("Down the Rabbit-Hole, characters", "《爱丽丝漫游奇境》第一章（字符）"),
        "Lewis Carroll (1865), Alice's Adventures in Wonderland, chapter I, in small letters",
        "public domain",
    ),
    "tinyshakespeare": (
        Text("Tiny Shakespeare, characters", "Tiny Shakespeare（字符）"),
        "github.com/karpathy/char-rnn, data/tinyshakespeare/input.txt",
        "MIT (the collection); the text is in the public domain",
    ),
}
HELD_OUT, MOST = 0.1, 10_000  # the last tenth is held out; at most so many of its characters are predicted


@dataclass(frozen=True, eq=False)
class Characters:
    """A text as character numbers.

    Attributes:
        name: of the text.
        alphabet: its characters, in the order of their numbers.
        train, test: numbers of the first nine tenths, and of what is held out.
    """

    name: str
    alphabet: str
    train: np.ndarray
    test: np.ndarray

    def summary(self) -> DataSummary:
        """What a report says of it."""
        from gradus.report import DataSummary

        title, source, licence = TEXTS[self.name]
        split = Text(
            f"The last tenth is held out; its first {len(self.test) - 1} characters after the first are predicted.",
            f"最后十分之一留作测试，对其首字符之后的 {len(self.test) - 1} 个字符作预测。",
        )
        classes = tuple(_visible(c) for c in self.alphabet)
        sizes = {"train": len(self.train), "test": len(self.test)}
        return DataSummary(title, source, licence, (), classes, sizes, split)


def load(name: str, data_dir: str | Path | None = None) -> Any:
    """A text by its name, or a data set of `gradus.data.load`.

    Raises:
        GradusError: the text is not there or is another one; or as `gradus.data.load`.
    """
    if name not in TEXTS:
        from gradus.data import load as load_data

        return load_data(name, data_dir)
    if name == "alice":
        text = (Path(__file__).parent / "alice.txt").read_text(encoding="utf-8")
    else:
        text = _shakespeare(data_dir)
    alphabet = "".join(sorted(set(text)))
    ids = np.array([alphabet.index(c) for c in text])
    n = int((1 - HELD_OUT) * len(ids))
    return Characters(name, alphabet, ids[:n], ids[n : n + MOST + 1])


def _shakespeare(data_dir: str | Path | None) -> str:
    from gradus.data import data_directory

    path = data_directory(data_dir) / SHAKESPEARE[0]
    try:
        content = path.read_bytes()
    except OSError:
        raise GradusError(
            f"tinyshakespeare: expected {path}; get it from {TEXTS['tinyshakespeare'][1]}, or give --data-dir"
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != SHAKESPEARE[1]:
        raise GradusError(f"{path}: corrupted: expected sha256 {SHAKESPEARE[1]}, got {found}")
    return content.decode("ascii")


def windows(ids: np.ndarray, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The text cut into pieces of this length at a random phase, and for each the same shifted by one: (N, T) each."""
    phase = int(rng.integers(length))
    n = (len(ids) - phase - 1) // length
    start = phase + length * rng.permutation(n)[:, None] + np.arange(length)
    return ids[start], ids[start + 1]


def held_out(text: Characters, length: int) -> tuple[np.ndarray, np.ndarray]:
    """For each predicted character the `length` characters before it, (N, T), and itself, (N,)."""
    before = np.concatenate([text.train[-(length - 1) :], text.test[:-1]])
    return np.lib.stride_tricks.sliding_window_view(before, length), text.test[1:]


def counted_bits(text: Characters) -> dict[str, float]:
    """Bits per held-out character of the models that only count, on the characters that the networks predict.

    Single characters: p₁(b) = (n_b + 1)/(n + K). Pairs, smoothed after Witten and Bell:
    p₂(b | a) = (n_ab + T_a p₁(b)) / (n_a + T_a), T_a being the number of different characters seen after a; triples
    likewise by pairs.
    """
    K, n = len(text.alphabet), len(text.train)
    p1 = (np.bincount(text.train, minlength=K) + 1) / (n + K)
    p2 = _smoothed(text.train, 2, K, p1)
    p3 = _smoothed(text.train, 3, K, p2)
    before = np.concatenate([text.train[-1:], text.test[:-2]])
    first, second = text.test[:-1], text.test[1:]
    return {
        "uniform": float(np.log2(K)),
        "single": float(-np.log2(p1[second]).mean()),
        "pairs": float(-np.log2(p2[first, second]).mean()),
        "triples": float(-np.log2(p3[before, first, second]).mean()),
    }


def _smoothed(ids: np.ndarray, order: int, K: int, shorter: np.ndarray) -> np.ndarray:
    """p(next | the order − 1 before), (K, …, K), falling back on the shorter history."""
    counts = np.zeros((K,) * order)
    np.add.at(counts, tuple(np.lib.stride_tricks.sliding_window_view(ids, order).T), 1)
    kinds = (counts > 0).sum(-1, keepdims=True)
    seen = counts.sum(-1, keepdims=True) + kinds
    return np.where(seen > 0, (counts + kinds * shorter) / np.maximum(seen, 1), shorter)


def _visible(character: str) -> str:
    return {"\n": "⏎", " ": "␣"}.get(character, character)
