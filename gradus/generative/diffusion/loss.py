"""What a diffusion model is trained by."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gradus.arguments import choice, function
from gradus.generative.diffusion.coefficients import (
    PREDICTIONS,
    VARIANCES,
    at,
    batch,
    beside,
    posterior_variances,
    scheduled,
    times,
)
from gradus.generative.diffusion.model_calls import Model, called, drawing
from gradus.generative.diffusion.predictions import converted
from gradus.generative.diffusion.reverse import stepped_back
from gradus.generative.diffusion.schedule import NoiseSchedule

__all__ = ["diffusion_loss"]

WEIGHTINGS = ("plain", "simple", "bound")
REDUCTIONS = ("mean", "none")


def diffusion_loss(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    *,
    prediction: str = "noise",
    weighting: str = "plain",
    variance: str = "posterior",
    t: int | Tensor | None = None,
    noise: Tensor | None = None,
    reduction: str = "mean",
    seed: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The loss of a diffusion model on data: at a time drawn for each sample, how wrong the model is of the noise.

    .. math:: L=\mathbb E_{t,\varepsilon}\lVert\varepsilon-\hat\varepsilon(\sqrt{\bar\alpha_t}x_0+\sqrt{1-\bar\alpha_t}\,\varepsilon,t)\rVert^2

    Args:
        model: gets x_t, like x, and the times, (batch,), whole numbers from 1; gives what it predicts, like x. It is in whatever mode it is in.
        x: x₀, (batch, …).
        schedule: the `NoiseSchedule`.
        prediction: "noise", "data" or "velocity": what the model predicts.
        weighting: "plain" is the squared error of what is predicted, the mean over a sample's numbers. "simple" is that of the noise,
            whatever is predicted: for data it is ᾱ/(1−ᾱ) of the plain one. "bound" is the term of the variational bound at t, in nats a sample, the sum
            over its numbers; T times its mean plus `schedule.prior_divergence(x)` estimates −ln p(x) from above.
        variance: of the reverse process, for "bound": "posterior" or "beta" (see `denoising_step`); at t = 1 it is β₁ for both.
        t: 1 … T: a whole number, or one a sample; None draws each evenly.
        noise: ε, like x; None draws it.
        reduction: "mean" over the batch, or "none": one number a sample.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.

    Returns:
        A number, or (batch,).

    Raises:
        GradusError: other shapes, times out of range, a model that gives something else.

    Cost: one call of the model.

    Source: Ho, Jain and Abbeel 2020, (12), (14); Salimans and Ho 2022.

    Example:
        >>> from gradus.generative import NoiseSchedule
        >>> schedule, x = NoiseSchedule.linear(), torch.zeros(4, 2)
        >>> drowned = lambda x, t: x / schedule.noise_levels[t][:, None].sqrt().float()  # right where the data are 0
        >>> round(diffusion_loss(drowned, x, schedule, seed=0).item(), 6)
        0.0
    """
    function("model", model, "lambda x, t: 0 * x")
    schedule = scheduled(schedule)
    x = batch("x", x)
    choice("prediction", prediction, PREDICTIONS)
    choice("weighting", weighting, WEIGHTINGS)
    choice("variance", variance, VARIANCES)
    choice("reduction", reduction, REDUCTIONS)
    source = drawing(seed, generator, x.device)
    if t is None:
        t = torch.randint(1, schedule.steps + 1, (len(x),), generator=source, device=x.device)
    now = times(t, x, schedule)
    ts = now if isinstance(now, Tensor) else torch.full((len(x),), now, device=x.device)
    if noise is None:
        noise = torch.randn(x.shape, generator=source, device=x.device, dtype=x.dtype)
    else:
        noise = beside("noise", noise, x)
    signal, spread = at(schedule.alpha_bars.sqrt(), ts, x), at(schedule.noise_levels.sqrt(), ts, x)
    noised = signal * x + spread * noise
    output = called(model, noised, ts)
    if weighting == "bound":
        each = _of_bound(output, noised, x, ts, schedule, prediction, variance)
    else:
        of = "noise" if weighting == "simple" else prediction
        want = {"noise": noise, "data": x, "velocity": signal * noise - spread * x}[of]
        apart = converted(output, noised, ts, schedule, prediction, of) - want
        each = apart.square().flatten(1).mean(1) if x.dim() > 1 else apart.square()
    return each.mean() if reduction == "mean" else each


def _of_bound(
    output: Tensor,
    noised: Tensor,
    x: Tensor,
    t: Tensor,
    schedule: NoiseSchedule,
    prediction: str,
    variance: str,
) -> Tensor:
    """In nats a sample: KL(q(x_{t−1}|x_t, x₀)‖p(x_{t−1}|x_t)), or −ln p(x₀|x₁) at t = 1."""
    mine = stepped_back(output, noised, t, schedule, None, prediction, variance, None).mean
    true = stepped_back(x, noised, t, schedule, None, "data", variance, None).mean  # x₀ itself at t = 1
    own = posterior_variances(schedule)
    sigma2 = torch.cat((schedule.betas.new_ones(1), schedule.betas))
    if variance == "posterior":
        sigma2 = torch.where(torch.arange(schedule.steps + 1) > 1, own, sigma2)
    ratio = own / sigma2
    apart = (ratio - 1 - torch.log(ratio.clamp(min=1e-300))) / 2
    first = (math.log(2 * math.pi) + torch.log(sigma2)) / 2
    each = torch.where(torch.arange(schedule.steps + 1) > 1, apart, first)
    size = (mine - true).square() / at(2 * sigma2, t, x) + at(each, t, x)
    return size.flatten(1).sum(1) if x.dim() > 1 else size
