"""Samples on which losses are tried, and the symbols of predictions, targets and labels."""

import numpy as np

from gradus.page import Symbol

PREDICTION = Symbol(r"\hat y", "y_hat", "n", "predictions")


TARGET = Symbol("y", "y", "n", "targets")


COUNT = Symbol("n", "", "", "number of samples")


def pairs(rng):
    """Predictions and targets on which every regression loss is tried."""
    yield "random", dict(y_hat=rng.standard_normal(7), y=rng.standard_normal(7))
    yield "one sample", dict(y_hat=np.array([2.0]), y=np.array([-1.0]))
    yield "large errors", dict(y_hat=1e3 * rng.standard_normal(5), y=rng.standard_normal(5))
    y = 1e8 + rng.standard_normal(6)
    yield "far from 0", dict(y_hat=y + rng.standard_normal(6), y=y)
    yield "long", dict(y_hat=rng.standard_normal(1500), y=rng.standard_normal(1500))


def unequal(rng):
    """Inputs that every regression loss refuses."""
    yield "more targets than predictions", dict(y_hat=np.ones(3), y=np.ones(4))
    yield "two rows against three", dict(y_hat=np.ones((2, 3)), y=np.ones((3, 2)))


def sample():
    """Eleven skewed targets for the figures."""
    return np.array([0.1, 0.2, 0.35, 0.5, 0.6, 0.8, 1.0, 1.3, 1.8, 2.4, 3.2])


LABELS = Symbol("y", "y", "n", "true classes, 0 … k−1", "index")
