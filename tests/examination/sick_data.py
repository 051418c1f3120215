"""Networks whose data or loss are sick."""

from __future__ import annotations

import math

import torch
from planted_faults import (
    HELD,
    Case,
    N,
    case,
    digits,
    mlp,
    sick,
)
from torch import nn
from torch.nn import functional as F


@sick("labels-unrelated")
def labels_shuffled() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    made["data"] = (x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))])
    return made


@sick("labels-noisy")
def labels_noisy() -> Case:
    x, y = digits()
    generator = torch.Generator().manual_seed(0)
    wrong = torch.rand(900, generator=generator) < 0.2
    y = torch.where(wrong, torch.randint(10, (900,), generator=generator), y[:900])
    return case(mlp(64, 48, 10)) | {"data": (x[:900], y), "held_out": None}


@sick("labels-conflict")
def labels_in_conflict() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    made["data"] = torch.cat([x, x[:60]]), torch.cat([y, (y[:60] + 1) % 10])
    return made


@sick("labels-outside")
def labels_from_one() -> Case:
    made = case(mlp(64, 48, 10))
    return made | {"data": (made["data"][0], made["data"][1] + 1)}


@sick("labels-no-distribution")
def smoothing_wrong() -> Case:
    made = case(mlp(64, 48, 10))
    soft = [F.one_hot(y, 10).float() + 0.1 for _, y in (made["data"], made["held_out"])]
    return made | {"data": (made["data"][0], soft[0]), "held_out": (made["held_out"][0], soft[1])}


@sick("loss-reversed")
def smoothing_of_nine_tenths() -> Case:
    return case(mlp(64, 48, 10), nn.CrossEntropyLoss(label_smoothing=0.9))


@sick("loss-reversed")
def loss_of_wrong_sign() -> Case:
    return case(mlp(64, 48, 10), lambda z, y: -F.cross_entropy(z, y))


@sick("targets-mixed")
def targets_broadcast() -> Case:
    x, y = digits()
    return case(mlp(64, 32, 1), F.mse_loss, rate=1e-3) | {
        "data": (x[:N], y[:N].float()),
        "held_out": (x[N : N + HELD], y[N : N + HELD].float()),
    }


@sick("data-leak")
def leak() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    u, v = made["held_out"]
    return made | {"held_out": (torch.cat([u, x[:60]]), torch.cat([v, y[:60]]))}


@sick("inputs-scale")
def inputs_not_scaled() -> Case:
    made = case(mlp(64, 48, 10), rate=1e-4)
    return made | {
        "data": (255 * made["data"][0], made["data"][1]),
        "held_out": (255 * made["held_out"][0], made["held_out"][1]),
    }


@sick("held-out-scale")
def held_out_not_scaled() -> Case:
    made = case(mlp(64, 48, 10))
    return made | {"held_out": (16 * made["held_out"][0], made["held_out"][1])}


@sick("feature-scale")
def one_feature_large() -> Case:
    made = case(mlp(64, 48, 10), rate=1e-4)
    x = made["data"][0]
    x[:, 20] *= 1000
    made["held_out"][0][:, 20] *= 1000
    return made


@sick("data-not-finite")
def data_nan() -> Case:
    made = case(mlp(64, 48, 10))
    made["data"][0][17, 3] = math.nan
    return made


@sick("classes-missing")
def class_missing() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    return made | {"data": (x[y != 3], y[y != 3])}


@sick("samples-repeated")
def samples_repeated() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    return made | {"data": (torch.cat([x, x[:150]]), torch.cat([y, y[:150]]))}


@sick("loss-fails")
def targets_of_another_type() -> Case:
    made = case(mlp(64, 48, 10))
    return made | {"data": (made["data"][0], made["data"][1].float())}
