"""Data as plain rows: every input one vector around 0 with entries of size 1, a part of them held out by the seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradus.data import Dataset
from gradus.systems.folds import all_rows, resplit


class Rows(NamedTuple):
    """Rows to learn from, and rows that are held out.

    Attributes:
        inputs: (n, d), float32.
        targets: class numbers (n,).
        test_inputs: (m, d).
        test_targets: (m,).
        classes: how many there are.
    """

    inputs: np.ndarray
    targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray
    classes: int


def plain_rows(data: Dataset, seed: int, most: int | None = None) -> Rows:
    """All of the data, a fifth held out; the mean of each column is taken off and one scale divides all of them.

    Args:
        data: with classes.
        seed: chooses the held-out fifth, the classes in equal parts in both.
        most: learn from so many rows at most, the first of the seed's order.
    """
    images, y = all_rows(data)
    X = images.reshape(len(images), -1).astype(np.float64)
    learn, held = resplit(y, seed)
    learn, held = learn[:most], held[:most]
    mean = X[learn].mean(0)
    scale = np.sqrt(np.mean((X[learn] - mean) ** 2)) or 1.0
    train, test = (((X[rows] - mean) / scale).astype(np.float32) for rows in (learn, held))
    return Rows(train, y[learn], test, y[held], len(data.classes))
