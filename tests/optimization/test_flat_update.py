"""The update in one call follows PyTorch's own step by step, whatever is done to parameters, gradients and state between."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from gradus import GradusError
from gradus.optimization import FlatUpdate
from gradus.optimization.fused import fused_sgd_works

Meddle = Callable[[int, nn.Module, Optimizer], None]
KINDS: dict[str, Callable[..., Optimizer]] = {
    "adam": lambda p, **k: Adam(p, lr=0.05, weight_decay=0.1, **k),
    "adamw": lambda p, **k: AdamW(p, lr=0.05, betas=(0.5, 0.8), **k),
    "sgd": lambda p, **k: SGD(p, lr=0.05, weight_decay=0.1, **k),
    "momentum": lambda p, **k: SGD(p, lr=0.05, momentum=0.9, dampening=0.3, **k),
    "nesterov": lambda p, **k: SGD(p, lr=0.05, momentum=0.9, nesterov=True, **k),
}


class Net(nn.Module):
    """Parameters of many shapes: a scalar, an empty one, images channels-last, tied ones, one used at times only."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.first, self.second = nn.Linear(20, 7), nn.Linear(20, 7, bias=False)
        self.second.weight = self.first.weight
        self.scale = nn.Parameter(torch.tensor(0.7))
        self.empty = nn.Parameter(torch.zeros(0, 3))
        self.rarely = nn.Parameter(torch.randn(11))
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, x: torch.Tensor, rarely: bool) -> torch.Tensor:
        y = self.conv(x).flatten(1)
        loss = (self.first(y) + self.scale * self.second(y)).square().mean() + self.empty.sum()
        return loss + (self.rarely.sum() - 1).square() if rarely else loss


def by_dtype(net: nn.Module, **settings: Any) -> list[dict[str, Any]]:
    """Two groups with rates of their own."""
    own = [p for name, p in net.named_parameters() if "conv" in name]
    return [{"params": own, "lr": 0.01}, {"params": [p for p in net.parameters() if all(p is not q for q in own)]}]  # fmt: skip


def trained(
    kind: str, flat: bool, *, meddle: Meddle | None = None, rarely: Callable[[int], bool] = lambda t: True,
    dtype: torch.dtype = torch.float32, steps: int = 8, groups: bool = False, **settings: Any,
) -> tuple[nn.Module, Optimizer]:  # fmt: skip
    net = Net().to(dtype)
    if groups:
        net.rarely.data = net.rarely.data.double()
    way = {"fused": True} if flat else {"foreach": False, "fused": False}
    optimizer = KINDS[kind](by_dtype(net) if groups else net.parameters(), **way, **settings)
    step = FlatUpdate(optimizer) if flat else optimizer
    generator = torch.Generator().manual_seed(1)
    for t in range(steps):
        x = torch.randn(4, 3, 4, 4, generator=generator).to(dtype)
        step.zero_grad()
        net(x, rarely(t)).backward()
        if meddle is not None:
            meddle(t, net, optimizer)
        step.step()
    if isinstance(step, FlatUpdate):
        step.release()
    return net, optimizer


def same(kind: str, least: float = 0.03, **settings: Any) -> None:
    """Both ways end at the same parameters, which are far from where they began."""
    (mine, optimizer), (theirs, other) = (trained(kind, flat, **settings) for flat in (True, False))
    tolerance = {torch.float32: 2e-6, torch.float64: 1e-13, torch.bfloat16: 0.02}[
        settings.get("dtype", torch.float32)
    ]
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
    assert (mine.first.weight - Net().first.weight).abs().max() > least
    states, expected = optimizer.state_dict()["state"], other.state_dict()["state"]
    for number, entries in expected.items():
        for name, value in entries.items():
            if value is not None:
                torch.testing.assert_close(
                    states[number][name], value, rtol=1e-4, atol=tolerance, check_dtype=False
                )


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_it_follows_the_loop_over_the_tensors(kind: str, groups: bool) -> None:
    same(kind, groups=groups)
    same(kind, groups=groups, rarely=lambda t: t not in (2, 5))
    same(kind, groups=groups, rarely=lambda t: t > 3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_any_floating_dtype(kind: str, dtype: torch.dtype) -> None:
    if "adam" in kind or fused_sgd_works(dtype, "cpu"):
        same(kind, dtype=dtype)
        return
    with pytest.raises(GradusError, match="does not update parameters"):
        trained(kind, True, dtype=dtype)


def new_gradient(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    net.first.weight.grad = net.first.weight.grad * 0.5 + t


def no_gradient(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    net.first.bias.grad = None if t % 3 else net.first.bias.grad


def new_memory(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    net.first.weight.data = net.first.weight.data.clamp(-0.1, 0.1)


def kept_memory(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    net.kept = [net.first.bias.data]
    net.first.bias.data = net.first.bias.data + 1


def new_rate(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["lr"] = 0.01 * (t + 1)


def reset_state(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    if t == 4:
        optimizer.state.clear()


def new_state(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    for entry in optimizer.state.values() if t == 4 else ():
        entry.update({k: v.clone() * 0.5 for k, v in entry.items() if v is not None and k != "step"})


def one_count(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    if t == 4 and "step" in optimizer.state[net.first.weight]:
        optimizer.state[net.first.weight]["step"].fill_(1.0)


def reloaded(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    if t == 4:
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))


def frozen(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    net.scale.requires_grad_(t < 3)


def another_group(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    if t == 3:
        net.more = nn.Parameter(torch.ones(3))
        optimizer.add_param_group({"params": [net.more], "lr": 0.1})
    if t >= 3:
        net.more.grad = torch.full((3,), float(t))


def maximised(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["maximize"] = t % 2 == 1


def other_momentum(t: int, net: nn.Module, optimizer: Optimizer) -> None:
    group = optimizer.param_groups[0]
    if "momentum" in group and not group["nesterov"]:
        group["momentum"] = 0.5 if 2 <= t <= 5 else 0.0


MEDDLING = [
    new_gradient, no_gradient, new_memory, kept_memory, new_rate, reset_state, new_state, one_count, reloaded, frozen,
    another_group, maximised, other_momentum,
]  # fmt: skip


@pytest.mark.parametrize("meddle", MEDDLING, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["adamw", "momentum"])
def test_what_is_done_between_counts(kind: str, meddle: Meddle) -> None:
    same(kind, meddle=meddle, least=0.01)


def test_its_state_goes_on_in_the_optimiser_and_back() -> None:
    nets = [nn.Linear(5, 3).double() for _ in range(2)]
    nets[1].load_state_dict(copy.deepcopy(nets[0].state_dict()))
    optimizers = [Adam(net.parameters(), lr=0.1, fused=True) for net in nets]
    x = torch.randn(6, 5, dtype=torch.float64)
    for part in range(4):
        flat = FlatUpdate(optimizers[0]) if part % 2 else None
        for _ in range(3):
            for net, optimizer in zip(nets, optimizers, strict=True):
                optimizer.zero_grad()
                net(x).square().sum().backward()
            (flat or optimizers[0]).step()
            optimizers[1].step()
        stored = copy.deepcopy(optimizers[0].state_dict())
        if flat:
            flat.release()
        optimizers[0] = Adam(nets[0].parameters(), lr=0.1, fused=True)
        optimizers[0].load_state_dict(stored)
    torch.testing.assert_close(nets[0].weight, nets[1].weight, rtol=1e-13, atol=1e-13)
    assert float(optimizers[0].state[nets[0].weight]["step"]) == 12


def test_parameters_stay_the_same_objects_and_get_their_memory_back() -> None:
    net = Net()
    before = list(net.parameters())
    flat = FlatUpdate(Adam(net.parameters(), fused=True))
    inside = {p.untyped_storage().data_ptr() for p in flat.parameters if p.numel()}
    assert len(inside) == 1 and all(p.data_ptr() % 64 == 0 for p in flat.parameters)
    flat.zero_grad()
    net(torch.randn(2, 3, 4, 4), True).backward()
    flat.step()
    kept = [(p.detach().clone(), p.grad.clone(), p.stride()) for p in flat.parameters]
    flat.release()
    for p, (value, gradient, stride) in zip(flat.parameters, kept, strict=True):
        assert torch.equal(p, value) and torch.equal(p.grad, gradient) and p.stride() == stride
        own = [p, p.grad, *flat.optimizer.state[p].values()]
        assert all(t.untyped_storage().nbytes() == t.numel() * t.element_size() for t in own)
    assert all(a is b for a, b in zip(net.parameters(), before, strict=True))


def test_a_gradient_is_that_of_the_recorded_graph_to_the_bit() -> None:
    nets = [Net() for _ in range(2)]
    flat = FlatUpdate(SGD(nets[0].parameters(), fused=True))
    x = torch.randn(2, 3, 4, 4)
    flat.zero_grad()
    for net in nets:
        net(x, False).backward()
    assert not flat.collect()
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None)
        assert a.grad is None or torch.equal(a.grad.view(-1).view(torch.int32), b.grad.view(-1).view(torch.int32)) if a.grad is None or a.grad.is_contiguous() else torch.equal(a.grad, b.grad)  # fmt: skip


def test_sparse_gradients_are_added_up() -> None:
    tables = [nn.Embedding(6, 3, sparse=True) for _ in range(2)]
    tables[1].load_state_dict(copy.deepcopy(tables[0].state_dict()))
    flat = FlatUpdate(SGD(tables[0].parameters(), lr=0.1, fused=True))
    plain = SGD(tables[1].parameters(), lr=0.1)
    for tokens in torch.tensor([[1, 1, 2], [5, 0, 1]]):
        for step, table in zip((flat, plain), tables, strict=True):
            step.zero_grad()
            table(tokens).square().sum().backward()
            step.step()
    torch.testing.assert_close(tables[0].weight, tables[1].weight)


def test_hooks_and_schedulers_see_their_steps() -> None:
    net = nn.Linear(3, 2)
    optimizer = SGD(net.parameters(), lr=1.0, fused=True)
    with warnings.catch_warnings(), FlatUpdate(optimizer) as flat:
        warnings.simplefilter("error")
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        rates = []
        for _ in range(3):
            flat.zero_grad()
            net(torch.ones(1, 3)).sum().backward()
            before = net.bias.detach().clone()
            flat.step()
            rates.append(float(before[0] - net.bias.detach()[0]))
            scheduler.step()
        assert rates == pytest.approx([1.0, 0.5, 0.25], rel=1e-6)
        seen: list[str] = []
        optimizer.register_step_post_hook(lambda *arguments: seen.append("step"))
        flat.step()
    assert seen == ["step"]
