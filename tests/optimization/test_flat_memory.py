"""Which parameters are moved into one buffer, which are left where others see them, and which come later."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW

from gradus import GradusError
from gradus.optimization import FlatUpdate


def aliased(kind: str) -> tuple[nn.Module, Any]:
    net = nn.Linear(3, 2)
    match kind:
        case "detached":
            return net, net.weight.detach()
        case "array":
            return net, net.bias.detach().numpy()
        case "state":
            return net, net.state_dict()
        case "two in one":
            net.other = nn.Parameter(net.weight.data)
        case "shared":
            net.share_memory()
        case "strided":
            net.weight = nn.Parameter(torch.randn(3, 2).t())
        case "class":
            net.weight = type("Weight", (nn.Parameter,), {})(torch.randn(2, 3))
    return net, None


@pytest.mark.parametrize("kind", ["detached", "array", "state", "two in one", "shared", "strided", "class"])
def test_parameters_that_others_use_are_left_where_they_are(kind: str) -> None:
    net, other = aliased(kind)
    places = [p.data_ptr() for p in net.parameters()]
    optimizer = SGD(net.parameters(), fused=True)
    with pytest.raises(GradusError, match=r"parameter [01] is"):
        FlatUpdate(optimizer)
    assert [p.data_ptr() for p in net.parameters()] == places
    del other, optimizer


def test_what_nobody_reaches_any_more_does_not_count() -> None:
    net = nn.Linear(3, 2)
    cycle: list[Any] = [net.weight.detach()]
    cycle.append(cycle)
    gc.disable()
    try:
        del cycle
        FlatUpdate(SGD(net.parameters(), fused=True)).release()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda p: Adam(p), "fused=True"),
        (lambda p: Adam(p, fused=True, amsgrad=True), "amsgrad"),
        (lambda p: torch.optim.Adagrad(p), "Adagrad"),
        (lambda p: SGD([p[0].requires_grad_(False)], fused=True), "requires a gradient"),
        (lambda p: p, "Optimizer"),
    ],
)
def test_optimisers_without_it_are_told(make: Callable[[Any], Any], why: str) -> None:
    with pytest.raises(GradusError, match=why):
        FlatUpdate(make(list(nn.Linear(2, 2).parameters())))


@pytest.mark.parametrize(
    "make", [lambda p: AdamW(p, lr=0.01, fused=True), lambda p: Adam(p, lr=0.01, fused=True)]
)
@pytest.mark.parametrize("late", ["thawed", "added"])
def test_parameters_that_come_later_are_trained_as_by_the_optimiser(
    make: Callable[..., Any], late: str
) -> None:
    ends = []
    for flat in (False, True):
        torch.manual_seed(0)
        net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(8, 3)
        net[0].requires_grad_(late == "added")
        optimizer = make(net.parameters() if late == "thawed" else net[2].parameters())
        update = FlatUpdate(optimizer) if flat else optimizer
        start = net[0].weight.detach().clone()
        for t in range(6):
            if t == 2 and late == "thawed":
                net[0].requires_grad_()
            elif t == 2:
                optimizer.add_param_group({"params": list(net[0].parameters())})
            update.zero_grad()
            net(x).square().sum().backward()
            update.step()
        assert not torch.equal(net[0].weight, start)
        ends.append([p.detach().clone() for p in net.parameters()])
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=1e-6)
