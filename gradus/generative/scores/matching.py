"""Losses by which a score is learnt from samples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, function, number, refusal
from gradus.arguments.tensors import same_kind, tensor
from gradus.generative.diffusion.coefficients import batch, beside
from gradus.generative.diffusion.model_calls import Model, called, drawing
from gradus.text import Text

__all__ = ["score_matching_loss"]

KINDS = ("denoising", "implicit", "sliced")
REDUCTIONS = ("mean", "none")


def score_matching_loss(
    score: Model,
    x: Tensor,
    scale: float | Tensor,
    *,
    kind: str = "denoising",
    noise: Tensor | None = None,
    reduction: str = "mean",
    seed: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""How far a model is from the score of data with noise of the deviation σ, up to what does not depend on the model; times σ².

    .. math:: \tfrac12\lVert\sigma s(x+\sigma z,\sigma)+z\rVert^2\qquad\text{or}\qquad\sigma^2\bigl(\tfrac12\lVert s\rVert^2+\operatorname{tr}\nabla s\bigr)(x+\sigma z)+\tfrac d2

    All three kinds have the same expectation: "denoising" asks for no derivative of the model, "implicit" for all of its divergence, "sliced" for that
    along one random direction of ±1.

    Args:
        score: gets samples with noise, (batch, …), and their σ, (batch,); gives ∇ ln p_σ, like the samples.
        x: data, (batch, …).
        scale: σ > 0, a number or one a sample. Its square times the loss is what makes levels of noise comparable.
        kind: "denoising" (Vincent), "implicit" (Hyvärinen) or "sliced".
        noise: z, like x; None draws it.
        reduction: "mean" over the batch, or "none": one number a sample.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.

    Returns:
        A number, or (batch,).

    Raises:
        GradusError: a σ that is not positive; other shapes; a model that gives something else.

    Cost: one call of the model; and as many of its backward passes as a sample has numbers for "implicit", one for "sliced".

    Source: Vincent 2011; Hyvärinen 2005; Song et al. 2019.

    Example:
        >>> import torch
        >>> x = torch.zeros(5, 2)
        >>> right = lambda y, sigma: -y / sigma[:, None] ** 2  # of data that are 0
        >>> score_matching_loss(right, x, 0.5, seed=0).item() < 1e-12
        True
    """
    function("score", score, "lambda x, sigma: -x")
    x = batch("x", x)
    choice("kind", kind, KINDS)
    choice("reduction", reduction, REDUCTIONS)
    source = drawing(seed, generator, x.device)
    levels = levels_of(scale, x)
    wide = levels.reshape(-1, *[1] * (x.dim() - 1))
    if noise is None:
        noise = torch.randn(x.shape, generator=source, device=x.device, dtype=x.dtype)
    else:
        noise = beside("noise", noise, x)
    noisy = x + wide * noise
    if kind == "denoising":
        each = _sum((wide * called(score, noisy, levels, "score") + noise).square()) / 2
    else:
        with torch.enable_grad():
            noisy = noisy.detach().requires_grad_(True)
            found = called(score, noisy, levels, "score")
            divergence = _divergence(found, noisy, kind, source)
        d = x[0].numel() if len(x) else 1
        each = levels**2 * (_sum(found.square()) / 2 + divergence) + d / 2
    return each.mean() if reduction == "mean" else each


def levels_of(scale: Any, x: Tensor) -> Tensor:
    """σ of each sample, (batch,).

    Raises:
        GradusError: not positive, or another number of them.
    """
    if not isinstance(scale, Tensor):
        return torch.full(
            (len(x),), float(number("scale", scale, above=0, most=1e15)), device=x.device, dtype=x.dtype
        )
    found = tensor("scale", scale, finite=True)
    same_kind(x=x, scale=found)
    if found.dim() == 0:
        found = found.expand(len(x))
    if found.shape != (len(x),):
        came = str(tuple(found.shape))
        raise refusal(
            "scale",
            (f"a number, or one a sample, ({len(x)},)", f"一个数，或每个样本一个，({len(x)},)"),
            Text(came, came),
        )
    if not bool((found > 0).all()):
        raise refusal(
            "scale",
            ("positive numbers", "正数"),
            Text(f"{float(found.min()):.6g}", f"{float(found.min()):.6g}"),
        )
    return found


def _sum(values: Tensor) -> Tensor:
    """Over each sample's numbers."""
    return values.flatten(1).sum(1) if values.dim() > 1 else values


def _divergence(found: Tensor, x: Tensor, kind: str, source: torch.Generator | None) -> Tensor:
    """Of the score at each sample, or its estimate along one direction."""
    if not found.requires_grad:
        return torch.zeros(len(x), device=x.device, dtype=x.dtype)  # it is the same everywhere
    if kind == "sliced":
        v = torch.randint(2, x.shape, generator=source, device=x.device).to(x.dtype) * 2 - 1
        (slope,) = torch.autograd.grad((found * v).sum(), x, create_graph=True, allow_unused=True)
        return _sum(v * slope) if slope is not None else found.new_zeros(len(x))
    flat, total = found.reshape(len(x), -1), found.new_zeros(len(x))
    for i in range(flat.shape[1]):
        (slope,) = torch.autograd.grad(flat[:, i].sum(), x, create_graph=True, allow_unused=True)
        if slope is not None:
            total = total + slope.reshape(len(x), -1)[:, i]
    return total
