"""Right calls of what looks at the loss along lines and curves."""

from __future__ import annotations

import torch
from calls_of_optimization import seeded
from example_calls import Example, Fresh, new, of, tensors
from torch import nn

from gradus import theory


def net() -> nn.Module:
    return seeded(nn.Linear, 3, 1)


def direction() -> dict[str, torch.Tensor]:
    return theory.random_direction(net(), seed=1)


def calls_of_landscape() -> dict[str, Example]:
    """Of every public function, by its full name."""
    model, loss = Fresh(net), nn.functional.mse_loss
    data = Fresh(lambda: [tensors(0, 6, 3), tensors(1, 6, 1)])
    points = Fresh(lambda: [net().state_dict(), {"weight": tensors(2, 1, 3), "bias": tensors(3, 1)}])
    return {
        "gradus.theory.random_direction": of(
            theory.random_direction, model=model, normalize="filter", vectors="zero", seed=0
        ),
        "gradus.theory.normalize_direction": of(
            theory.normalize_direction,
            model=model,
            direction=Fresh(direction),
            normalize="layer",
            vectors="whole",
        ),
        "gradus.theory.loss_slice": of(
            theory.loss_slice,
            model=model,
            loss=loss,
            data=data,
            direction=Fresh(direction),
            a=new(tensors, 2, 4),
            second=Fresh(direction),
            b=new(tensors, 3, 2),
            mean=True,
            norm_data=Fresh(lambda: [tensors(0, 6, 3)]),
            together=2,
        ),
        "gradus.theory.loss_along": of(
            theory.loss_along,
            model=model,
            loss=loss,
            data=data,
            points=points,
            t=Fresh(lambda: torch.tensor([0.0, 0.5])),
            kind="polygon",
            mean=True,
            norm_data=Fresh(lambda: [tensors(0, 6, 3)]),
            together=2,
        ),
        "gradus.theory.connect_modes": of(
            theory.connect_modes,
            model=model,
            loss=loss,
            data=data,
            start=Fresh(lambda: net().state_dict()),
            end=Fresh(lambda: {"weight": tensors(2, 1, 3), "bias": tensors(3, 1)}),
            bends=1,
            kind="bezier",
            steps=2,
            lr=0.01,
            seed=0,
        ),
    }
