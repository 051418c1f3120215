"""A user's own training loop, or steps of the user's model, loss, data and optimiser, under the watch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from gradus.errors import GradusError, raised
from gradus.examination.batches import length, rows, taken
from gradus.examination.user_setup import arguments_of, called
from gradus.examination.watch import Sighting, Watch, watch
from gradus.explanation.program import place_of
from gradus.text import Text

STEPS = 100
FORM = Text(
    "expected (model, optimizer, train), where train() runs the loop, a dict with these names, or what `examine` takes with an optimizer",
    "应返回 (model, optimizer, train)（train() 运行训练循环）、含这些名称的字典，或 examine 所需的内容加上 optimizer",
)


class _Enough(BaseException):
    """Ends the user's loop after the steps that were asked for; no `except Exception` of the loop's holds it up."""


def watch_file(
    path: str, *, steps: int | None = None, report: Callable[[Sighting], Any] | None = print
) -> Watch:
    """Runs the loop that `FILE.py:setup` returns under the watch.

    Args:
        path: `FILE.py:setup`.
        steps: of the optimiser after which it is ended; 100 where the steps are made here, else when the loop ends.
        report: is called with each `Sighting`.

    Raises:
        GradusError: the file, its function or what it returns is wrong, or the loop raises.
    """
    value = called(path)
    loop = _own_loop(value)
    if loop is None:
        loop = _made_loop(path, value)
        steps = STEPS if steps is None else steps
    model, optimizers, train = loop
    watched = watch(model, optimizers, report=report)
    handles = []
    try:
        with watched, contextlib.suppress(_Enough):
            if steps is not None:
                handles = [_counted(optimizers[0], steps)]
            train()
    except GradusError:
        raise
    except Exception as error:
        en, zh = raised(error)
        at = f" ({place})" if (place := place_of(error)) else ""
        seen = Text(f" after {watched.steps} steps", f"（已走 {watched.steps} 步）")
        raise GradusError(Text(f"the loop of {path} {en}{at}{seen.en}", f"{path} 的训练循环{zh}{at}{seen.zh}")) from None  # fmt: skip
    finally:
        for handle in handles:
            handle.remove()
    return watched


Loop = tuple[nn.Module, tuple[Optimizer, ...], Callable[[], Any]]


def _own_loop(value: Any) -> Loop | None:
    if isinstance(value, Mapping) and "train" in value:
        value = tuple(value.get(name) for name in ("model", "optimizer", "train"))
    if not isinstance(value, tuple) or len(value) != 3:
        return None
    model, optimizer, train = value
    several = tuple(optimizer) if isinstance(optimizer, Sequence) else (optimizer,)
    if not all(isinstance(o, Optimizer) for o in several) or not several:
        return None
    if not isinstance(model, nn.Module) or not callable(train):
        raise GradusError(FORM)
    return model, several, train


def _counted(optimizer: Optimizer, steps: int) -> Any:
    count = [0]

    def hear(stepped: Optimizer, *_: Any) -> None:
        count[0] += stepped is optimizer
        if count[0] >= steps:
            raise _Enough

    return register_optimizer_step_post_hook(
        hear
    )  # of all optimisers, as the watch's, which hears of the step before


def _made_loop(path: str, value: Any) -> Loop:
    """Steps of the optimiser on batch after batch, as every tutorial has them; in the mode in which the model stands."""
    arguments = arguments_of(path, value)
    model, loss, optimizer = (arguments.get(name) for name in ("model", "loss", "optimizer"))
    if not isinstance(model, nn.Module) or not isinstance(optimizer, Optimizer) or not callable(loss):
        raise GradusError(Text(f"{path}: {FORM.en}", f"{path}：{FORM.zh}"))
    held = taken("data", arguments["data"], int(arguments.get("seed", 0)))

    def train() -> None:
        for inputs, targets in _batches(held.batches):
            optimizer.zero_grad()
            loss(model(inputs), targets).backward()
            optimizer.step()

    return model, (optimizer,), train


def _batches(whole: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Batch after batch without end; one large batch in parts of 64, in another order each time."""
    generator = torch.Generator().manual_seed(0)
    while True:
        for inputs, targets in whole:
            n = length(inputs)
            if len(whole) > 1 or n <= 64:
                yield inputs, targets
                continue
            for part in torch.randperm(n, generator=generator).split(64):
                if len(part) == 64:
                    yield rows(inputs, part), rows(targets, part)
