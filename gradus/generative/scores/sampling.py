"""Samples by a score: Langevin's equation at one level of noise, and the ways back through falling ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, flag, function, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.generative.diffusion.coefficients import batch
from gradus.generative.diffusion.model_calls import Model, called, drawing, evaluating
from gradus.text import Text

__all__ = ["langevin_sample", "score_sample"]

METHODS = ("flow", "reverse-sde", "annealed-langevin")


def langevin_sample(
    score: Model,
    start: Tensor,
    scale: float,
    *,
    step: float,
    steps: int = 1,
    noises: Tensor | None = None,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    trajectory: bool = False,
) -> Tensor:
    r"""Langevin's equation by Euler and Maruyama, at one level of noise, without rejection.

    .. math:: x\gets x+\tfrac\eta2\,s(x,\sigma)+\sqrt\eta\,w

    What it settles to is off by what is proportional to η: of a normal distribution of variance v it is v/(1 − η/4v), and from η = 4v on it does not settle.

    Args:
        score: gets samples (batch, …) and their σ, (batch,); gives ∇ ln p_σ.
        start: where it begins, (batch, …).
        scale: σ > 0, that the score is asked for.
        step: η > 0.
        steps: how many.
        noises: w of each step, (steps, batch, …); None draws them.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.
        trajectory: whether all of it is given, (steps + 1, batch, …).

    Returns:
        Like the start.

    Raises:
        GradusError: a step or σ that is not positive; a score that gives something else, or what is not finite: the step is named.

    Cost: as many calls of the score as steps.

    Source: Roberts and Tweedie 1996; Song and Ermon 2019.

    Example:
        >>> import torch
        >>> normal = lambda x, sigma: -x
        >>> x = langevin_sample(normal, torch.zeros(4000, 1), 1.0, step=0.4, steps=60, seed=0)
        >>> bool((x.var() - 1 / 0.9).abs() < 0.1)  # 1/(1 − η/4)
        True
    """
    function("score", score, "lambda x, sigma: -x")
    x = batch("start", start, finite=True, meta=False).detach()
    eta, count = number("step", step, above=0, most=1e15), whole("steps", steps, least=1)
    sigma, all_of_it = number("scale", scale, above=0, most=1e15), flag("trajectory", trajectory)
    source, drawn = drawing(seed, generator, x.device), _noises(noises, count, x)
    path = [x]
    with evaluating(score):
        for i in range(count):
            x = x + eta / 2 * _slope(score, x, sigma)
            x = x + eta**0.5 * (_normal(x, source) if drawn is None else drawn[i])
            _require_finite(x, i + 1, count)
            if all_of_it:
                path.append(x)
    return torch.stack(path) if all_of_it else x


def score_sample(
    score: Model,
    start: Tensor,
    scales: Sequence[float] | Tensor,
    *,
    method: str = "flow",
    inner: int = 10,
    ratio: float = 0.1,
    noises: Tensor | None = None,
    seed: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Samples from noise of the deviation σ₁ through falling levels to the data.

    .. math:: x\gets x+\tfrac12(\sigma_i^2-\sigma_{i+1}^2)\,s(x,\sigma_i)\qquad\text{or}\qquad x\gets x+(\sigma_i^2-\sigma_{i+1}^2)\,s(x,\sigma_i)+\sqrt{\sigma_i^2-\sigma_{i+1}^2}\,w

    Args:
        score: gets samples (batch, …) and their σ, (batch,); gives ∇ ln p_σ.
        start: where it begins, (batch, …): σ₁ times standard normal numbers, if σ₁ is far above the deviation of the data.
        scales: σ₁ > σ₂ > … ≥ 0, a list. After the last no step is taken; 0 leads to the data.
        method: "flow" is the first equation, the probability flow, and draws nothing; "reverse-sde" the second; "annealed-langevin" makes
            `inner` steps of Langevin's equation at each level, with η = 2 ratio σᵢ².
        inner: steps at each level, of "annealed-langevin".
        ratio: of the step to σᵢ², of "annealed-langevin"; at most 1, for beyond 2 it does not settle.
        noises: w of each step, (steps, batch, …), of the last two methods; None draws them.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.

    Returns:
        Like the start.

    Raises:
        GradusError: levels that do not fall; a score that gives something else, or what is not finite: the step is named.

    Cost: a call of the score for each level but the last, of "annealed-langevin" `inner` for each above 0.

    Source: Song et al. 2021, (6), (13); Song and Ermon 2019, algorithm 1.

    Example:
        >>> import torch
        >>> normal = lambda x, sigma: -x / (1 + sigma[:, None] ** 2)  # of standard normal data
        >>> start = 20 * torch.randn(2000, 1, generator=torch.Generator().manual_seed(0))
        >>> x = score_sample(normal, start, torch.linspace(20, 0, 400).tolist())
        >>> bool((x.std() - 1).abs() < 0.1)
        True
    """
    function("score", score, "lambda x, sigma: -x")
    x = batch("start", start, finite=True, meta=False).detach()
    levels = _falling(scales)
    choice("method", method, METHODS)
    count, share = whole("inner", inner, least=1), number("ratio", ratio, above=0, most=1)
    pairs = list(pairwise(levels))
    if method == "annealed-langevin":
        pairs = [(s, s) for s in levels if s > 0 for _ in range(count)]
    source, drawn = drawing(seed, generator, x.device), _noises(noises, len(pairs), x)
    with evaluating(score):
        for i, (here, there) in enumerate(pairs):
            slope = _slope(score, x, here)
            fall = here**2 - there**2
            if method == "flow":
                x = x + fall / 2 * slope
            else:
                w = _normal(x, source) if drawn is None else drawn[i]
                drift, spread = (
                    (fall, fall) if method == "reverse-sde" else (share * here**2, 2 * share * here**2)
                )
                x = x + drift * slope + spread**0.5 * w
            _require_finite(x, i + 1, len(pairs))
    return x


def _slope(score: Model, x: Tensor, sigma: float) -> Tensor:
    return called(score, x, torch.full((len(x),), sigma, device=x.device, dtype=x.dtype), "score")


def _normal(x: Tensor, source: torch.Generator | None) -> Tensor:
    return torch.randn(x.shape, generator=source, device=x.device, dtype=x.dtype)


def _falling(scales: Any) -> list[float]:
    listed = scales.tolist() if isinstance(scales, Tensor) and scales.dim() == 1 else scales
    if not isinstance(listed, (list, tuple)) or len(listed) < 2:
        noun = (
            "a list of two falling numbers or more, such as [10.0, 1.0, 0.1]",
            "至少两个递减的数的列表，例如 [10.0, 1.0, 0.1]",
        )
        raise refusal("scales", noun, scales, kind=True)
    found = [float(number("scales", s, least=0, most=1e15)) for s in listed]
    if any(a <= b for a, b in pairwise(found)):
        shown = str(found)[:60]
        raise refusal("scales", ("numbers that fall", "严格递减的数"), Text(shown, shown))
    return found


def _noises(noises: Any, steps: int, x: Tensor) -> Tensor | None:
    if noises is None:
        return None
    found, shape = tensor("noises", noises, finite=True, meta=False), (steps, *x.shape)
    if tuple(found.shape) != shape:
        came = str(tuple(found.shape))
        raise refusal("noises", (f"the shape {shape}", f"形状 {shape}"), Text(came, came))
    return found.to(x.device, x.dtype)


def _require_finite(x: Tensor, step: int, steps: int) -> None:
    if bool(torch.isfinite(x).all()):
        return
    said = Text(f"NaN or ±∞ after step {step} of {steps}", f"第 {step} 步（共 {steps} 步）之后出现 NaN 或 ±∞")
    mend = ("take smaller steps, or look at the score there", "请减小步长，或检查分数在该处的输出")
    raise refusal("score", ("one that leads to finite numbers", "得到有限数的分数"), said, mend)
