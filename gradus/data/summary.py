"""What is said of a data set wherever its result is shown: title, source, licence, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gradus.data.dataset import Dataset
from gradus.text import Text


@dataclass(frozen=True)
class DataSummary:
    """The data: name, source, licence, shape of one example, classes, sizes by part, and how it was split."""

    title: Text
    source: str
    licence: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    sizes: Mapping[str, int]
    split: Text = Text("", "")
    citation: str = ""

    @classmethod
    def of(cls, dataset: Dataset | Summarised, split: Text = Text("", ""), **sizes: int) -> DataSummary:
        """From a loaded data set, or what says itself; `sizes` replaces or adds parts, such as `validation`."""
        if isinstance(dataset, Summarised):
            return dataset.summary()
        parts = {"train": len(dataset.train_inputs), "test": len(dataset.test_inputs)} | sizes
        d = dataset
        return cls(d.title, d.source, d.licence, d.shape, d.classes, parts, split, d.citation)


@runtime_checkable
class Summarised(Protocol):
    """Data that are no `Dataset`, such as sentences, and say themselves what is shown of them."""

    def summary(self) -> DataSummary:
        """What is said of them."""
