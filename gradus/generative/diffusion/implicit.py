"""DDIM: the same model on fewer steps, with as much new noise as one likes, none by default; and the way back into the noise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, flag, function, number, refusal, whole
from gradus.generative.diffusion.coefficients import PREDICTIONS, batch, scheduled
from gradus.generative.diffusion.model_calls import Model, called, evaluating, require_finite, start_of
from gradus.generative.diffusion.predictions import converted
from gradus.generative.diffusion.reverse import clipped, clipping
from gradus.generative.diffusion.sampling import noises_of
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["ddim_invert", "ddim_sample", "diffusion_times"]

SPACINGS = ("trailing", "leading", "linspace", "quadratic")


def diffusion_times(schedule: NoiseSchedule, steps: int, spacing: str = "trailing") -> tuple[int, ...]:
    r"""Times for fewer steps than the schedule has, downwards; after the last comes 0, the data.

    .. math:: \text{trailing: }\tau_i=\operatorname{round}\frac{iT}S,\quad\text{linspace: }1+\operatorname{round}\frac{(i-1)(T-1)}{S-1},\quad\text{leading: }1+(i-1)\Bigl\lfloor\frac TS\Bigr\rfloor,\quad\text{quadratic: }1+\operatorname{round}(T-1)\Bigl(\frac{i-1}{S-1}\Bigr)^2

    The step before τ_i leads to τ_{i−1}, whichever it is, never to τ_i − T/S.

    Args:
        schedule: the `NoiseSchedule`.
        steps: S, from 1 to T.
        spacing: "trailing" and "linspace" begin at T, where the noise is; "leading" does not, unless S = T, and "quadratic" has most steps near the data.

    Raises:
        GradusError: more steps than the schedule has; a spacing that puts two of them at one time.

    Source: Song, Meng and Ermon 2021, §4; Lin et al. 2024, table 2 (there times begin at 0 or 1, as the code does).

    Example:
        >>> from gradus.generative import NoiseSchedule
        >>> [diffusion_times(NoiseSchedule.linear(), 4, spacing) for spacing in ("trailing", "leading", "linspace")]
        [(1000, 750, 500, 250), (751, 501, 251, 1), (1000, 667, 334, 1)]
    """
    T = scheduled(schedule).steps
    S = whole("steps", steps, least=1, most=T)
    choice("spacing", spacing, SPACINGS)
    if spacing == "trailing":
        found = [(2 * i * T + S) // (2 * S) for i in range(1, S + 1)]
    elif spacing == "leading":
        found = [1 + i * (T // S) for i in range(S)]
    elif S == 1:
        found = [T]
    else:
        power = 1 if spacing == "linspace" else 2
        found = [1 + round((T - 1) * (i / (S - 1)) ** power) for i in range(S)]
    if len(set(found)) < S:
        mend = ("take fewer steps, or give the times", "请减少步数，或直接给出时刻")
        raise refusal(
            "steps", (f"steps at different times ({spacing})", f"各步时刻不同（{spacing}）"), S, mend
        )
    return tuple(reversed(found))


def ddim_sample(
    model: Model,
    shape: Sequence[int],
    schedule: NoiseSchedule,
    *,
    steps: int = 20,
    eta: float = 0.0,
    spacing: str = "trailing",
    timesteps: Sequence[int] | None = None,
    prediction: str = "noise",
    clip: tuple[float, float] | None = None,
    start: Tensor | None = None,
    noises: Tensor | None = None,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    device: Any = None,
    dtype: Any = None,
    trajectory: bool = False,
) -> Tensor:
    r"""Samples in few steps: from each time of a list to the next one in it, and from the last to the data.

    .. math:: x_s=\sqrt{\bar\alpha_s}\,\hat x_0+\sqrt{1-\bar\alpha_s-\sigma^2}\,\hat\varepsilon+\sigma z,\qquad
        \sigma=\eta\sqrt{\frac{1-\bar\alpha_s}{1-\bar\alpha_t}}\sqrt{1-\frac{\bar\alpha_t}{\bar\alpha_s}}

    With η = 0 the sample is a function of the start alone; with η = 1 and every time it is `ddpm_sample`'s with the posterior's variance.
    A module is put into evaluation mode meanwhile, and left in the mode that it was in.

    Args:
        model: gets x_t and the times, (batch,), whole numbers from 1; gives what it predicts, like x_t.
        shape: (batch, …).
        schedule: the `NoiseSchedule` that the model was trained with.
        steps: how many; no more are taken than the schedule has.
        spacing: of `diffusion_times`.
        eta: η, from 0 to 1: how much new noise.
        timesteps: the times themselves, downwards, in place of steps and spacing.
        prediction: "noise", "data" or "velocity": what the model predicts.
        clip: the least and the largest value of the data; the noise is then that which leads to the data so held.
        start: x at the first time; None draws it.
        noises: z of each step in turn, (S, batch, …); None draws them where η > 0.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.
        device: of the samples; None for the model's, or the CPU.
        dtype: of the samples; None for the model's, or PyTorch's default.
        trajectory: whether x at all times and at 0 is given, (S + 1, batch, …).

    Returns:
        x_0, of `shape`.

    Raises:
        GradusError: times that do not fall, or out of range; a model that gives something else, or what is not finite: the step is named.

    Cost: as many calls of the model as there are steps.

    Source: Song, Meng and Ermon 2021, (12), (16).

    Example:
        >>> from gradus.generative import GaussianMixtureDenoiser, NoiseSchedule
        >>> schedule = NoiseSchedule.linear()
        >>> model = GaussianMixtureDenoiser(torch.ones(1), torch.tensor([[3.0]]), torch.tensor([0.5]), schedule)
        >>> x = ddim_sample(model, (2000, 1), schedule, steps=100, seed=0)
        >>> [round(v.item(), 1) for v in (x.mean(), x.std())]
        [3.0, 0.5]
    """
    schedule = scheduled(schedule)
    choice("prediction", prediction, PREDICTIONS)
    share = float(number("eta", eta, least=0, most=1))
    limits, all_of_it = clipping(clip), flag("trajectory", trajectory)
    taken = _times(schedule, steps, spacing, timesteps)
    x, source = start_of(model, shape, start, seed, generator, device, dtype)
    drawn = noises_of(noises, len(taken), x)
    path = [x]
    with evaluating(model):
        for step, (t, s) in enumerate(zip(taken, (*taken[1:], 0), strict=True)):
            output = called(model, x, torch.full((len(x),), t, device=x.device))
            data = clipped(converted(output, x, t, schedule, prediction, "data"), limits)
            noise = converted(data, x, t, schedule, "data", "noise") if limits else converted(output, x, t, schedule, prediction, "noise")  # fmt: skip
            sigma2 = share**2 * float(_new_noise(schedule, t, s))
            level = float(schedule.noise_levels[s].detach())
            x = float(schedule.alpha_bars[s].detach()) ** 0.5 * data + max(level - sigma2, 0.0) ** 0.5 * noise
            if sigma2 > 0:
                z = torch.randn(x.shape, generator=source, device=x.device, dtype=x.dtype) if drawn is None else drawn[step]  # fmt: skip
                x = x + sigma2**0.5 * z
            require_finite(x, step + 1, t, len(taken))
            if all_of_it:
                path.append(x)
    return torch.stack(path) if all_of_it else x


def ddim_invert(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    *,
    steps: int = 20,
    spacing: str = "trailing",
    timesteps: Sequence[int] | None = None,
    iterations: int = 0,
    prediction: str = "noise",
    trajectory: bool = False,
) -> Tensor:
    r"""The noise from which `ddim_sample` with η = 0 makes data: the same steps upwards.

    .. math:: x_t=\sqrt{\frac{\bar\alpha_t}{\bar\alpha_s}}\,x_s+\Bigl(\sqrt{1-\bar\alpha_t}-\sqrt{\frac{\bar\alpha_t}{\bar\alpha_s}(1-\bar\alpha_s)}\Bigr)\hat\varepsilon(x_s,t)

    The model is asked at the point where the step begins, and at the time where it ends. So the way down, which asks at the other end, comes back to x up to an
    error that falls like the size of the steps. `iterations` asks again at the point that was reached: where that settles, the way down leads back exactly.

    Args:
        model: gets x_t and the times, (batch,); gives what it predicts, like x_t.
        x: data x₀, (batch, …).
        schedule: as of `ddim_sample`.
        steps: as of `ddim_sample`.
        spacing: as of `ddim_sample`.
        timesteps: as of `ddim_sample`.
        iterations: how often each step is asked again.
        prediction: as of `ddim_sample`.
        trajectory: whether x at 0 and at all times is given, (S + 1, batch, …).

    Returns:
        x at the largest time, like x.

    Raises:
        GradusError: as `ddim_sample`; a schedule with ᾱ_T = 0, at which x_T says nothing of the data.

    Cost: steps · (1 + iterations) calls of the model.

    Source: Song, Meng and Ermon 2021, §4.3; asked again: Pan et al. 2023.

    Example:
        >>> from gradus.generative import GaussianMixtureDenoiser, NoiseSchedule
        >>> schedule = NoiseSchedule.linear()
        >>> model = GaussianMixtureDenoiser(torch.ones(1), torch.tensor([[3.0]]), torch.tensor([0.5]), schedule)
        >>> x = torch.tensor([[2.5], [4.0]])
        >>> noise = ddim_invert(model, x, schedule, steps=50, iterations=30)
        >>> bool((ddim_sample(model, (2, 1), schedule, steps=50, start=noise) - x).abs().max() < 1e-3)
        True
    """
    function("model", model, "lambda x, t: 0 * x")
    schedule = scheduled(schedule)
    x = batch("x", x, finite=True, meta=False).detach()
    choice("prediction", prediction, PREDICTIONS)
    again, all_of_it = whole("iterations", iterations, least=0), flag("trajectory", trajectory)
    taken = _times(schedule, steps, spacing, timesteps)[::-1]
    if float(schedule.alpha_bars[taken[-1]].detach()) == 0:
        noun = ("times at which something of the data is left", "数据尚有剩余的时刻")
        raise refusal("timesteps", noun, Text(f"{taken[-1]}, where ᾱ = 0", f"{taken[-1]}，该处 ᾱ = 0"))
    path = [x]
    with evaluating(model):
        for step, (s, t) in enumerate(zip((0, *taken[:-1]), taken, strict=True)):
            now = torch.full((len(x),), t, device=x.device)
            a, b = (float(schedule.alpha_bars[i].detach()) for i in (s, t))
            low, high = (float(schedule.noise_levels[i].detach()) ** 0.5 for i in (s, t))
            root = (b / a) ** 0.5
            reached = x
            for _ in range(1 + again):
                noise = converted(called(model, reached, now), reached, t, schedule, prediction, "noise")
                reached = root * x + (high - root * low) * noise
            x = reached
            require_finite(x, step + 1, t, len(taken))
            if all_of_it:
                path.append(x)
    return torch.stack(path) if all_of_it else x


def _new_noise(schedule: NoiseSchedule, t: int, s: int) -> Tensor:
    """σ² at η = 1: the variance of x_s given x_t and the data."""
    level, left = schedule.noise_levels.detach(), schedule.alpha_bars.detach()
    return level[s] / level[t] * (1 - left[t] / left[s])


def _times(schedule: NoiseSchedule, steps: Any, spacing: Any, timesteps: Any) -> tuple[int, ...]:
    """The times, downwards.

    Raises:
        GradusError: they do not fall, or are out of range.
    """
    if timesteps is None:
        return diffusion_times(schedule, min(whole("steps", steps, least=1), schedule.steps), spacing)
    listed = timesteps.tolist() if isinstance(timesteps, Tensor) else timesteps
    if not isinstance(listed, (list, tuple, range)) or not listed:
        noun = ("a list of times, downwards, such as [1000, 500]", "由大到小的时刻列表，例如 [1000, 500]")
        raise refusal("timesteps", noun, timesteps, kind=True)
    found = [whole("timesteps", t, least=1, most=schedule.steps) for t in listed]
    if any(a <= b for a, b in pairwise(found)):
        raise refusal(
            "timesteps", ("times that fall", "严格递减的时刻"), Text(str(found)[:60], str(found)[:60])
        )
    return tuple(found)
