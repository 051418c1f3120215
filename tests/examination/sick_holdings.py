"""Training loops with one fault each: who holds which parameter, what is cut off, tied or changed by others."""

from __future__ import annotations

import copy

import torch
from torch import nn

from tests.examination.digits_loop import Language, batches, convnet, loss_of, mlp, plain, sgd
from tests.examination.sick_loops import sick


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
