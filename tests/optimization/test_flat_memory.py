"""Which parameters are moved into one buffer, and which are left where others see them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

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
