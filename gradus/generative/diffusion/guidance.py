"""Guidance: a diffusion or flow model led towards a class, by itself or by a classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import function, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.generative.diffusion.coefficients import at, scheduled
from gradus.generative.diffusion.model_calls import Model, called
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["classifier_guided", "guided"]

LARGEST = 1e6  # of a scale


def guided(
    model: Callable[[Tensor, Tensor, Tensor], Tensor],
    condition: Tensor,
    scale: float,
    *,
    none: int | Tensor | None = None,
    rescale: float = 0.0,
) -> Model:
    r"""A model of (x, t) from one of (x, t, condition), led by its condition: for `ddpm_sample`, `ddim_sample` or a sampler of your own.

    .. math:: \hat\varepsilon=\hat\varepsilon(x,t)+s\,\bigl(\hat\varepsilon(x,t,c)-\hat\varepsilon(x,t)\bigr)

    Any prediction will do, of noise, data or velocity alike: at a given x and t each is an affine function of each other, and the weights 1 − s and s add up to 1.

    Args:
        model: gets x, like its answer, the times (batch,) and the conditions (batch, …).
        condition: c: classes (batch,), or anything else with one row a sample.
        scale: s: 1 takes the condition as it is, 0 leaves it out, more leads away from what is said without one. Papers that write (1 + w) and w mean s = 1 + w.
        none: what stands for no condition: a number, or a tensor like one row of the condition, or like all of it. None: the model's own `no_class`.
        rescale: from 0 to 1: how much of the deviation that the guided prediction has too much is taken off, sample by sample (Lin et al. 2024).

    Returns:
        A function of x and t. It calls the model once, with both conditions in one batch; with a scale of 0 or 1 with one of them.

    Raises:
        GradusError: no condition; nothing that stands for none; a scale that is no number. When it is called: a batch of another size.

    Cost: twice the model's.

    Source: Ho and Salimans 2022; Lin et al. 2024, §3.4.

    Example:
        >>> model = lambda x, t, c: 0 * x + c[:, None]
        >>> guess = guided(model, torch.tensor([1.0, 2.0]), 3.0, none=0)
        >>> guess(torch.zeros(2, 1), torch.tensor([5, 5])).flatten()
        tensor([3., 6.])
    """
    function("model", model, "lambda x, t, c: 0 * x")
    c = tensor("condition", condition, dtype="any", meta=False)
    if c.is_complex():
        raise refusal("condition", ("real numbers", "实数"), Text(str(c.dtype), str(c.dtype)))
    if not c.dim():
        raise refusal("condition", ("one row a sample", "每个样本一行"), Text("a number", "一个数"))
    s = float(number("scale", scale, least=-LARGEST, most=LARGEST))
    share = float(number("rescale", rescale, least=0, most=1))
    empty = _empty(model, c, none)

    def guess(x: Tensor, t: Tensor) -> Tensor:
        if len(x) != len(c):
            noun = f"one row for each of {len(x)} samples", f"{len(x)} 个样本各一行"
            raise refusal("condition", noun, Text(str(len(c)), str(len(c))))
        if s in (0.0, 1.0):
            return called(lambda y, u: model(y, u, c if s == 1.0 else empty), x, t)
        doubled, conditions = torch.cat((x, x)), torch.cat((c, empty))
        both = called(lambda y, u: model(y, u, conditions), doubled, torch.cat((t, t)))
        with_it, without = both.chunk(2)
        led = without + s * (with_it - without)
        if not share:
            return led
        dims = tuple(range(1, led.dim()))
        factor = with_it.std(dims, keepdim=True, correction=0) / led.std(dims, keepdim=True, correction=0)
        factor = torch.where(torch.isfinite(factor), factor, torch.ones_like(factor))
        return led * (1 + share * (factor - 1))

    return guess


def classifier_guided(
    model: Model,
    log_probability: Callable[[Tensor, Tensor], Tensor],
    schedule: NoiseSchedule,
    scale: float = 1.0,
) -> Model:
    r"""A model of the noise led by a classifier of noisy samples.

    .. math:: \hat\varepsilon(x,t)-s\sqrt{1-\bar\alpha_t}\,\nabla_x\ln p(c\mid x,t)

    Args:
        model: of (x, t), which predicts the noise.
        log_probability: of (x, t), to ln p(c|x, t) of the class that is wanted, (batch,). It must have been trained on noisy samples of all times.
        schedule: the `NoiseSchedule`.
        scale: s: with 1 it is Bayes' theorem.

    Returns:
        A function of x and t.

    Raises:
        GradusError: no functions; a scale that is no number. When it is called: what is no logarithm of a probability of each sample, or does not depend on x.

    Cost: the model's, and the classifier's forwards and backwards.

    Source: Dhariwal and Nichol 2021, algorithm 2.

    Example:
        >>> schedule = NoiseSchedule.linear(10)
        >>> rightwards = lambda x, t: torch.nn.functional.logsigmoid(x[:, 0])
        >>> guess = classifier_guided(lambda x, t: 0 * x, rightwards, schedule)
        >>> bool((guess(torch.zeros(2, 1), torch.tensor([5, 5])) < 0).all())
        True
    """
    function("model", model, "lambda x, t: 0 * x")
    function("log_probability", log_probability, "lambda x, t: x[:, 0]")
    schedule = scheduled(schedule)
    s = float(number("scale", scale, least=-LARGEST, most=LARGEST))

    def guess(x: Tensor, t: Tensor) -> Tensor:
        with torch.enable_grad():
            y = x.detach().requires_grad_(True)
            found = log_probability(y, t)
            if not isinstance(found, Tensor) or found.shape != (len(x),) or not found.requires_grad:
                came = str(tuple(found.shape)) if isinstance(found, Tensor) else type(found).__name__
                noun = (
                    f"one number a sample, ({len(x)},), that depends on x",
                    f"每个样本一个依赖 x 的数，({len(x)},)",
                )
                raise refusal("log_probability", noun, Text(came, came))
            (slope,) = torch.autograd.grad(found.sum(), y)
        return called(model, x, t) - s * at(schedule.noise_levels.sqrt(), t, x) * slope

    return guess


def _empty(model: Any, condition: Tensor, none: Any) -> Tensor:
    """What stands for no condition, like the conditions."""
    stands = getattr(model, "no_class", None) if none is None else none
    if stands is None:
        mend = ("give none=…, the number of classes for example", "请给出 none=…，例如类别数")
        raise refusal("none", ("what stands for no condition", "代表“无条件”的值"), none, mend, kind=True)
    if isinstance(stands, Tensor):
        row = tensor("none", stands, dtype="any").to(condition.device, condition.dtype)
        if row.shape not in (condition.shape, condition.shape[1:]):
            came = str(tuple(row.shape))
            noun = (
                f"the shape {tuple(condition.shape[1:])} of a condition",
                f"一个条件的形状 {tuple(condition.shape[1:])}",
            )
            raise refusal("none", noun, Text(came, came))
        return row.expand(condition.shape)
    if condition.is_floating_point():
        return torch.full_like(condition, number("none", stands, least=-LARGEST, most=LARGEST))
    return torch.full_like(condition, whole("none", stands, least=-int(LARGEST), most=int(LARGEST)))
