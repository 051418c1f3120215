"""Right calls of the limits of descent and of the margins on the way there."""

from __future__ import annotations

import torch
from calls_of_optimization import seeded
from example_calls import Example, Fresh, of, tensors
from torch import nn

from gradus import theory


def calls_of_margins() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    x = tensors(0, 8, 3)
    batches = Fresh(lambda: [(tensors(k, 6, 3), torch.arange(6) % 2) for k in range(2)])
    return {
        "gradus.theory.implicit_bias": of(
            theory.implicit_bias, x=x, y=torch.where(x[:, 0] > 0, 1.0, -1.0).to(x), start=tensors(1, 3)
        ),
        "gradus.theory.normalized_margin": of(
            theory.normalized_margin, model=Fresh(lambda: seeded(nn.Linear, 3, 2)), data=batches
        ),
    }
