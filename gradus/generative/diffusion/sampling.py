"""Ancestral sampling: back through every step of the chain, with new noise at each but the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, flag, refusal
from gradus.arguments.tensors import tensor
from gradus.generative.diffusion.coefficients import PREDICTIONS, VARIANCES, scheduled
from gradus.generative.diffusion.model_calls import Model, called, evaluating, require_finite, start_of
from gradus.generative.diffusion.reverse import clipping, stepped_back
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["ddpm_sample", "noises_of"]


def ddpm_sample(
    model: Model,
    shape: Sequence[int],
    schedule: NoiseSchedule,
    *,
    prediction: str = "noise",
    variance: str = "posterior",
    clip: tuple[float, float] | None = None,
    start: Tensor | None = None,
    noises: Tensor | None = None,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    device: Any = None,
    dtype: Any = None,
    trajectory: bool = False,
) -> Tensor:
    r"""Samples by the reverse process: T calls of the model, new noise at each step but the last.

    .. math:: x_{t-1}=\tilde\mu(x_t,\hat x_0)+[t>1]\,\sigma_tz,\qquad t=T,\dots,1

    A module is put into evaluation mode meanwhile, and left in the mode that it was in.

    Args:
        model: gets x_t and the times, (batch,), whole numbers from 1; gives what it predicts, like x_t.
        shape: (batch, …).
        schedule: the `NoiseSchedule`.
        prediction: "noise", "data" or "velocity": what the model predicts.
        variance: "posterior" or "beta" (see `denoising_step`).
        clip: the least and the largest value of the data; None for no limits.
        start: x_T; None draws it.
        noises: z of each step in turn, (T, batch, …); None draws them.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.
        device: of the samples; None for the model's, or the CPU.
        dtype: of the samples; None for the model's, or PyTorch's default.
        trajectory: whether all of x_T, …, x_0 are given, (T + 1, batch, …).

    Returns:
        x_0, of `shape`.

    Raises:
        GradusError: a model that gives something else, or what is not finite: the step is named.

    Cost: T calls of the model.

    Source: Ho, Jain and Abbeel 2020, algorithm 2.

    Example:
        >>> from gradus.generative import GaussianMixtureDenoiser, NoiseSchedule
        >>> schedule = NoiseSchedule.linear(100, 0.001, 0.2)
        >>> model = GaussianMixtureDenoiser(torch.tensor([0.5, 0.5]), torch.tensor([[-1.0], [1.0]]), torch.tensor([0.1, 0.1]), schedule)
        >>> x = ddpm_sample(model, (500, 1), schedule, seed=0)
        >>> bool(((x.abs() - 1).abs() < 0.5).all()), bool((x > 0).float().mean().sub(0.5).abs() < 0.1)
        (True, True)
    """
    schedule = scheduled(schedule)
    choice("prediction", prediction, PREDICTIONS)
    choice("variance", variance, VARIANCES)
    limits, all_of_it = clipping(clip), flag("trajectory", trajectory)
    x, source = start_of(model, shape, start, seed, generator, device, dtype)
    drawn = noises_of(noises, schedule.steps, x)
    path = [x]
    with evaluating(model):
        for step, t in enumerate(range(schedule.steps, 0, -1)):
            now = torch.full((len(x),), t, device=x.device)
            output = called(model, x, now)
            z = None
            if t > 1:
                z = torch.randn(x.shape, generator=source, device=x.device, dtype=x.dtype) if drawn is None else drawn[step]  # fmt: skip
            x = stepped_back(output, x, t, schedule, z, prediction, variance, limits).sample
            require_finite(x, step + 1, t, schedule.steps)
            if all_of_it:
                path.append(x)
    return torch.stack(path) if all_of_it else x


def noises_of(noises: Any, steps: int, x: Tensor) -> Tensor | None:
    """The noise of each step, (steps, …) like x; None where it is to be drawn.

    Raises:
        GradusError: another shape or precision.
    """
    if noises is None:
        return None
    found = tensor("noises", noises, finite=True)
    shape = (steps, *x.shape)
    if tuple(found.shape) != shape:
        raise refusal("noises", (f"the shape {shape}", f"形状 {shape}"), Text(str(tuple(found.shape)), str(tuple(found.shape))))  # fmt: skip
    return found.to(x.device, x.dtype)
