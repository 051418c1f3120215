"""What `load` returns: a data set's arrays beside where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradus.text import Text

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """One data set, split into a training and a test part.

    Attributes:
        name: what `load` calls it.
        title: its name in English and Chinese.
        task: "classification" (targets are class numbers) or "regression" (targets are values).
        train_inputs, test_inputs: images as float32 of shape (N, C, H, W) with values in [0, 1]; tables as
            float64 of shape (N, features), in the units of the source, not standardised.
        train_targets, test_targets: int64 of shape (N,) for classification; float64 of shape (N,) or
            (N, targets) for regression.
        classes: the classes' names, in the order of their numbers; empty for regression.
        features: the columns' names; empty for images.
        source, licence, citation: where it comes from, under which terms, and what to cite.
        embedded: whether it comes with an installed package, so that no network is ever needed.

    Example:
        >>> from gradus.data import load
        >>> load("iris").features
        ('sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)')
    """

    name: str
    title: Text
    task: Task
    train_inputs: np.ndarray
    train_targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray
    classes: tuple[str, ...]
    features: tuple[str, ...]
    source: str
    licence: str
    citation: str
    embedded: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        return tuple(self.train_inputs.shape[1:])

    def __repr__(self) -> str:
        """The sizes instead of the arrays."""
        return (
            f"Dataset({self.name}: {len(self.train_inputs)} + {len(self.test_inputs)} of shape {self.shape})"
        )
