"""Texts as characters: where they lie, how they are read and cut."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradus.arguments import choice
from gradus.data.store import compare, data_directory, read_exactly
from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.text import Text

SHAKESPEARE = (
    "tinyshakespeare/input.txt",
    1_115_394,  # bytes
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
        title, source, licence: what a report says of it.

    Example:
        >>> text = Characters("letters", "ab", np.array([0, 1, 0]), np.array([1, 1]))
        >>> "".join(text.alphabet[i] for i in text.train)
        'aba'
    """

    name: str
    alphabet: str
    train: np.ndarray
    test: np.ndarray
    title: Text = Text("A text, characters", "文本（字符）")
    source: str = ""
    licence: str = ""

    @property
    def shape(self) -> tuple[int]:
        """How many characters there are."""
        return (len(self.train) + len(self.test),)

    def summary(self) -> DataSummary:
        """What a report says of it."""
        split = Text(
            f"The last tenth is held out; its first {len(self.test) - 1} characters after the first are predicted.",
            f"最后十分之一留作测试，对其首字符之后的 {len(self.test) - 1} 个字符作预测。",
        )
        classes = tuple(_visible(c) for c in self.alphabet)
        sizes = {"train": len(self.train), "test": len(self.test)}
        return DataSummary(self.title, self.source, self.licence, (), classes, sizes, split)


def load_characters(name: str, data_dir: str | Path | None = None) -> Characters:
    """A text by its name: alice, which is embedded, or tinyshakespeare.

    Raises:
        GradusError: there is no text of that name, it is not there, or it is another one.

    Example:
        >>> text = load_characters("alice")
        >>> "".join(text.alphabet[i] for i in text.train[:15])
        'alice was begin'
        >>> len(text.alphabet), len(text.train), len(text.test)
        (40, 10073, 1120)
    """
    choice("name", name, TEXTS)
    if data_dir is not None:
        data_directory(data_dir)
    if name == "alice":
        text = (Path(__file__).parent / "alice.txt").read_text(encoding="utf-8")
    else:
        text = _shakespeare(data_dir)
    return of_text(name, text, *TEXTS[name])


def of_text(name: str, text: str, title: Text, source: str, licence: str) -> Characters:
    """A text as the numbers of its characters, its last tenth held out."""
    alphabet = "".join(sorted(set(text)))
    numbers = {character: i for i, character in enumerate(alphabet)}
    ids = np.array([numbers[c] for c in text])
    n = int((1 - HELD_OUT) * len(ids))
    return Characters(name, alphabet, ids[:n], ids[n : n + MOST + 1], title, source, licence)


def characters_present(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether the text is there."""
    return name == "alice" or (data_directory(data_dir) / SHAKESPEARE[0]).is_file()


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


def _shakespeare(data_dir: str | Path | None) -> str:
    path = data_directory(data_dir) / SHAKESPEARE[0]
    if not path.is_file():
        raise GradusError(
            Text(
                f"tinyshakespeare: expected {path}; get it from {TEXTS['tinyshakespeare'][1]}, or give --data-dir",
                f"tinyshakespeare：缺少 {path}；请从 {TEXTS['tinyshakespeare'][1]} 下载，或用 --data-dir 指定其所在文件夹",
            )
        )
    content = read_exactly(path, SHAKESPEARE[1])  # a file of another size is not read at all
    compare(path, hashlib.sha256(content).hexdigest(), SHAKESPEARE[2])
    return content.decode("ascii")


def _visible(character: str) -> str:
    return {"\n": "⏎", " ": "␣"}.get(character, character)
