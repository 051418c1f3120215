"""Loading, listing and fetching data sets by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from gradus.arguments import flag, whole
from gradus.data.dataset import Dataset, Task
from gradus.data.reading import located, read_cifar_set, read_idx_set
from gradus.data.registry import ENTRIES, Entry, entry_of
from gradus.data.store import data_directory
from gradus.text import Text

State = Literal["embedded", "available", "incomplete", "absent"]
STATES: dict[State, Text] = {
    "embedded": Text("embedded", "内置"),
    "available": Text("available", "可用"),
    "incomplete": Text("incomplete", "不完整"),
    "absent": Text("needs download", "需下载"),
}


@dataclass(frozen=True)
class Listed:
    """One row of the list of data sets.

    `bytes` is the size of the download (0 when embedded), `where` the folder in which its files lie or would lie.

    Example:
        >>> rows = {row.name: row for row in list_datasets()}
        >>> rows["digits"].shape, rows["digits"].train, rows["digits"].test
        ((1, 8, 8), 1437, 360)
    """

    name: str
    title: Text
    task: Task
    shape: tuple[int, ...]
    train: int
    test: int
    classes: int
    state: State
    bytes: int
    where: str
    licence: str

    @property
    def state_text(self) -> Text:
        """The state in English and Chinese."""
        return STATES[self.state]


def load(name: str, data_dir: str | Path | None = None, seed: int = 0, download: bool = False) -> Dataset:
    """Loads a data set by name; of a graph the features of its nodes alone (`load_graph` gives all of it).

    Args:
        name: one of `list_datasets()`.
        data_dir: the folder of downloaded files; else GRADUS_DATA, else the user's cache. Embedded sets ignore it.
        seed: chooses the held-out fifth of an embedded set; 0 is the standard one. Others come with their test part.
        download: fetches missing files instead of raising; damaged ones still raise.

    Raises:
        GradusError: unknown name (the nearest is suggested); files missing, truncated, corrupted (each is named).

    Example:
        >>> digits = load("digits")
        >>> digits.train_inputs.shape, digits.test_inputs.shape
        ((1437, 1, 8, 8), (360, 1, 8, 8))
    """
    seed, download = whole("seed", seed, least=0, most=2**32 - 1), flag("download", download)
    entry, root = entry_of(name), data_directory(data_dir)
    if entry.embedded:
        from gradus.data.embedded import load_embedded

        return load_embedded(entry, seed)
    if download and None in located(entry, root):
        from gradus.data.fetching import fetch

        fetch(name, data_dir)
    if entry.format == "planetoid":
        from gradus.data.graphs import features_table, load_graph

        return features_table(load_graph(name, data_dir), entry)
    read = read_idx_set if entry.format == "idx" else read_cifar_set
    return _dataset(entry, *read(entry, root))


def list_datasets(data_dir: str | Path | None = None) -> list[Listed]:
    """A row for each known data set; looks for files, but does not read them.

    Example:
        >>> [row.name for row in list_datasets() if row.state == "embedded"]
        ['digits', 'iris', 'wine', 'breast-cancer', 'diabetes', 'linnerud', 'co2']
    """
    return [_row(entry, data_dir) for entry in ENTRIES.values()]


def _row(entry: Entry, data_dir: str | Path | None) -> Listed:
    state: State = "embedded"
    where: str = entry.format
    if not entry.embedded:
        root = data_directory(data_dir)
        files = [path for path in located(entry, root) if path]
        state = "available" if len(files) == len(entry.files) else "incomplete" if files else "absent"
        where = str(files[0].parent if files else root / entry.name)
    return Listed(
        name=entry.name,
        title=entry.title,
        task=entry.task,
        shape=entry.shape,
        train=entry.train,
        test=entry.test,
        classes=len(entry.classes),
        state=state,
        bytes=sum(file.size for file in entry.files),
        where=where,
        licence=entry.licence,
    )


def _dataset(
    entry: Entry, train_x: np.ndarray, train_y: np.ndarray, test_x: np.ndarray, test_y: np.ndarray
) -> Dataset:
    return Dataset(
        name=entry.name,
        title=entry.title,
        task=entry.task,
        train_inputs=_unit_interval(train_x),
        train_targets=train_y.astype(np.int64),
        test_inputs=_unit_interval(test_x),
        test_targets=test_y.astype(np.int64),
        classes=entry.classes,
        features=(),
        source=entry.source,
        licence=entry.licence,
        citation=entry.citation,
        embedded=False,
    )


def _unit_interval(pixels: np.ndarray) -> np.ndarray:
    """Bytes 0…255 as float32 in [0, 1]."""
    scaled: np.ndarray = np.divide(pixels, np.float32(255), dtype=np.float32)
    return scaled
