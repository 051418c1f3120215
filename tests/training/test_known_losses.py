"""Which loss functions are known by their kind; and a penalty on the weights counts, however it is attached."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.training import fit
from gradus.training.known_losses import describe_function, known_loss

X = torch.tensor([[1.0], [2.0], [3.0]])
Y = 2 * X


def one_weight() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(1, 1, bias=False))
    nn.init.ones_(model[0].weight)
    return model


def ends(model: nn.Module, loss: Any, **settings: Any) -> float:
    settings = {"epochs": 200, "batch_size": 3, "optimizer": "sgd", "learning_rate": 0.02} | settings
    fit(model, loss, (X, Y), progress="silent", **settings)
    return float(next(model.parameters()).detach())


class Penalised(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.held = [model]

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(outputs, targets) + 10 * self.held[0][0].weight.square().sum()


class OwnLoss(nn.MSELoss):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.parameters_of = model.parameters

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return super().forward(outputs, targets) + 10 * sum(p.square().sum() for p in self.parameters_of())


def replaced(model: nn.Module) -> nn.Module:
    loss = nn.MSELoss()
    loss.forward = lambda o, t: F.mse_loss(o, t) + 10 * model[0].weight.square().sum()  # type: ignore[method-assign,index]
    return loss


def by_hook(model: nn.Module) -> nn.Module:
    loss = nn.MSELoss()
    loss.register_forward_hook(lambda m, i, value: value + 10 * model[0].weight.square().sum())  # type: ignore[index]
    return loss


def with_default(model: nn.Module) -> Callable[..., torch.Tensor]:
    def loss(o: torch.Tensor, t: torch.Tensor, w: torch.Tensor = model[0].weight) -> torch.Tensor:  # type: ignore[index]
        return F.mse_loss(o, t) + 10 * w.square().sum()

    return loss


PENALTIES: dict[str, Callable[[nn.Module], Any]] = {
    "a closure": lambda m: lambda o, t: F.mse_loss(o, t) + 10 * m[0].weight.square().sum(),
    "a default": with_default,
    "a module": Penalised,
    "a class derived from PyTorch's": OwnLoss,
    "a forward pass replaced": replaced,
    "a hook of the loss": by_hook,
    "a partial": lambda m: functools.partial(with_default(m), w=m[0].weight),
    "weights of the samples": lambda m: functools.partial(F.mse_loss, weight=1 + 10 * m[0].weight.square() * 3 / (Y - X * m[0].weight).square().sum().detach()),
}  # fmt: skip


@pytest.mark.parametrize("compile", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [name for name in PENALTIES if name != "weights of the samples"])
def test_a_penalty_on_the_weights_counts(name: str, compile: bool) -> None:
    model = one_weight()
    # mean of (2x − wx)² + 10 w² is least at w = 2 S / (S + 10) with S = mean of x² = 14/3
    assert ends(model, PENALTIES[name](model), compile=compile) == pytest.approx(0.6363636, abs=1e-6)


def test_options_that_hold_a_weight_are_not_plain() -> None:
    model = one_weight()
    weight = model[0].weight
    assert known_loss(functools.partial(F.mse_loss, weight=weight)) is None
    assert known_loss(nn.CrossEntropyLoss(weight=weight * 2)) is None  # type: ignore[arg-type]
    assert known_loss(nn.CrossEntropyLoss(weight=torch.ones(2))) is not None


def test_the_losses_that_are_known() -> None:
    for loss in (
        F.mse_loss,
        nn.MSELoss(),
        functools.partial(F.huber_loss, delta=0.5),
        nn.CrossEntropyLoss(label_smoothing=0.1),
    ):
        assert known_loss(loss) is not None
    for loss in (
        lambda o, t: F.mse_loss(o, t),
        functools.partial(F.mse_loss, X),
        3,
        None,
        F.relu,
    ):
        assert known_loss(loss) is None
    assert describe_function(F.cross_entropy) == describe_function(nn.CrossEntropyLoss()) == "cross_entropy()"
    assert "label_smoothing=0.1" in describe_function(nn.CrossEntropyLoss(label_smoothing=0.1))
