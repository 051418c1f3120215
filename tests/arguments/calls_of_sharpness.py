"""Right calls of the instruments of sharpness."""

from __future__ import annotations

from typing import Any

from calls_of_optimization import seeded
from example_calls import Example, Fresh, of, tensors
from torch import nn

from gradus import theory


def tracked(**settings: Any) -> Any:
    """What a tracker measures: its loss is used there alone."""
    pair = (tensors(0, 24, 3), 3 + tensors(1, 24, 1))
    return theory.SharpnessTracker(**settings)(seeded(nn.Linear, 3, 1), pair, 0)


def calls_of_sharpness() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    model = Fresh(lambda: seeded(nn.Linear, 3, 1))
    pair = Fresh(lambda: (tensors(0, 24, 3), 3 + tensors(1, 24, 1)))
    batches = Fresh(lambda: [(tensors(k, 6, 3), 3 + tensors(k + 9, 6, 1)) for k in range(3)])
    mse = nn.functional.mse_loss
    return {
        "gradus.theory.largest_stable_step": of(
            theory.largest_stable_step,
            model=model,
            loss=mse,
            data=batches,
            optimizer=None,
            stochastic=True,
            mean=True,
            tolerance=1e-3,
            max_products=20,
            seed=0,
        ),
        "gradus.theory.critical_sharpness": of(
            theory.critical_sharpness,
            model=model,
            loss=mse,
            data=pair,
            optimizer=None,
            update=None,
            tolerance=0.01,
            max_passes=9,
            seed=0,
        ),
        "gradus.theory.SharpnessTracker": of(
            tracked, loss=mse, optimizer=None, every=2, tolerance=1e-3, max_products=20, seed=0
        ),
    }
