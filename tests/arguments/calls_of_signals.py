"""Right calls of mean field and of the signals of a model."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, of, tensors
from torch import nn

from gradus import theory


def calls_of_signals() -> dict[str, Example]:
    return {
        "gradus.theory.mean_field": of(
            theory.mean_field, phi=torch.tanh, sigma_w=1.3, sigma_b=0.2, q=1.0, c=0.5, layers=2
        ),
        "gradus.theory.mean_field_limit": of(
            theory.mean_field_limit, phi=torch.tanh, sigma_w=1.0, sigma_b=0.5
        ),
        "gradus.theory.critical_weights": of(theory.critical_weights, phi=torch.tanh, q=0.5),
        "gradus.theory.measure_signals": of(
            theory.measure_signals,
            model=Fresh(lambda: model_of(nn.Linear)(in_features=3, out_features=1).double()),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 24, 3), 3 + tensors(1, 24, 1)]),
        ),
    }
