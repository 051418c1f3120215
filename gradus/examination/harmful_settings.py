"""Settings of an optimiser that keep it from learning: found by trying the same steps without each."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch

from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section

POOR = 0.05  # share of the loss: a trial that falls less is looked into, and one without the setting must fall by more
HELD_BACK = 0.3  # share of the other trial's fall, below which a setting holds the optimiser back
Trial = Callable[[dict[str, Any]], list[float]]  # the losses with other options


class Setting(NamedTuple):
    """What an option of an optimiser does when it is wrong, in both languages, and the page that teaches it."""

    en: str
    zh: str
    page: str


SETTINGS: dict[str, Setting] = {
    "weight_decay": Setting("the decay outweighs the gradient, and the weights only shrink", "衰减压过了梯度，权重只会缩小", "regularization"),
    "eps": Setting("it stands beside the root of the mean squared gradient, and divides the step by itself where it is larger", "它与均方梯度的平方根相加，一旦更大，步长就被它所除", "adam"),
    "dampening": Setting("it takes this share of every new gradient away", "它去掉每个新梯度的这一比例", "momentum"),
    "momentum": Setting("the step is an average over so many gradients that the newest hardly counts, or grows without end", "步长是过多梯度的平均，最新的几乎不起作用，或无限增长", "momentum"),
    "betas": Setting("the averages forget so slowly, or so fast, that they do not follow the gradient", "平均遗忘得过慢或过快，跟不上梯度", "adam"),
    "alpha": Setting("the mean square forgets too slowly or not at all", "均方遗忘得过慢，或从不遗忘", "rmsprop"),
    "rho": Setting("the mean squares forget too slowly or not at all", "均方遗忘得过慢，或从不遗忘", "rmsprop"),
    "lr_decay": Setting("the step shrinks with every step that was taken", "步长随走过的每一步缩小", "schedules"),
    "lambd": Setting("the decay outweighs the gradient, and the weights only shrink", "衰减压过了梯度，权重只会缩小", "regularization"),
    "maximize": Setting("the optimiser climbs the loss", "优化器在增大损失", "gradient-descent"),
}  # fmt: skip


def harmful(
    subject: Subject, section: Section, losses: list[float], end: Callable[[list[float]], float], trial: Trial
) -> bool:
    """Whether the same steps with one option at PyTorch's own value bring the loss down, where these do not; says which."""
    start, came = losses[0], end(losses)
    size = max(abs(start), 1e-12)
    fall = start - came if math.isfinite(came) else -math.inf
    if subject.optimizer is None or fall >= POOR * size:
        return False
    for name, value, usual in _unusual(subject.optimizer):
        other = trial({name: usual, "dampening": 0} if name == "momentum" else {name: usual})
        better = other[0] - end(other)
        if not math.isfinite(better) or better < POOR * size or fall > HELD_BACK * better:
            continue
        about = SETTINGS[name]
        section.values["harmful_setting"] = name
        section.find(
            "fault", "setting-harmful",
            (f"the optimiser's {name} keeps it from learning", f"优化器的 {name} 使其无法学习"),
            (f"on a copy, {len(losses) - 1} steps with {name} = {value} bring the loss from {start:.4g} to {came:.4g}, with {usual} to {end(other):.4g}: {about.en}", f"在副本上走 {len(losses) - 1} 步：{name} = {value} 时损失由 {start:.4g} 变为 {came:.4g}，取 {usual} 时变为 {end(other):.4g}：{about.zh}"),
            (f"{name} = {usual}, or near to it", f"请取 {name} = {usual} 或与之相近的值"), (about.page,),
        )  # fmt: skip
        return True
    return False


def _unusual(optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, Any, Any]]:
    """Options that are not PyTorch's own, with their value and that; those of the first group that differs."""
    own = {k: p.default for k, p in inspect.signature(type(optimizer).__init__).parameters.items()}
    for name in SETTINGS:
        usual = own.get(name, inspect.Parameter.empty)
        if usual is inspect.Parameter.empty:
            continue
        if name == "weight_decay":
            usual = min(usual, 0.01)
        if name == "momentum" and usual == 0:
            usual = 0.9
        for group in optimizer.param_groups:
            value = group.get(name, usual)
            if value != usual and not (name in ("weight_decay", "momentum") and value < usual):
                yield name, _plain(value), usual
                break


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, torch.Tensor) and value.numel() == 1 else value
