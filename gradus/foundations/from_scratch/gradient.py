"""The loss of a batch and its gradient by the tape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradus.foundations.autodiff import value_and_grad


def loss_and_gradient(
    logits: Callable[[Mapping[str, Any], Any], Any],
    loss: Callable[[Any, np.ndarray], Any],
    parameters: dict[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
) -> tuple[float, dict[str, np.ndarray], np.ndarray]:
    """The loss of a batch, its gradient by the tape, and the logits.

    Args:
        logits: `(parameters, x) -> (..., k)`, written in NumPy.
        loss: `(logits (n, k), targets (n,)) -> number`, written in NumPy.
        parameters: arrays by name.
        x: the inputs of the batch.
        y: their targets, class numbers, of the shape of the logits without the last axis.

    Cost: a few times that of the logits.
    """
    values: list[Any] = []

    def of_parameters(p: Mapping[str, Any]) -> Any:
        z = logits(p, x)
        values.append(getattr(z, "value", z))
        return loss(np.reshape(z, (-1, np.shape(z)[-1])), y.ravel())

    value, gradient = value_and_grad(of_parameters)(parameters)
    return float(value), gradient, values[0]
