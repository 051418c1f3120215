"""Training loops with one fault each, and no sign of it but a bad model: what becomes of gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from tests.examination.digits_loop import Loop, batches, loss_of, mlp, sgd

#: The check that must name a loop's fault, the last step at which it may, and the loop.
SICK: dict[str, tuple[str, int, Loop]] = {}


def sick(check: str, by: int) -> Callable[[Loop], Loop]:
    """Enters a loop."""

    def enter(loop: Loop) -> Loop:
        SICK[loop.__name__] = check, by, loop
        return loop

    return enter


@sick("not-zeroed", 2)
def gradients_not_zeroed(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("not-zeroed", 2)
def gradients_of_another_optimizer_zeroed(watch):
    model, other = mlp(), mlp()
    optimizer, wrong = torch.optim.Adam(model.parameters()), sgd(other)
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            wrong.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("not-zeroed", 7)
def zeroing_forgotten_later(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(10)):
            if i < 6:
                optimizer.zero_grad(set_to_none=False)
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("zeroed-before-step", 1)
def zeroed_between_backward_and_step(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            loss_of(model, x, y).backward()
            optimizer.zero_grad()
            optimizer.step()
    return w


@sick("zeroed-before-step", 1)
def zeroed_in_place_between_backward_and_step(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            loss_of(model, x, y).backward()
            optimizer.zero_grad(set_to_none=False)
            optimizer.step()
    return w


@sick("gradient-used-twice", 2)
def stepped_twice(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(5):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
            optimizer.step()
    return w


@sick("accumulation-not-divided", 1)
def accumulation_not_divided(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(16)):
            loss_of(model, x, y).backward()
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    return w


@sick("loss-scale-left", 1)
def scaled_loss_never_unscaled(watch):
    model = mlp()
    optimizer, scaler = torch.optim.Adam(model.parameters()), torch.amp.GradScaler("cpu")
    with watch(model, optimizer) as w:
        for x, y in batches(6):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.float16):
                loss = loss_of(model, x, y)
            scaler.scale(loss).backward()
            optimizer.step()
    return w


@sick("no-loss-scale", 1)
def half_precision_without_loss_scale(watch):
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    with watch(model, optimizer) as w:
        for x, y in batches(6):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.float16):
                loss = loss_of(model, x, y)
            loss.backward()
            optimizer.step()
    return w


@sick("loss-without-model", 1)
def loss_made_anew(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(6):
            optimizer.zero_grad()
            loss = loss_of(model, x, y)
            torch.tensor(loss.item(), requires_grad=True).backward()
            optimizer.step()
    return w


@sick("loss-detached", 1)
def loss_detached(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(3):
            optimizer.zero_grad()
            loss = loss_of(model, x, y).detach()
            try:
                loss.backward()
            except RuntimeError:  # as a loop does that goes on over bad batches
                continue
            optimizer.step()
    return w


@sick("clipped-always", 12)
def clipped_to_nothing(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(14):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            optimizer.step()
    return w


@sick("non-finite-gradient", 3)
def root_of_zero(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(5)):
            optimizer.zero_grad()
            loss = loss_of(model, x, y)
            if i == 2:  # the norm of a difference of equals
                out = model(x)
                loss = loss + (out - out).square().sum().sqrt()
            loss.backward()
            optimizer.step()
    return w


@sick("non-finite-forward", 3)
def logarithm_of_zero(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(5)):
            optimizer.zero_grad()
            p = model(x).softmax(-1)
            if i == 2:
                p = torch.where(F.one_hot(y, 10).bool(), 0.0, p)
            (-p.log().gather(1, y[:, None]).mean()).backward()
            optimizer.step()
    return w


@sick("non-finite-forward", 4)
def nan_in_a_batch(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(5)):
            optimizer.zero_grad()
            if i == 3:
                x[5, 7] = float("nan")
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("never-stepped", 1)
def step_forgotten(watch):
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for x, y in batches(6):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
    return w


@sick("loss-without-model", 3)
def generator_cut_off(watch):
    torch.manual_seed(0)
    g, d = nn.Linear(16, 64), nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    og, od = sgd(g), sgd(d)
    loss = F.binary_cross_entropy_with_logits
    with watch(nn.ModuleDict({"g": g, "d": d}), [og, od]) as w:
        for x, _ in batches(6):
            od.zero_grad()
            fake = g(torch.randn(64, 16)).detach()
            (loss(d(x), torch.ones(64, 1)) + loss(d(fake), torch.zeros(64, 1))).backward()
            od.step()
            og.zero_grad()
            loss(d(fake), torch.ones(64, 1)).backward()
            og.step()
    return w
