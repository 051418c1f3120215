"""The data sets that scikit-learn or Gradus brings along, so that everything runs without a network."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

from gradus.data.dataset import Dataset
from gradus.data.registry import Entry

TEST_PART = 0.2


def load_embedded(entry: Entry, seed: int) -> Dataset:
    """Splits an embedded data set into four fifths and a held-out fifth, the classes in equal parts in both."""
    from sklearn.model_selection import train_test_split

    inputs, targets, features = _arrays(entry.name)
    stratify = targets if entry.task == "classification" else None
    train_x, test_x, train_y, test_y = train_test_split(
        inputs, targets, test_size=TEST_PART, random_state=seed, stratify=stratify
    )
    return Dataset(
        name=entry.name,
        title=entry.title,
        task=entry.task,
        train_inputs=np.ascontiguousarray(train_x),
        train_targets=np.ascontiguousarray(train_y),
        test_inputs=np.ascontiguousarray(test_x),
        test_targets=np.ascontiguousarray(test_y),
        classes=entry.classes,
        features=features,
        source=entry.source,
        licence=entry.licence,
        citation=entry.citation,
        embedded=True,
    )


def _arrays(name: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """All inputs, all targets, and the columns' names."""
    if name == "co2":  # the middle of each month as a year with decimals, parts per million
        lines = (files("gradus.data") / "co2.csv").read_text(encoding="ascii").splitlines()
        table = np.array([line.split(",") for line in lines[1:]], np.float64)
        return table[:, :1].copy(), table[:, 1].copy(), ("year",)
    from sklearn import datasets

    if name == "digits":  # counts 0…16 of the pixels set in each 4×4 block
        bunch: Any = datasets.load_digits()
        images = (bunch.images[:, None] / 16).astype(np.float32)  # (N, 1, 8, 8)
        return images, bunch.target.astype(np.int64), ()
    if name == "diabetes":
        # in their own units: scikit-learn's scaled columns use the mean and norm of the test part too
        bunch = datasets.load_diabetes(scaled=False)
    else:
        bunch = getattr(datasets, f"load_{name.replace('-', '_')}")()
    regression = name in ("diabetes", "linnerud")
    targets = bunch.target.astype(np.float64 if regression else np.int64)
    return bunch.data.astype(np.float64), targets, tuple(map(str, bunch.feature_names))
