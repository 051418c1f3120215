"""Right calls of what counts dimensions."""

from __future__ import annotations

import torch
from calls_of_optimization import seeded
from example_calls import Example, Fresh, new, of, tensors
from torch import nn

from gradus import theory


def gram() -> torch.Tensor:
    A = tensors(0, 6, 4)
    return A.mT @ A


def calls_of_dimensions() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    model = Fresh(lambda: seeded(nn.Linear, 3, 1))
    return {
        "gradus.theory.effective_dimension": of(
            theory.effective_dimension, matrix=Fresh(gram), damping=0.5, probes=2, steps=3, seed=0
        ),
        "gradus.theory.subspace_fit": of(
            theory.subspace_fit,
            matrix=Fresh(gram),
            columns=new(tensors, 1, 4, 2),
            displacement=new(tensors, 2, 4),
        ),
        "gradus.theory.RandomSubspace": of(
            theory.RandomSubspace, model=model, dimension=2, projection="sparse", seed=0
        ),
    }
