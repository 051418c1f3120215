"""The movie-review sentences of Pang and Lee: where they lie, and how they are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradus.data.store import compare, data_directory, read_exactly
from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.text import Text

NAME = "rt-polarity"
FOLDERS = ("rt-polarity", "rt_polarity", "rt-polaritydata", ".")
FILES = {  # label: (name, bytes, sha256)
    0: ("rt-polarity.neg", 612_256, "4ace77d558c3714723843f1d65b60c01e3417b208180f0728808d76ad0eeeaca"),
    1: ("rt-polarity.pos", 626_139, "2da124ec187a9d5a29c9f04e91c540e02baed5af8868f550a26bd6fd4dbf8bf0"),
}
CITATION = "Pang, B., Lee, L. (2005). Seeing stars. Proceedings of ACL, 115–124."
SOURCE = "Pang and Lee (2005), sentence polarity dataset v1.0, as in github.com/yoonkim/CNN_sentence"


@dataclass(frozen=True, eq=False)
class Sentences:
    """Sentences and their classes.

    Attributes:
        name: of the data set.
        sentences: the texts, tokens separated by blanks.
        targets: class numbers (n,).
        classes: the classes' names.
        title, source: what a report calls them, and where they are from.

    Example:
        >>> reviews = Sentences("mine", ("a fine film .", "dull ."), np.array([1, 0]), ("negative", "positive"))
        >>> reviews.classes[reviews.targets[0]]
        'positive'
    """

    name: str
    sentences: tuple[str, ...]
    targets: np.ndarray
    classes: tuple[str, ...]
    title: Text = Text("Sentences", "句子")
    source: str = ""

    def summary(self) -> DataSummary:
        """What a report says of them."""
        return DataSummary(
            self.title,
            self.source,
            "none stated" if self.name == NAME else "",
            (),
            self.classes,
            {"all": len(self.sentences)},
            Text("Ten folds, shuffled by the seed.", "10 折，由种子打乱。"),
            CITATION if self.name == NAME else "",
        )


def load_sentences(data_dir: str | Path | None = None) -> Sentences:
    """The sentences of rt-polarity, those against first.

    Raises:
        GradusError: a file is not there, or is another one.
    """
    texts: list[str] = []
    targets: list[int] = []
    for label in FILES:
        lines = _content(label, data_dir).decode("cp1252", errors="replace").splitlines()
        texts += [line.strip() for line in lines]
        targets += [label] * len(lines)
    title = Text("Movie-review sentences", "影评句子")
    return Sentences(NAME, tuple(texts), np.array(targets), ("negative", "positive"), title, SOURCE)


def sentences_present(data_dir: str | Path | None = None) -> bool:
    """Whether both files are there."""
    return all(_path(label, data_dir) for label in FILES)


def _path(label: int, data_dir: str | Path | None) -> Path | None:
    root = data_directory(data_dir)
    return next((p for f in FOLDERS if (p := root / f / FILES[label][0]).is_file()), None)


def _content(label: int, data_dir: str | Path | None) -> bytes:
    name, size, expected = FILES[label]
    path = _path(label, data_dir)
    if path is None:
        raise GradusError(
            Text(
                f"{NAME}: expected {data_directory(data_dir) / NAME / name}; get the two files from {SOURCE}, or give --data-dir",
                f"{NAME}：缺少 {data_directory(data_dir) / NAME / name}；请按出处下载两个文件（{SOURCE}），或用 --data-dir 指定其所在文件夹",
            )
        )
    content = read_exactly(path, size)  # a file of another size is not read at all
    compare(path, hashlib.sha256(content).hexdigest(), expected)
    return content
