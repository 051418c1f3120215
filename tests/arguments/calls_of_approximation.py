"""Right calls of what approximates functions by networks."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, new, of, tensors
from torch import nn

from gradus import theory


def product(x: torch.Tensor) -> torch.Tensor:
    return x.prod(-1)


def rectified() -> nn.Module:
    with torch.random.fork_rng([]):
        return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()


def calls_of_approximation() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    return {
        "gradus.theory.bump_network": of(
            theory.bump_network,
            f=product,
            dimension=2,
            cells=3,
            lower=-1.0,
            upper=Fresh(lambda: torch.tensor([1.0, 2.0])),
            dtype=torch.float64,
        ),
        "gradus.theory.bump_error": of(
            theory.bump_error, dimension=3, cells=4, constant=2.0, exponent=0.5, side=1.0
        ),
        "gradus.theory.bump_cells": of(
            theory.bump_cells, error=0.1, dimension=2, constant=1.0, exponent=0.5, side=2.0
        ),
        "gradus.theory.linear_pieces": of(
            theory.linear_pieces,
            model=Fresh(rectified),
            start=new(tensors, 0, 3),
            end=new(tensors, 1, 3),
            walkers=2,
            most=50,
        ),
        "gradus.theory.sawtooth_network": of(theory.sawtooth_network, depth=2, folds=3),
        "gradus.theory.greedy_network": of(
            theory.greedy_network,
            inputs=new(tensors, 0, 6, 3),
            targets=new(tensors, 1, 6),
            units=2,
            variation=2.0,
            candidates=4,
            seed=0,
        ),
    }
