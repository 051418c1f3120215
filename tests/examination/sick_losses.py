"""Networks whose outputs are not what the loss takes, or are dropped before it; optimisers whose settings keep them from learning."""

from __future__ import annotations

from typing import Any

import torch
from planted_faults import Case, case, digits, mlp, sick
from torch import Tensor, nn
from torch.nn import functional as F


def soft(model: nn.Module, loss: Any) -> Case:
    """Smoothed labels as targets."""
    made = case(model, loss)
    x, y = made["data"]
    return made | {"data": (x, 0.9 * F.one_hot(y, 10).float() + 0.01), "held_out": None}


@sick("nll-of-scores")
def kl_of_probabilities() -> Case:
    return soft(nn.Sequential(mlp(64, 48, 10), nn.Softmax(-1)), nn.KLDivLoss(reduction="batchmean"))


@sick("nll-of-scores")
def kl_of_logits() -> Case:
    return soft(mlp(64, 48, 10), nn.KLDivLoss())


@sick("nll-of-scores")
def cross_entropy_by_hand_of_probabilities() -> Case:
    return soft(nn.Sequential(mlp(64, 48, 10), nn.Softmax(-1)), lambda q, p: -(p * q).sum(-1).mean())


@sick("nll-of-scores")
def nll_summed_of_probabilities() -> Case:
    return case(nn.Sequential(mlp(64, 48, 10), nn.Softmax(-1)), nn.NLLLoss(reduction="sum"), rate=1e-4)


@sick("targets-no-logarithms")
def kl_of_targets_without_logarithm() -> Case:
    loss = nn.KLDivLoss(reduction="batchmean", log_target=True)
    return soft(nn.Sequential(mlp(64, 48, 10), nn.LogSoftmax(-1)), loss)


@sick("outputs-dropped")
def dropout_on_the_logits() -> Case:
    return case(nn.Sequential(mlp(64, 48, 10), nn.Dropout(0.3)))


@sick("outputs-dropped")
def dropout_before_the_last_softmax() -> Case:
    return case(nn.Sequential(mlp(64, 48, 10), nn.Dropout(0.2), nn.LogSoftmax(-1)).eval(), F.nll_loss)


@sick("outputs-dropped")
def mask_drawn_on_the_outputs() -> Case:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp(64, 32, 1)

        def forward(self, x: Tensor) -> Tensor:
            z = self.net(x)
            return torch.sigmoid(z * torch.bernoulli(torch.full_like(z, 0.8)) if self.training else z)

    x, y = digits()
    return case(Masked(), F.binary_cross_entropy) | {
        "data": (x[:240], (y[:240] > 4).float()[:, None]),
        "held_out": None,
    }


def trained_by(kind: type[torch.optim.Optimizer], **options: Any) -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=kind(model.parameters(), **options))


@sick("setting-harmful")
def adam_with_decay_of_ten() -> Case:
    return trained_by(torch.optim.Adam, weight_decay=10)


@sick("setting-harmful")
def adam_with_epsilon_of_a_hundred() -> Case:
    return trained_by(torch.optim.Adam, eps=100)


@sick("setting-harmful")
def rmsprop_that_never_forgets() -> Case:
    return trained_by(torch.optim.RMSprop, lr=1e-3, alpha=1.0)


@sick("setting-harmful")
def descent_that_climbs() -> Case:
    return trained_by(torch.optim.SGD, lr=0.05, maximize=True)


@sick("setting-harmful")
def momentum_of_one() -> Case:
    return trained_by(torch.optim.SGD, lr=0.05, momentum=1.0)
