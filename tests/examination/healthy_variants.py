"""More training loops that are right: schedules, clipping, ties, several groups, unusual networks."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from tests.examination.digits_loop import Language, batches, convnet, digits, loss_of, mlp, plain, sgd
from tests.examination.healthy_loops import STEPS, adam, healthy, trained


@healthy
def tied_weights(watch):
    model = Language()
    return trained(watch, model, adam(model, 1e-2))


@healthy
def clipped_now_and_then(watch):
    model = mlp()
    return trained(
        watch, model, sgd(model), between=lambda: nn.utils.clip_grad_norm_(model.parameters(), 0.5), steps=30
    )


@healthy
def warm_up_and_cosine(watch):
    model = mlp()
    optimizer = sgd(model)
    up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 5))
    return trained(watch, model, optimizer, after=lambda _: up.step(), steps=30)


@healthy
def one_cycle(watch):
    model = mlp()
    optimizer = sgd(model, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=31)
    return trained(watch, model, optimizer, after=lambda _: schedule.step(), steps=30)


@healthy
def dropout(watch):
    model = mlp(nn.Dropout(0.5))
    return trained(watch, model, adam(model))


@healthy
def whole_data_set_at_once(watch):
    model = mlp()
    optimizer = sgd(model, 0.5, momentum=0.9)
    x, y = digits()
    with watch(model, optimizer) as w:
        for _ in range(12):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@healthy
def trained_until_the_loss_is_small(watch):
    model = mlp(width=64)
    optimizer = adam(model, 1e-2)
    x, y = (t[:300] for t in digits())
    with watch(model, optimizer) as w:
        for _ in range(60):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    assert loss_of(model, x, y) < 1e-2
    return w


@healthy
def recomputed_activations(watch):
    class Thrifty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = mlp()

        def forward(self, x):
            return self.body[2:](checkpoint(self.body[:2], x, use_reentrant=False))

    model = Thrifty()
    return trained(watch, model, sgd(model))


@healthy
def residual_network_from_zero(watch):
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.into = nn.Linear(64, 32)
            self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32)) for _ in range(6))  # fmt: skip
            for block in self.blocks:
                nn.init.zeros_(block[3].weight)
            self.head = nn.Linear(32, 10)
            nn.init.zeros_(self.head.weight)

        def forward(self, x):
            h = self.into(x)
            for block in self.blocks:
                h = h + block(h)
            return self.head(h)

    model = Residual()
    return trained(watch, model, adam(model, 3e-3))


@healthy
def group_with_its_own_rate_and_decay(watch):
    model = convnet()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "lr": 1e-2, "weight_decay": 0.0}]
    return trained(watch, model, torch.optim.AdamW(groups, 3e-3))


@healthy
def two_optimizers_for_two_parts(watch):
    model = mlp()
    one, other = sgd(model[0]), torch.optim.Adam([*model[2].parameters(), *model[4].parameters()])
    with watch(model, [one, other]) as w:
        for x, y in batches(STEPS):
            for optimizer in (one, other):
                optimizer.zero_grad()
            loss_of(model, x, y).backward()
            for optimizer in (one, other):
                optimizer.step()
    return w


@healthy
def second_optimizer_not_named(watch):
    model = mlp()
    one, other = sgd(model[0]), torch.optim.Adam([*model[2].parameters(), *model[4].parameters()])
    with watch(model, one) as w:
        for x, y in batches(STEPS):
            model.zero_grad()
            loss_of(model, x, y).backward()
            one.step()
            other.step()
    return w


@healthy
def autoencoder(watch):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 8), nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 64), nn.Sigmoid())  # fmt: skip
    optimizer = adam(model, 1e-2)
    with watch(model, optimizer) as w:
        for x, _ in batches(40):
            optimizer.zero_grad()
            F.mse_loss(model(x), x).backward()
            optimizer.step()
    return w


@healthy
def sums_in_place_of_means(watch):
    model = mlp()
    optimizer = sgd(model, 1e-3)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(2 * STEPS, 32)):
            F.cross_entropy(model(x), y, reduction="sum").backward()
            if i % 2:
                optimizer.step()
                optimizer.zero_grad()
    return w


@healthy
def two_classes(watch):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = adam(model, 1e-2)
    with watch(model, optimizer) as w:
        for x, y in batches(40):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x)[:, 0], (y % 2).float()).backward()
            optimizer.step()
    return w


@healthy
def gradients_taken_without_backward(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(STEPS):
            gradients = torch.autograd.grad(loss_of(model, x, y), list(model.parameters()))
            for p, g in zip(model.parameters(), gradients, strict=True):
                p.grad = g
            optimizer.step()
    return w


@healthy
def fused_update_of_several_groups(watch):
    model = mlp()
    optimizer = torch.optim.AdamW(
        [{"params": m.parameters()} for m in (model[0], model[2], model[4])], 1e-3, fused=True
    )
    return plain(watch, model, optimizer, STEPS)
