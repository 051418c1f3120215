"""Every run has one way to compute its steps, chosen in one place; all ways do the same step."""

from typing import Any

import pytest
import torch
from small_run import BATCH, data, model
from torch import nn

from gradus.training.choice import choose_update, closed_form_layers, flat_update
from gradus.training.closed_form import ClosedFormUpdate
from gradus.training.compiled import CompiledUpdate
from gradus.training.data import in_memory
from gradus.training.distributed import Group
from gradus.training.eager import EagerUpdate
from gradus.training.objective import Objective
from gradus.training.optimizers import Rate, make_optimizer
from gradus.training.run import Run
from gradus.training.settings import Settings
from gradus.training.stopping import Best
from gradus.training.update import Update

DEFAULTS: dict[str, Any] = {
    "epochs": 1, "batch_size": BATCH, "accumulate": 1, "clip_norm": None, "precision": "float32", "compile": False,
    "channels_last": False, "closed_form": True, "seed": 0, "ema": None, "checkpoint_every": None, "keep": 1,
}  # fmt: skip


def chosen(
    net: nn.Module, lines: list[str], *, optimizer: str = "adam", hook: bool = False, **changes: Any
) -> Update:
    """The update that a run of the small data gets; what it says goes to `lines`."""
    settings = Settings(**(DEFAULTS | changes))
    group, loss = Group(), nn.functional.cross_entropy
    training = in_memory(data()).to(torch.device("cpu"), next(net.parameters()).dtype)
    layers = closed_form_layers(net, loss=loss, data=training, settings=settings, group=group)
    if hook:
        net[0].register_forward_hook(lambda *_: None)  # type: ignore[operator]
    objective = Objective(
        model=net, loss=loss, data=training, metrics={}, augment=None, settings=settings, group=group,
        channels_last=False,
    )  # fmt: skip
    instance = make_optimizer(optimizer, objective.parameters, 0.01)
    run = Run(model=net, optimizer=instance, rate=Rate(instance, None), best=Best("loss"))
    flat = flat_update(instance, objective)
    return choose_update(
        objective=objective, run=run, callbacks=(), layers=layers, flat=flat, say=lines.append
    )


@pytest.mark.parametrize(
    ("kind", "settings", "expected", "line"),
    [
        ("linear", {}, ClosedFormUpdate, ""),
        ("conv", {}, ClosedFormUpdate, ""),
        ("conv", {"precision": "bfloat16"}, ClosedFormUpdate, ""),
        ("conv", {"closed_form": False}, EagerUpdate, ""),
        ("conv", {"accumulate": 2}, EagerUpdate, ""),
        ("conv", {"hook": True}, EagerUpdate, ""),
        ("conv norm", {}, EagerUpdate, ""),
        ("conv", {"compile": True}, CompiledUpdate, ""),
        ("conv norm", {"compile": "auto"}, CompiledUpdate, ""),
        ("conv", {"compile": True, "accumulate": 2}, EagerUpdate, "gradients are accumulated"),
        ("conv", {"compile": "auto", "optimizer": "rmsprop"}, EagerUpdate, "RMSprop"),
    ],
)
def test_which_update_a_run_gets(kind: str, settings: dict[str, Any], expected: type, line: str) -> None:
    lines: list[str] = []
    assert type(chosen(model(kind), lines, **settings)) is expected
    assert len(lines) == bool(line) and all(line in report for report in lines)


@pytest.mark.parametrize("optimizer", ["adam", "nesterov", "lbfgs"])
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_a_step_in_closed_form_is_the_eager_step(optimizer: str, clip_norm: float | None) -> None:
    nets = [model("conv").double() for _ in range(2)]
    indices, totals = torch.arange(BATCH), []
    for net, closed_form in zip(nets, (True, False), strict=True):
        update = chosen(net, [], optimizer=optimizer, closed_form=closed_form, clip_norm=clip_norm)
        totals.append([update.update(indices, step) for step in range(3)])
    for ours, eager in zip(*totals, strict=True):
        assert ours == pytest.approx(eager, rel=1e-7)
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)
