"""Right calls of what bounds a loss that was not measured."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, new, of, tensors
from torch import nn

from gradus import theory


def linear() -> nn.Linear:
    """The same at every call."""
    layer = nn.Linear(3, 2, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(tensors(7, 2, 3))
        layer.bias.zero_()
    return layer


def calls_of_bounds() -> dict[str, Example]:
    return {
        "gradus.theory.rademacher_complexity": of(
            theory.rademacher_complexity,
            x=new(tensors, 0, 6, 3),
            weights="l1",
            radius=2.0,
            signs=Fresh(lambda: tensors(1, 4, 6).sign()),
            lipschitz=1.0,
            largest=1.0,
            confidence=0.9,
            draws=2,
            seed=0,
        ),
        "gradus.theory.rademacher_bound": of(
            theory.rademacher_bound,
            model=Fresh(lambda: nn.Linear(3, 2, dtype=torch.float64)),
            data=Fresh(lambda: [(tensors(0, 6, 3), torch.tensor([0, 1, 0, 1, 0, 1]))]),
            margin=1.0,
            confidence=0.9,
        ),
        "gradus.theory.vc_dimension": of(
            theory.vc_dimension,
            labellings=Fresh(lambda: torch.tensor([[0, 1, 0], [1, 1, 0]])),
            samples=10,
            confidence=0.9,
        ),
        "gradus.theory.vc_bound": of(
            theory.vc_bound,
            model=Fresh(lambda: nn.Linear(3, 2, dtype=torch.float64)),
            data=Fresh(lambda: [(tensors(0, 6, 3), torch.tensor([0, 1, 0, 1, 0, 1]))]),
            confidence=0.9,
        ),
        "gradus.theory.spectral_norm": of(
            theory.spectral_norm,
            layer=Fresh(lambda: nn.Linear(3, 2, dtype=torch.float64)),
            shape=(3,),
            products=5,
            seed=0,
        ),
        "gradus.theory.lipschitz_bound": of(
            theory.lipschitz_bound,
            model=Fresh(linear),
            inputs=new(tensors, 0, 4, 3),
            products=5,
            steps=2,
            seed=0,
        ),
        "gradus.theory.spectral_complexity": of(
            theory.spectral_complexity,
            kernels=Fresh(lambda: [tensors(0, 4, 2, 2, 2), tensors(1, 3, 16)]),
            x=new(tensors, 2, 2, 4, 3, 3),
            margin=1.0,
            confidence=0.9,
            stride=1,
            padding=0,
            dilation=1,
            groups=2,
        ),
        "gradus.theory.spectral_margin_bound": of(
            theory.spectral_margin_bound,
            model=Fresh(lambda: nn.Linear(3, 2, dtype=torch.float64)),
            data=Fresh(lambda: [(tensors(0, 6, 3), torch.tensor([0, 1, 0, 1, 0, 1]))]),
            margin=1.0,
            confidence=0.9,
            products=5,
        ),
        "gradus.theory.occam_bound": of(
            theory.occam_bound,
            model=Fresh(lambda: nn.Linear(3, 2, dtype=torch.float64)),
            data=Fresh(lambda: [(tensors(0, 6, 3), torch.tensor([0, 1, 0, 1, 0, 1]))]),
            levels=[3, 5],
            confidence=0.9,
        ),
        "gradus.theory.information_plane": of(
            theory.information_plane,
            activations=new(tensors, 0, 6, 2),
            labels=Fresh(lambda: torch.tensor([0, 1, 0, 1, 2, 1])),
            bins=4,
            low=-2.0,
            high=2.0,
            noise=0.3,
        ),
        "gradus.theory.measure_information": of(
            theory.measure_information,
            model=Fresh(linear),
            data=Fresh(lambda: [(tensors(0, 6, 3), torch.tensor([0, 1, 0, 1, 0, 1]))]),
            bins=[4, 9],
            noise=[0.3, 1.0],
        ),
    }
