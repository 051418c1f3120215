"""One step back: from x_t and what a model says of it to x_{t−1}."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradus.arguments import choice, refusal
from gradus.arguments.tensors import tensor
from gradus.generative.diffusion.coefficients import (
    PREDICTIONS,
    VARIANCES,
    at,
    beside,
    posterior_variances,
    scheduled,
    times,
)
from gradus.generative.diffusion.predictions import converted
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["DenoisingStep", "clipped", "clipping", "denoising_step", "stepped_back"]


class DenoisingStep(NamedTuple):
    """One step of the reverse process.

    Attributes:
        sample: x_{t−1}, like x; the mean itself at t = 1.
        mean: of x_{t−1}.
        variance: of x_{t−1}, with axes to be broadcast over it.
        data: x̂₀, what the model takes the data to be.

    Example:
        >>> one = torch.ones(1)
        >>> DenoisingStep(one, one, torch.tensor([0.5]), one)
        DenoisingStep(1 number, mean square of the data 1, variance 0.5)
    """

    sample: Tensor
    mean: Tensor
    variance: Tensor
    data: Tensor

    def __repr__(self) -> str:
        n = self.sample.numel()
        low, high = (float(v) for v in torch.aminmax(self.variance.detach()))
        spread = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
        square = float(self.data.detach().square().mean())
        return f"DenoisingStep({n} number{'s' * (n != 1)}, mean square of the data {square:.4g}, variance {spread})"


def denoising_step(
    output: Tensor,
    x: Tensor,
    t: int | Tensor,
    schedule: NoiseSchedule,
    noise: Tensor,
    *,
    prediction: str = "noise",
    variance: str = "posterior",
    clip: tuple[float, float] | None = None,
) -> DenoisingStep:
    r"""From x_t to x_{t−1}, by the posterior of the forward process at the data that the model predicts.

    .. math:: \tilde\mu=\frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1-\bar\alpha_t}\hat x_0+\frac{\sqrt{\alpha_t}(1-\bar\alpha_{t-1})}{1-\bar\alpha_t}x_t,\qquad
        \tilde\beta_t=\frac{1-\bar\alpha_{t-1}}{1-\bar\alpha_t}\beta_t,\qquad x_{t-1}=\tilde\mu+[t>1]\,\sigma_tz

    Args:
        output: of the model at (x, t), like x.
        x: x_t, (batch, …).
        t: 1 … T: a whole number, or one a sample.
        schedule: the `NoiseSchedule`.
        noise: z, like x; nothing of it is added at t = 1.
        prediction: "noise", "data" or "velocity": what `output` is.
        variance: "posterior" is σ² = β̃_t, right for data that are one point; "beta" is σ² = β_t, right for standard normal data.
        clip: the least and the largest value of the data, to which x̂₀ is held; None for no limits.

    Returns:
        The `DenoisingStep`.

    Raises:
        GradusError: times out of range; other shapes; a noise predicted where ᾱ = 0.

    Source: Ho, Jain and Abbeel 2020, (6), (7), algorithm 2.

    Example:
        >>> from gradus.generative import NoiseSchedule
        >>> schedule = NoiseSchedule(torch.tensor([0.5, 0.5], dtype=torch.float64))
        >>> z = torch.zeros(1)
        >>> denoising_step(torch.tensor([1.0]), torch.tensor([2.0]), 2, schedule, z, prediction="data").mean  # (√½·½·1 + √½·½·2)/¾
        tensor([1.4142])
    """
    schedule = scheduled(schedule)
    x = tensor("x", x)
    output, noise, t = beside("output", output, x), beside("noise", noise, x), times(t, x, schedule)
    choice("prediction", prediction, PREDICTIONS)
    choice("variance", variance, VARIANCES)
    return stepped_back(output, x, t, schedule, noise, prediction, variance, clipping(clip))


def stepped_back(
    output: Tensor,
    x: Tensor,
    t: int | Tensor,
    schedule: NoiseSchedule,
    noise: Tensor | None,
    prediction: str,
    variance: str,
    clip: tuple[float, float] | None,
) -> DenoisingStep:
    """As `denoising_step`, of arguments that are known to be right."""
    data = clipped(converted(output, x, t, schedule, prediction, "data"), clip)
    beta = torch.cat((schedule.betas.new_zeros(1), schedule.betas))
    signal, level = schedule.alpha_bars, schedule.noise_levels
    ahead = torch.cat((signal[:1], signal[:-1]))
    before = torch.cat((level[:1], level[:-1]))
    of_data = ahead.sqrt() * beta / level
    of_x = (1 - beta).sqrt() * before / level
    mean = at(of_data, t, x) * data + at(of_x, t, x) * x
    spread = posterior_variances(schedule) if variance == "posterior" else beta
    sigma = at(spread, t, x)
    if noise is None:
        return DenoisingStep(mean, mean, sigma, data)
    added = torch.where(torch.arange(schedule.steps + 1) > 1, spread.sqrt(), 0.0)
    return DenoisingStep(mean + at(added, t, x) * noise, mean, sigma, data)


def clipping(clip: Any) -> tuple[float, float] | None:
    """The least and the largest value of the data, or None.

    Raises:
        GradusError: no two finite numbers in order.
    """
    if clip is None:
        return None
    pair = list(clip) if isinstance(clip, (tuple, list)) else []
    fits = len(pair) == 2 and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in pair)
    if not fits or not float("-inf") < pair[0] < pair[1] < float("inf"):
        noun = ("None or two numbers in order, such as (-1, 1)", "None 或由小到大的两个数，例如 (-1, 1)")
        came = Text(str(clip)[:60], str(clip)[:60])
        raise refusal("clip", noun, came if fits else clip, kind=not fits)
    return float(pair[0]), float(pair[1])


def clipped(data: Tensor, clip: tuple[float, float] | None) -> Tensor:
    """The data within the limits, if there are any."""
    return data if clip is None else data.clamp(*clip)
