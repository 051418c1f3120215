"""Networks whose training is sick: optimiser, gradients, modes."""

from __future__ import annotations

import copy

import torch
from planted_faults import (
    Case,
    case,
    cnn,
    mlp,
    sick,
    trained,
)
from torch.nn import functional as F


@sick("layer-frozen")
def layer_frozen() -> Case:
    model = mlp(64, 48, 48, 48, 10)
    model[2].requires_grad_(False)
    return case(model)


@sick("optimiser-foreign")
def optimiser_of_a_copy() -> Case:
    model = mlp(64, 48, 10)
    return case(model, optimizer=torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.05))


@sick("optimiser-lacks")
def optimiser_lacks_the_head() -> Case:
    model = mlp(64, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model[:2].parameters(), lr=0.05))


@sick("step-diverges", "step-large")
def step_too_large() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=20.0))


@sick("step-diverges", "step-large")
def momentum_step_too_large() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=4.0, momentum=0.9))


@sick("step-diverges", "step-large")
def adam_step_too_large() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.Adam(model.parameters(), lr=1.0))


@sick("step-small")
def step_too_small() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=1e-7))


@sick("step-zero")
def step_zero() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.0))


@sick("decay-large")
def decay_too_large() -> Case:
    model = mlp(64, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5))


@sick("grad-accumulated")
def gradients_not_zeroed() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    for k in range(12):
        part = slice(20 * k, 20 * k + 20)
        F.cross_entropy(made["model"](x[part]), y[part]).backward()
    return made


@sick("gap-wide")
def learnt_by_heart() -> Case:
    made = case(mlp(64, 128, 10))
    x, y = made["data"][0][:120], made["data"][1][:120].clone()
    y[::2] = (y[::2] + 1 + torch.arange(60) % 9) % 10
    made["data"] = (x, y)
    optimizer = torch.optim.Adam(made["model"].parameters(), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        F.cross_entropy(made["model"](x), y).backward()
        optimizer.step()
    made["model"].zero_grad()
    return made


@sick("calibration-off")
def overconfident() -> Case:
    made = case(trained(mlp(64, 48, 10), 25))
    with torch.no_grad():
        made["model"][2].weight *= 40
        made["model"][2].bias *= 40
    return made


@sick("norm-stale")
def norm_never_saw_data() -> Case:
    made = case(cnn().eval(), shape=(1, 8, 8))
    made["data"] = (5 * made["data"][0], made["data"][1])
    made["held_out"] = (5 * made["held_out"][0], made["held_out"][1])
    return made


@sick("mode-mixed")
def norm_training_in_evaluation() -> Case:
    model = trained(cnn(), 20, (1, 8, 8)).eval()
    model[1].train()
    return case(model, shape=(1, 8, 8))
