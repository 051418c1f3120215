"""Steps in closed form or compiled never miss what the model or a callback does: they end where the recorded graph ends."""

from __future__ import annotations

import copy
import functools
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, parametrize, prune

from gradus.training import Callback, fit
from gradus.training.attachments import is_attached
from gradus.training.closed_form import layer_sequence


def dense(*more: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), *more, nn.Linear(4, 2)).double()


def doubled(parameter: torch.Tensor) -> None:
    assert parameter.grad is not None
    parameter.grad.mul_(2)


def hooked(kind: str) -> nn.Sequential:
    model = dense()
    layer: Any = model[0]
    double = lambda *arguments: arguments[-1] * 2
    match kind:
        case "forward":
            layer.register_forward_hook(double)
        case "input":
            layer.register_forward_pre_hook(lambda m, x: (x[0] * 2,))
        case "backward":
            model[2].register_full_backward_hook(
                lambda m, into, out: tuple(g if g is None else g * 2 for g in into)
            )
        case "gradient of the output":
            model[2].register_full_backward_pre_hook(lambda m, out: (out[0] * 2,))
        case "parameter":
            layer.weight.register_hook(lambda g: g * 2)
        case "accumulated":
            layer.weight.register_post_accumulate_grad_hook(doubled)
        case "on the model":
            model.register_forward_hook(double)
    return model


def changed(kind: str) -> nn.Module:
    model = dense()
    layer: Any = model[0]
    match kind:
        case "weight norm":
            parametrizations.weight_norm(layer)
        case "old weight norm":
            nn.utils.weight_norm(layer)
        case "orthogonal":
            parametrizations.orthogonal(layer)
        case "parametrized":
            parametrize.register_parametrization(layer, "bias", nn.Softplus())
        case "pruned":
            prune.l1_unstructured(layer, "weight", 0.5)
        case "forward replaced":
            layer.forward = lambda x: F.linear(x, layer.weight * 2, layer.bias)
        case "forward of the model replaced":
            model.forward = lambda x: model[2](model[1](model[0](x))) * 2  # type: ignore[method-assign]
        case "frozen":
            layer.weight.requires_grad_(False)
        case "weight of other parameters":
            scale = nn.Parameter(torch.ones(4, 1, dtype=torch.float64))
            values = layer.weight.detach()
            del layer.weight
            layer.weight = values * 2
            layer.register_parameter("scale", scale)
        case "a parameter more":
            layer.register_parameter("unused", nn.Parameter(torch.ones(2, dtype=torch.float64)))
        case "a module more":
            layer.inner = nn.Linear(2, 2).double()
        case "tied":
            model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)).double()
            model[2].weight = model[0].weight
        case "twice the same":
            inner = nn.Linear(3, 3)
            model = nn.Sequential(inner, nn.Tanh(), inner).double()
        case "a class of the user's":
            layer.__class__ = type(
                "Linear", (nn.Linear,), {"forward": lambda self, x: F.linear(x, -self.weight, self.bias)}
            )
        case "a tensor's class of the user's":
            layer.weight = type("Weight", (nn.Parameter,), {})(layer.weight.detach())
        case "dropout":
            model = dense(nn.Dropout(0.4))
        case "batch norm":
            model = dense(nn.BatchNorm1d(4)).double()
        case "a function of autograd":
            model = dense(Reversed())
    return model


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return -g


class Reversed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Reverse.apply(x)  # type: ignore[no-any-return]


HOOKS = ["forward", "input", "backward", "gradient of the output", "parameter", "accumulated", "on the model"]
CHANGES = [
    "weight norm", "old weight norm", "orthogonal", "parametrized", "pruned", "forward replaced", "forward of the model replaced",
    "frozen", "a parameter more", "a module more", "tied", "twice the same", "a class of the user's",
    "weight of other parameters", "a tensor's class of the user's", "dropout", "batch norm", "a function of autograd",
]  # fmt: skip
MODELS = {f"hook: {kind}": functools.partial(hooked, kind) for kind in HOOKS} | {
    kind: functools.partial(changed, kind) for kind in CHANGES
}


def by_hand(model: nn.Module, loss: Any, x: torch.Tensor, y: torch.Tensor, **settings: Any) -> None:
    fit(model, loss, (x, y), epochs=3, batch_size=8, optimizer="adamw", progress="silent", **settings)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning", "ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("name", MODELS)
def test_what_is_attached_or_changed_is_seen(name: str) -> None:
    x = torch.randn(16, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    models = [MODELS[name](), MODELS[name]()]
    width = int(models[0](x).shape[1])
    y = torch.arange(16) % width
    assert layer_sequence(models[0], loss=F.cross_entropy, example=x) is None
    models = [MODELS[name](), MODELS[name]()]
    for model, closed in zip(models, (True, False), strict=True):
        by_hand(model, F.cross_entropy, x, y, closed_form=closed)
    for a, b in zip(*(m.parameters() for m in models), strict=True):
        assert torch.equal(a, b)


def test_hooks_on_all_modules_are_seen() -> None:
    calls: list[int] = []
    handle = nn.modules.module.register_module_forward_hook(lambda *_: calls.append(1))
    try:
        assert is_attached(dense())
        by_hand(dense(), F.cross_entropy, torch.randn(16, 3, dtype=torch.float64), torch.arange(16) % 2)
    finally:
        handle.remove()
    assert calls and not is_attached(dense())


class Then(Callback):
    """Does something to the model after the third step."""

    def __init__(self, change: Callable[[nn.Module, torch.optim.Optimizer], Any]) -> None:
        self.change = change

    def on_step_end(self, run: Any) -> None:
        if run.step == 3:
            self.change(run.model, run.optimizer)


LATER: dict[str, Callable[[Any, Any], Any]] = {
    "a hook": lambda m, o: m[0].register_forward_hook(lambda *a: a[-1] * 2),
    "a hook of a parameter": lambda m, o: m[0].weight.register_hook(lambda g: g * 2),
    "a layer frozen": lambda m, o: m[0].requires_grad_(False),
    "another layer": lambda m, o: m.__setitem__(1, nn.ReLU()),
    "a forward pass": lambda m, o: setattr(m[1], "forward", torch.sin),
    "decay": lambda m, o: o.param_groups[0].update(weight_decay=0.5),
    "momentum": lambda m, o: o.param_groups[0].update(betas=(0.5, 0.9)),
    "maximise": lambda m, o: o.param_groups[0].update(maximize=True),
    "a hook of the optimizer": lambda m, o: o.register_step_post_hook(lambda *_: m[0].bias.detach().zero_()),
}  # fmt: skip
needs_compiler = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler"
)
COMPILED = pytest.param({"compile": True}, marks=[pytest.mark.slow, needs_compiler], id="compiled")


@pytest.mark.parametrize("settings", [pytest.param({}, id="closed form"), COMPILED])
@pytest.mark.parametrize("name", LATER)
def test_what_a_callback_changes_is_seen(name: str, settings: dict[str, Any]) -> None:
    x = torch.randn(32, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    y = torch.arange(32) % 2
    models = [dense(), dense()]
    for model, way in zip(models, (settings, {"closed_form": False}), strict=True):
        by_hand(model, F.cross_entropy, x, y, callbacks=[Then(LATER[name])], learning_rate=0.01, **way)
    for a, b in zip(*(m.parameters() for m in models), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


def test_a_group_that_a_callback_adds_is_trained() -> None:
    extra = nn.Parameter(torch.ones(1, dtype=torch.float64))
    extra.grad = torch.ones(1, dtype=torch.float64)

    by_hand(
        dense(), F.cross_entropy, torch.randn(32, 3, dtype=torch.float64), torch.arange(32) % 2,
        callbacks=[Then(lambda m, o: o.add_param_group({"params": [extra]}))],
    )  # fmt: skip
    assert float(extra.detach()) < 1


def test_autocast_and_modes_of_the_caller_are_seen() -> None:
    x, y = torch.randn(16, 3), torch.arange(16) % 2
    models = [copy.deepcopy(dense()).float() for _ in range(2)]
    for model, closed in zip(models, (True, False), strict=True):
        with torch.autocast("cpu", torch.bfloat16):
            by_hand(model, F.cross_entropy, x, y, closed_form=closed)
    assert all(torch.equal(a, b) for a, b in zip(*(m.parameters() for m in models), strict=True))


@pytest.mark.parametrize("kind", ["whole numbers", "complex", "double"])
def test_inputs_of_another_type_end_as_they_do_recorded(kind: str) -> None:
    numbers = torch.arange(48).reshape(16, 3)
    x = {"whole numbers": numbers, "complex": numbers * 1j, "double": numbers.double()}[kind]
    ends_as = []
    for closed in (True, False):
        model = dense().float()
        try:
            by_hand(model, F.cross_entropy, x, torch.arange(16) % 2, closed_form=closed)
            ends_as.append("trained")
        except (RuntimeError, ValueError) as error:
            ends_as.append(str(error))
    assert ends_as[0] == ends_as[1] and (ends_as[0] == "trained") == (kind == "double")


class Replacing(nn.Module):
    """Puts another tensor in a buffer's place, and counts in a plain attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2).double()
        self.register_buffer("seen", torch.zeros((), dtype=torch.float64))
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + x.mean().detach()
        self.calls += 1
        return self.layer(x) * (1 + self.calls % 2) + self.seen


@needs_compiler
@pytest.mark.slow
def test_a_compiled_step_keeps_what_a_module_replaces() -> None:
    torch.manual_seed(0)
    models = [Replacing()]
    models.append(copy.deepcopy(models[0]))
    x = torch.randn(16, 3, dtype=torch.float64)
    for model, compile in zip(models, (True, False), strict=True):
        by_hand(model, F.cross_entropy, x, torch.arange(16) % 2, compile=compile)
    for a, b in zip(*(m.state_dict().values() for m in models), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)
