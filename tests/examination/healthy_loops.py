"""Training loops that are right, of the kinds that people write: a watch has nothing to say of them but notes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from tests.examination.digits_loop import (
    Attending,
    Loop,
    batches,
    convnet,
    digits,
    loss_of,
    mlp,
    plain,
    sgd,
)

HEALTHY: dict[str, Loop] = {}
STEPS = 14


def healthy(loop: Loop) -> Loop:
    """Enters a loop."""
    HEALTHY[loop.__name__] = loop
    return loop


def adam(model: nn.Module, lr: float = 1e-3, **options) -> torch.optim.Adam:
    return torch.optim.Adam(model.parameters(), lr, **options)


def trained(watch: Callable, model: nn.Module, optimizer, between=None, after=None, steps: int = STEPS):
    """A right loop, with something between backward pass and step, and after the step."""
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(steps)):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            if between:
                between()
            optimizer.step()
            if after:
                after(i)
    return w


@healthy
def mlp_by_descent(watch):
    model = mlp()
    return plain(watch, model, sgd(model), 60)


@healthy
def mlp_by_adam_zeroed_in_place(watch):
    model = mlp()
    optimizer = adam(model)
    with watch(model, optimizer) as w:
        for x, y in batches(STEPS):
            loss_of(model, x, y).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
    return w


@healthy
def mlp_by_adamw(watch):
    model = mlp()
    return plain(
        watch, model, torch.optim.AdamW(model.parameters(), 1e-2, weight_decay=0.1, foreach=True), 40
    )


@healthy
def convolutions_with_batch_norm_and_validation(watch):
    model = convnet()

    def validate(i: int) -> None:
        if i % 5 == 4:
            model.eval()
            with torch.no_grad():
                model(digits()[0][:200])
            model.train()

    return trained(watch, model, sgd(model, momentum=0.9), after=validate)


@healthy
def recurrent_network(watch):
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.rnn, self.head = nn.LSTM(8, 24, batch_first=True), nn.Linear(24, 10)

        def forward(self, x):
            return self.head(self.rnn(x.reshape(-1, 8, 8))[0][:, -1])

    model = Reader()
    return trained(watch, model, adam(model, 1e-2))


@healthy
def transformer(watch):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.body = (
                nn.Linear(8, 16),
                nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
            )
            self.head = nn.Linear(16, 10)

        def forward(self, x):
            return self.head(self.body(self.embed(x.reshape(-1, 8, 8))).mean(1))

    model = Model()
    return trained(watch, model, torch.optim.AdamW(model.parameters(), 1e-3), steps=12)


@healthy
def attention_written_out(watch):
    model = Attending(fused=False)
    return trained(watch, model, adam(model, 3e-3))


@healthy
def adversaries_in_turn(watch):
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 64), nn.Sigmoid())
    d = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    both = nn.ModuleDict({"g": g, "d": d})
    og, od = adam(g, 2e-4, betas=(0.5, 0.999)), adam(d, 2e-4, betas=(0.5, 0.999))
    loss = F.binary_cross_entropy_with_logits
    with watch(both, [og, od]) as w:
        for x, _ in batches(STEPS):
            z = torch.randn(64, 16)
            od.zero_grad()
            loss(d(x), torch.ones(64, 1)).backward()
            loss(d(g(z).detach()), torch.zeros(64, 1)).backward()
            od.step()
            og.zero_grad()
            loss(d(g(z)), torch.ones(64, 1)).backward()
            og.step()
    return w


@healthy
def critic_watched_alone(watch):
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 64))
    d = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    og, od = adam(g, 2e-4), adam(d, 2e-4)
    with watch(d, od) as w:
        for x, _ in batches(STEPS):
            with torch.no_grad():
                z = g(torch.randn(64, 16))
            od.zero_grad()
            (d(z).mean() - d(x).mean()).backward()
            od.step()
            with torch.no_grad():
                for p in d.parameters():
                    p.clamp_(-0.1, 0.1)
            og.zero_grad()
            (-d(g(torch.randn(64, 16))).mean()).backward()
            og.step()
    return w


@healthy
def generator_watched_alone(watch):
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 64))
    d = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    og, od = adam(g, 2e-4), adam(d, 2e-4)
    loss = F.binary_cross_entropy_with_logits
    with watch(g, og) as w:
        for x, _ in batches(STEPS):
            with torch.no_grad():
                fake = g(torch.randn(64, 16))
            od.zero_grad()
            (loss(d(x), torch.ones(64, 1)) + loss(d(fake), torch.zeros(64, 1))).backward()
            od.step()
            og.zero_grad()
            loss(d(g(torch.randn(64, 16))), torch.ones(64, 1)).backward()
            og.step()
    return w


@healthy
def accumulation_divided(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(4 * STEPS, 16)):
            (loss_of(model, x, y) / 4).backward()
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    return w


@healthy
def two_losses_one_after_the_other(watch):
    model = mlp()
    optimizer = sgd(model, 0.05)
    with watch(model, optimizer) as w:
        for x, y in batches(STEPS):
            optimizer.zero_grad()
            out = model(x)
            F.cross_entropy(out, y).backward(retain_graph=True)
            (1e-3 * out.square().mean()).backward()
            optimizer.step()
    return w


@healthy
def mixed_precision(watch):
    model = mlp()
    optimizer = adam(model)
    with watch(model, optimizer) as w:
        for x, y in batches(STEPS):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = loss_of(model, x, y)
            loss.backward()
            optimizer.step()
    return w


@healthy
def half_precision_with_loss_scale(watch):
    model = mlp()
    optimizer, scaler = adam(model), torch.amp.GradScaler("cpu")
    with watch(model, optimizer) as w:
        for x, y in batches(STEPS):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.float16):
                loss = loss_of(model, x, y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
    return w


@healthy
def frozen_backbone(watch):
    model = convnet()
    for layer in model[:6]:
        layer.requires_grad_(False)
        layer.eval()
    return trained(watch, model, torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1))


@healthy
def frozen_backbone_held_too(watch):
    model = mlp()
    model[0].requires_grad_(False)
    model[2].requires_grad_(False)
    return trained(watch, model, sgd(model))


@healthy
def low_rank_adapters(watch):
    class Adapted(nn.Module):
        def __init__(self, plain: nn.Linear) -> None:
            super().__init__()
            self.plain = plain.requires_grad_(False)
            self.a = nn.Parameter(torch.randn(2, plain.in_features) * 0.1)
            self.b = nn.Parameter(torch.zeros(plain.out_features, 2))

        def forward(self, x):
            return self.plain(x) + x @ self.a.T @ self.b.T

    model = mlp()
    for i in (0, 2, 4):
        model[i] = Adapted(model[i])
    return trained(watch, model, torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-2))
