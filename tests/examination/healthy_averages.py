"""Training loops that are right: averages of the weights beside the loop, and a closure."""

from __future__ import annotations

import copy

import torch
from torch import nn

from tests.examination.digits_loop import convnet, digits, loss_of, mlp, sgd
from tests.examination.healthy_loops import adam, healthy, trained


@healthy
def moving_average_beside(watch):
    model = mlp(nn.Dropout(0.1))
    with_copy: list[nn.Module] = []

    def average(_: int) -> None:
        if not with_copy:
            with_copy.append(copy.deepcopy(model).eval())
        with torch.no_grad():
            for slow, fast in zip(with_copy[0].parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 0.01)
            with_copy[0](digits()[0][:10])

    return trained(watch, model, adam(model), after=average)


@healthy
def moving_average_swapped_in_for_validation(watch):
    model = convnet()
    average = torch.optim.swa_utils.AveragedModel(model)

    def validate(i: int) -> None:
        average.update_parameters(model)
        if i % 4 == 3:
            kept = copy.deepcopy(model.state_dict())
            model.load_state_dict(average.module.state_dict())
            model.eval()
            with torch.no_grad():
                model(digits()[0][:100])
            model.train()
            model.load_state_dict(kept)

    return trained(watch, model, sgd(model), after=validate)


@healthy
def weights_averaged(watch):
    model = convnet()
    optimizer = sgd(model)
    averaged = torch.optim.swa_utils.AveragedModel(model)
    schedule = torch.optim.swa_utils.SWALR(optimizer, 0.05, anneal_epochs=3)
    w = trained(watch, model, optimizer, after=lambda i: (averaged.update_parameters(model), schedule.step()))
    torch.optim.swa_utils.update_bn([digits()[0][:64]], averaged)
    return w


@healthy
def closure_of_lbfgs(watch):
    model = mlp()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5, line_search_fn="strong_wolfe")
    x, y = (t[:256] for t in digits())

    def closure():
        optimizer.zero_grad()
        loss = loss_of(model, x, y)
        loss.backward()
        return loss

    with watch(model, optimizer) as w:
        for _ in range(10):
            optimizer.step(closure)
    return w
