"""Right calls of what is promised of descent with noisy gradients, and of what is measured of it."""

from __future__ import annotations

from calls_of_optimization import seeded
from example_calls import Example, Fresh, of, tensors
from torch import nn

from gradus import theory


def calls_of_convergence() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    model = Fresh(lambda: seeded(nn.Linear, 3, 1))
    pair = Fresh(lambda: (tensors(0, 24, 3), 3 + tensors(1, 24, 1)))
    return {
        "gradus.theory.sgd_bounds": of(
            theory.sgd_bounds,
            step_sizes=tensors(0, 2, 5).abs() / 10 + 0.01,
            distance=1.0,
            second_moment=2.0,
            gap=0.5,
            smoothness=2.0,
            variance=0.3,
            growth=0.5,
            pl=0.4,
        ),
        "gradus.theory.noise_floor": of(
            theory.noise_floor,
            model=model,
            loss=nn.functional.mse_loss,
            data=pair,
            optimizer=None,
            step=0.01,
            batch_size=4,
            steps=100,
            batches=6,
            probes=2,
            products=3,
            chunk=8,
            seed=0,
        ),
    }
