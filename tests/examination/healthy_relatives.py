"""Healthy networks beside the sick ones of `sick_leaks` and `sick_losses`: what they look like, and are not."""

from __future__ import annotations

import torch
from planted_faults import HELD, Case, N, case, digits, healthy, mlp
from sick_losses import soft, trained_by
from torch import nn
from torch.nn import functional as F


@healthy
def kl_of_log_probabilities() -> Case:
    return soft(nn.Sequential(mlp(64, 48, 10), nn.LogSoftmax(-1)), nn.KLDivLoss(reduction="batchmean"))


@healthy
def kl_of_two_logarithms() -> Case:
    def loss(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.kl_div(z, y.log(), log_target=True, reduction="batchmean")

    return soft(nn.Sequential(mlp(64, 48, 10), nn.LogSoftmax(-1)), loss)


@healthy
def distillation() -> Case:
    def loss(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return 4 * F.kl_div((z / 2).log_softmax(-1), y, reduction="batchmean")

    return soft(mlp(64, 48, 10), loss)


@healthy
def dropout_before_the_head() -> Case:
    torch.manual_seed(0)
    features = [nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Dropout2d(0.2)]
    return case(nn.Sequential(*features, nn.Conv2d(16, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()))


@healthy
def adam_with_usual_settings() -> Case:
    return trained_by(torch.optim.Adam, lr=1e-3, weight_decay=1e-4, eps=1e-7)


def divided(x: torch.Tensor, y: torch.Tensor, outputs: int = 2) -> Case:
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    one, two = order[: 2 * N], order[2 * N : 2 * N + HELD]
    made = case(mlp(x.shape[1], 32, outputs), F.mse_loss if y.is_floating_point() else F.cross_entropy)
    return made | {"data": (x[one], y[one]), "held_out": (x[two], y[two])}


@healthy
def windows_of_a_series() -> Case:
    """Each window overlaps with its neighbours; held-out ones lie between those of training."""
    t = torch.linspace(0, 20, 800)
    series = torch.sin(t) + 0.3 * torch.sin(3.1 * t)
    return divided(series.unfold(0, 64, 1)[:640], series[144:784][:, None], 1)


@healthy
def points_near_a_plane() -> Case:
    """A threshold on one coordinate: to be learnt, and given away by no feature."""
    generator = torch.Generator().manual_seed(0)
    place = torch.randn(700, 2, generator=generator)
    return divided(place @ torch.randn(2, 40, generator=generator), (place[:, 0] > 0).long())


@healthy
def categories() -> Case:
    """Few values, many equal samples, a label that five features vote for."""
    bits = (torch.rand(700, 20, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    return divided(2 * bits - 1, (bits[:, :5].sum(1) > 2).long())


@healthy
def threshold_on_one_feature() -> Case:
    x = torch.randn(700, 8, generator=torch.Generator().manual_seed(0))
    return divided(x, (x[:, 0] > 0).long())


@healthy
def a_digit_beside_its_parity() -> Case:
    """A feature that says something of the label, and not all."""
    x, y = digits()
    x = torch.cat([x, (y % 2)[:, None].float()], 1)
    return case(mlp(65, 48, 10)) | {"data": (x[:N], y[:N]), "held_out": (x[N : N + HELD], y[N : N + HELD])}
