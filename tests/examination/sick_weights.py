"""Networks whose weights are sick."""

from __future__ import annotations

import math

import torch
from healthy_networks import Tied, language_model_tied
from planted_faults import (
    Case,
    Recurrent,
    Transformer,
    case,
    mlp,
    sick,
)
from torch import nn


@sick("gradients-vanish", "outputs-equal")
def weights_tiny() -> Case:
    return case(mlp(64, 48, 48, 48, 10, scale=0.01))


@sick("units-saturated")
def tanh_saturated() -> Case:
    return case(mlp(64, 48, 48, 10, act=nn.Tanh, scale=12.0))


@sick("units-saturated")
def sigmoid_saturated() -> Case:
    return case(mlp(64, 48, 48, 10, act=nn.Sigmoid, scale=30.0))


@sick("units-dead", "outputs-equal", "gradient-zero-part")
def relu_dead() -> Case:
    model = mlp(64, 48, 48, 10)
    nn.init.constant_(model[2].bias, -6.0)
    return case(model)


@sick("units-dead")
def relu_half_dead() -> Case:
    model = mlp(64, 48, 48, 10)
    with torch.no_grad():
        model[2].bias[:24] = -9.0
    return case(model)


@sick("signals-explode", "gradients-explode", "loss-above-chance")
def relu_exploding() -> Case:
    return case(mlp(64, *[48] * 7, 10, scale=4.0))


@sick("signals-explode", "loss-above-chance", "gradients-explode")
def rnn_exploding() -> Case:
    model = Recurrent(nn.RNN, nonlinearity="relu")
    nn.init.normal_(model.rnn.weight_hh_l0, std=1.0)
    return case(model, shape=(8, 8))


@sick("gradients-vanish")
def sigmoids_deep() -> Case:
    torch.manual_seed(0)
    parts: list[nn.Module] = [nn.Linear(64, 32), nn.Sigmoid()]
    for _ in range(8):
        parts += [nn.Linear(32, 32), nn.Sigmoid()]
    return case(nn.Sequential(*parts, nn.Linear(32, 10)))


@sick("gradient-zero-part", "outputs-equal", "units-alike", "gradient-zero")
def weights_zero() -> Case:
    model = mlp(64, 48, 48, 10)
    for p in model.parameters():
        nn.init.zeros_(p)
    return case(model)


@sick("units-alike")
def weights_constant() -> Case:
    model = mlp(64, 48, 10)
    nn.init.constant_(model[0].weight, 0.02)
    return case(model)


@sick("weights-equal")
def layer_copied() -> Case:
    model = mlp(64, 48, 48, 48, 10)
    model[4].load_state_dict(model[2].state_dict())
    return case(model)


@sick("weights-equal")
def tying_broken() -> Case:
    model = Tied()
    model.head.weight = nn.Parameter(model.embed.weight.detach().clone())
    return language_model_tied() | {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.05)}


@sick("layer-repeated")
def layer_listed_thrice() -> Case:
    layer = nn.Linear(48, 48)
    return case(nn.Sequential(nn.Linear(64, 48), nn.ReLU(), *[layer, nn.ReLU()] * 3, nn.Linear(48, 10)))


@sick("outputs-not-finite")
def parameter_nan() -> Case:
    model = mlp(64, 48, 10)
    with torch.no_grad():
        model[0].weight[3, 5] = math.nan
    return case(model)


@sick("attention-sharp")
def attention_saturated() -> Case:
    model = Transformer()
    with torch.no_grad():
        for block in model.blocks:
            block.self_attn.in_proj_weight[:64] *= 60
    return case(model, shape=(8, 8))


@sick("rank-collapsed", "outputs-equal")
def rank_collapsed() -> Case:
    model = mlp(64, *[32] * 10, 10)
    for layer in model[2:-1:2]:
        with torch.no_grad():
            layer.weight += 0.5
            layer.weight *= 0.1
    return case(model)
