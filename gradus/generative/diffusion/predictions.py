"""Noising, what a model may predict, and how one prediction is turned into another."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gradus.arguments import choice, refusal
from gradus.arguments.tensors import tensor
from gradus.generative.diffusion.coefficients import PREDICTIONS, at, beside, scheduled, times
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["add_noise", "convert_prediction", "converted", "require_signal"]


def add_noise(x: Tensor, t: int | Tensor, schedule: NoiseSchedule, noise: Tensor) -> Tensor:
    r"""The data after t steps of noise, at once.

    .. math:: x_t=\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\,\varepsilon

    Args:
        x: x₀, (batch, …).
        t: 1 … T: a whole number, or one a sample, (batch,).
        schedule: the `NoiseSchedule`.
        noise: ε, like x; `torch.randn_like(x)`.

    Returns:
        x_t, like x.

    Raises:
        GradusError: times out of range; noise of another shape.

    Source: Ho, Jain and Abbeel 2020, (4).

    Example:
        >>> import torch
        >>> from gradus.generative import NoiseSchedule
        >>> schedule = NoiseSchedule(torch.tensor([0.36, 0.75]))  # ᾱ = 0.64, 0.16
        >>> add_noise(torch.ones(2, 1), torch.tensor([1, 2]), schedule, torch.zeros(2, 1)).flatten()
        tensor([0.8000, 0.4000])
    """
    schedule = scheduled(schedule)
    x = tensor("x", x)
    noise, t = beside("noise", noise, x), times(t, x, schedule)
    return at(schedule.alpha_bars.sqrt(), t, x) * x + at(schedule.noise_levels.sqrt(), t, x) * noise


def convert_prediction(
    output: Tensor, x: Tensor, t: int | Tensor, schedule: NoiseSchedule, *, source: str, target: str
) -> Tensor:
    r"""What a model predicts, as another prediction: noise, data or velocity.

    .. math:: x_t=\sqrt{\bar\alpha_t}\,\hat x_0+\sqrt{1-\bar\alpha_t}\,\hat\varepsilon,\qquad\hat v=\sqrt{\bar\alpha_t}\,\hat\varepsilon-\sqrt{1-\bar\alpha_t}\,\hat x_0

    Args:
        output: of the model at (x, t), like x.
        x: x_t, (batch, …).
        t: 1 … T: a whole number, or one a sample.
        schedule: the `NoiseSchedule`.
        source: "noise", "data" or "velocity": what `output` is.
        target: what it shall be.

    Returns:
        like x.

    Raises:
        GradusError: times out of range; a noise where ᾱ = 0, which tells nothing of the data.

    Source: Salimans and Ho 2022, appendix D.

    Example:
        >>> import torch
        >>> from gradus.generative import NoiseSchedule
        >>> schedule = NoiseSchedule(torch.tensor([0.36, 0.75]))
        >>> convert_prediction(torch.tensor([1.0]), torch.tensor([1.4]), 1, schedule, source="noise", target="data")
        tensor([1.0000])
    """
    schedule = scheduled(schedule)
    x = tensor("x", x)
    output, t = beside("output", output, x), times(t, x, schedule)
    choice("source", source, PREDICTIONS)
    choice("target", target, PREDICTIONS)
    return converted(output, x, t, schedule, source, target)


def converted(
    output: Tensor, x: Tensor, t: int | Tensor, schedule: NoiseSchedule, source: str, target: str
) -> Tensor:
    """As `convert_prediction`, of arguments that are known to be right."""
    if source == target:
        return output
    signal, spread = at(schedule.alpha_bars.sqrt(), t, x), at(schedule.noise_levels.sqrt(), t, x)
    if source == "velocity":  # a quarter turn: no division
        return signal * x - spread * output if target == "data" else spread * x + signal * output
    if source == "noise":
        require_signal(t, schedule)
        return (x - spread * output) / signal if target == "data" else (output - spread * x) / signal
    return (x - signal * output) / spread if target == "noise" else (signal * x - output) / spread


def require_signal(t: int | Tensor, schedule: NoiseSchedule) -> None:
    """Refuses a predicted noise at a time when nothing of the data is left.

    Raises:
        GradusError: ᾱ = 0 there. Only at the last time can it be.
    """
    if float(schedule.alpha_bars.detach()[-1]) > 0:
        return
    last: Any = t == schedule.steps
    if bool(last.any() if isinstance(last, Tensor) else last):
        mend = ("let the model predict the velocity or the data", "请让模型预测速度或数据")
        noun = ("velocity or data where nothing of the data is left", "数据毫无剩余之处的速度或数据")
        raise refusal("prediction", noun, Text(f"the noise at t = {schedule.steps}", f"t = {schedule.steps} 处的噪声"), mend)  # fmt: skip
