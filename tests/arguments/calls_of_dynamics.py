"""Right calls of gradient flow and what is measured beside it."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, new, of, tensors
from torch import nn

from gradus import theory


def calls_of_dynamics() -> dict[str, Example]:
    return {
        "gradus.theory.gradient_flow": of(
            theory.gradient_flow,
            gradient=torch.tanh,
            theta0=new(tensors, 0, 3),
            times=Fresh(lambda: torch.tensor([0.0, 0.5, 2.0])),
            tolerance=1e-6,
            most_gradients=1000,
        ),
        "gradus.theory.linear_mode": of(
            theory.linear_mode,
            strength=2.0,
            first=0.1,
            second=0.3,
            times=Fresh(lambda: torch.tensor([0.0, 0.5, 2.0])),
        ),
        "gradus.theory.compare_with_flow": of(
            theory.compare_with_flow,
            model=Fresh(lambda: model_of(nn.Linear)(in_features=3, out_features=1).double()),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: (tensors(0, 24, 3), 3 + tensors(1, 24, 1))),
            step_size=0.1,
            steps=2,
            most_gradients=1000,
        ),
    }
