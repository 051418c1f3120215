"""Training loops with one fault each, and no sign of it but a bad model: gradients, and who holds which parameter."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from tests.examination.digits_loop import Loop, batches, convnet, loss_of, mlp, plain, sgd

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


@sick("other-parameters", 0)
def optimizer_of_a_copy(watch):
    model = mlp()
    optimizer = sgd(copy.deepcopy(model))
    return plain(watch, model, optimizer, 4)


@sick("other-parameters", 2)
def head_replaced_after_the_optimizer_was_made(watch):
    model = mlp()
    optimizer = sgd(model)
    model[4] = nn.Linear(32, 10)
    return plain(watch, model, optimizer, 4)


@sick("not-held", 2)
def layer_in_no_group(watch):
    model = mlp()
    optimizer = torch.optim.SGD([*model[0].parameters(), *model[2].parameters()], lr=0.1)
    return plain(watch, model, optimizer, 4)


@sick("frozen", 0)
def layer_frozen_in_the_midst(watch):
    model = mlp()
    model[2].requires_grad_(False)
    return plain(watch, model, sgd(model), 4)


class Cut(nn.Module):
    """Three layers; what the second gets is cut off."""

    def __init__(self, how: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.how = how
        self.first, self.second, self.third = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)

    def forward(self, x):
        h = self.first(x).relu()
        if self.how == "detach":
            return self.third(self.second(h.detach()).relu())
        with torch.no_grad():
            h = self.second(h).relu()
        return self.third(h)


@sick("cut-off", 1)
def layer_cut_off_by_detach(watch):
    model = Cut("detach")
    return plain(watch, model, sgd(model), 4)


@sick("cut-off", 1)
def layer_cut_off_by_no_grad(watch):
    model = Cut("no_grad")
    return plain(watch, model, sgd(model), 4)


@sick("two-optimizers", 0)
def two_optimizers_on_one_parameter(watch):
    model = mlp()
    one, other = sgd(model), torch.optim.Adam(model[4].parameters())
    with watch(model, [one, other]) as w:
        for x, y in batches(4):
            one.zero_grad()
            loss_of(model, x, y).backward()
            one.step()
            other.step()
    return w


@sick("two-optimizers", 1)
def second_optimizer_that_nobody_told_of(watch):
    model = mlp()
    one, other = sgd(model), torch.optim.Adam(model.parameters())
    with watch(model, one) as w:
        for x, y in batches(4):
            one.zero_grad()
            loss_of(model, x, y).backward()
            one.step()
            other.step()
    return w


class Language(nn.Module):
    """A bag of symbols that predicts the next; the table of the input serves as that of the output."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(17, 24)
        self.hidden = nn.Linear(24, 24)
        self.decoder = nn.Linear(24, 17, bias=False)
        self.decoder.weight = self.table.weight

    def forward(self, x):
        return self.decoder(self.hidden(self.table((x[:, :8] * 16).long()).mean(1)).relu())


@sick("tie-broken", 0)
def tied_weights_copied(watch):
    model = Language()
    model.decoder.weight = nn.Parameter(model.table.weight.detach().clone())
    return plain(watch, model, sgd(model), 4)


@sick("tie-broken", 2)
def tied_weights_broken_on_the_way(watch):
    model = Language()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(4)):
            if i == 1:
                model.decoder.weight = nn.Parameter(torch.randn(17, 24) * 0.1)
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("changed-outside", 3)
def weights_written_behind_the_optimizer(watch):
    model = convnet()
    optimizer = sgd(model)
    start = copy.deepcopy(model.state_dict())
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(5)):
            if i == 2:
                model.load_state_dict(start)
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w
