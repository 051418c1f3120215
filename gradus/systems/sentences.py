"""The movie-review sentences of Pang and Lee: where they lie, and how they are read."""

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

NAME = "rt-polarity"
FOLDERS = ("rt-polarity", "rt_polarity", "rt-polaritydata", ".")
FILES = {  # label: (name, sha256)
    0: ("rt-polarity.neg", "4ace77d558c3714723843f1d65b60c01e3417b208180f0728808d76ad0eeeaca"),
    1: ("rt-polarity.pos", "2da124ec187a9d5a29c9f04e91c540e02baed5af8868f550a26bd6fd4dbf8bf0"),
}
SOURCE = "Pang and Lee (2005), sentence polarity dataset v1.0, as in github.com/yoonkim/CNN_sentence"


@dataclass(frozen=True, eq=False)
class Sentences:
    """Sentences and their classes.

    Attributes:
        name: of the data set.
        sentences: the texts, tokens separated by blanks.
        targets: class numbers (n,).
        classes: the classes' names.
    """

    name: str
    sentences: tuple[str, ...]
    targets: np.ndarray
    classes: tuple[str, ...]

    def summary(self) -> DataSummary:
        """What a report says of them."""
        from gradus.report import DataSummary

        return DataSummary(
            Text("Movie-review sentences", "影评句子"),
            SOURCE,
            "none stated",
            (),
            self.classes,
            {"all": len(self.sentences)},
            Text("Ten folds, shuffled by the seed.", "10 折，由种子打乱。"),
            "Pang, B., Lee, L. (2005). Seeing stars. Proceedings of ACL, 115–124.",
        )


def load(name: str, data_dir: str | Path | None = None) -> Any:
    """The sentences, or a data set of `gradus.data.load`.

    Raises:
        GradusError: the files are not there or are other ones; or as `gradus.data.load`.
    """
    if name != NAME:
        from gradus.data import load as load_data

        return load_data(name, data_dir)
    texts: list[str] = []
    targets: list[int] = []
    for label in FILES:
        lines = _read(label, data_dir).decode("cp1252", errors="replace").splitlines()
        texts += [line.strip() for line in lines]
        targets += [label] * len(lines)
    return Sentences(NAME, tuple(texts), np.array(targets), ("negative", "positive"))


def present(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether the data set is there."""
    return name != NAME or all(_find(label, data_dir) for label in FILES)


def _find(label: int, data_dir: str | Path | None) -> Path | None:
    from gradus.data import data_directory

    root = data_directory(data_dir)
    return next((p for f in FOLDERS if (p := root / f / FILES[label][0]).is_file()), None)


def _read(label: int, data_dir: str | Path | None) -> bytes:
    from gradus.data import data_directory

    name, expected = FILES[label]
    path = _find(label, data_dir)
    if path is None:
        raise GradusError(
            f"{NAME}: expected {data_directory(data_dir) / NAME / name}; get the two files from {SOURCE}, or give --data-dir"
        )
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise GradusError(f"{path}: corrupted: expected sha256 {expected}, got {found}")
    return content
