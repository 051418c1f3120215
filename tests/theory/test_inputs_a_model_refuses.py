"""What a model raises at its inputs is said of the argument, with the model's own error as its cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gradus import theory
from gradus.errors import GradusError

LOSS = nn.functional.cross_entropy
CALLS: list[Callable[[nn.Module, tuple[torch.Tensor, torch.Tensor]], Any]] = [
    lambda model, data: theory.loss_smoothness(model, LOSS, data, [0.1]),
    lambda model, data: theory.noise_floor(model, LOSS, data, step=0.1, batch_size=2),
    lambda model, data: theory.occam_bound(model, [data], levels=(3,)),
    lambda model, data: theory.normalized_margin(model, [data]),
    lambda model, data: theory.dropout_predictions(nn.Sequential(nn.Dropout(), model), data[0]),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("inputs", [torch.ones(4, 1), torch.ones(4, 3, dtype=torch.float64)])
def test_it_is_said_and_the_model_stays(call: Callable[..., Any], inputs: torch.Tensor) -> None:
    model = nn.Linear(3, 2, bias=False)
    before = model.weight.detach().clone()
    with pytest.raises(GradusError, match="expected inputs that the model takes, got RuntimeError") as caught:
        call(model, (inputs, torch.tensor([0, 1, 0, 1])))
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert model.weight.grad is None
    assert torch.equal(model.weight, before)
