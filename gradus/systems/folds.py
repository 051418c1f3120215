"""Cross-validation: every row is predicted by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradus.data import Dataset
from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.text import Text

FOLDS = 10


def folds(n: int, seed: int, count: int = FOLDS) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows 0 … n−1 in random order, cut into `count` parts: (the others, the part), for each part.

    Raises:
        GradusError: there are fewer rows than parts.
    """
    if n < count:
        raise GradusError(
            Text(
                f"expected at least {count} rows for {count} folds, got {n}",
                f"{count} 折至少需要 {count} 行，得到 {n} 行",
            )
        )
    parts = np.array_split(np.random.default_rng(seed).permutation(n), count)
    for i, part in enumerate(parts):
        yield np.concatenate([*parts[:i], *parts[i + 1 :]]), part


def out_of_fold(
    predict: Callable[[np.ndarray, np.ndarray], Any], n: int, seed: int, count: int = FOLDS
) -> np.ndarray:
    """The prediction of each row, (n, …), by `predict(rows to learn from, rows to predict)`."""
    out: np.ndarray | None = None
    for learn, part in folds(n, seed, count):
        value = np.asarray(predict(learn, part))
        if out is None:
            out = np.empty((n, *value.shape[1:]), value.dtype)
        out[part] = value
    assert out is not None
    return out


def all_rows(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of both parts of a data set together."""
    return (
        np.concatenate([data.train_inputs, data.test_inputs]),
        np.concatenate([data.train_targets, data.test_targets]),
    )


def resplit(y: np.ndarray, seed: int, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out, the classes in equal parts in both."""
    from sklearn.model_selection import train_test_split

    learn, held = train_test_split(np.arange(len(y)), test_size=share, random_state=seed, stratify=y)
    return learn, held


def cross_validated_summary(data: Dataset) -> DataSummary:
    """What a report says of a data set of which every row is predicted once."""
    return _summary(data, Text("Ten folds, shuffled by the seed.", "10 折，由种子打乱。"))


def resplit_summary(data: Dataset) -> DataSummary:
    """What a report says of a data set of which the seed holds out a fifth."""
    return _summary(data, Text("The seed chooses the held-out fifth.", "种子决定留出哪五分之一。"))


def unsupervised_summary(data: Dataset) -> DataSummary:
    """What a report says of a data set of which nothing is held out."""
    return _summary(data, Text("All are used; nothing is predicted.", "全部使用，不作预测。"))


def _summary(data: Dataset, split: Text) -> DataSummary:
    sizes = {"all": len(data.train_targets) + len(data.test_targets)}
    return replace(DataSummary.of(data, split), sizes=sizes)
