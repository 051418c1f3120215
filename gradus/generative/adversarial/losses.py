"""The losses of adversarial training, as functions of the scores that a discriminator or a critic gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gradus.arguments import Sizes, choice, refusal, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.text import Text

__all__ = ["critic_loss", "discriminator_loss", "generator_loss"]

KINDS = ("non-saturating", "minimax", "wasserstein")


def discriminator_loss(
    real: Tensor,
    fake: Tensor,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
    *,
    dim: int | None = None,
) -> Tensor:
    r"""What the discriminator of a GAN minimises: minus the value of the game.

    .. math:: L_D=-V(D,G)=-\mathbb E_{p}\ln\sigma(\ell(x))-\mathbb E_{q}\ln(1-\sigma(\ell(x)))

    Real and generated samples each have a mean of their own, so batches of two sizes weigh alike. Right and finite, with its derivative, for
    logits of any size.

    Args:
        real: logits of the discriminator, before any sigmoid, on real samples, of any shape: a patch is a sample.
        fake: the same on generated samples; detach the samples where the generator is not to move.
        real_weights: probabilities of the real samples, of the shape of `real`: a density on a grid, say; equal ones unless given.
        fake_weights: those of the generated ones.
        dim: the axis that the means go along, such as −1 for a batch of games; all unless given.

    Returns:
        One number; with `dim` the shape that is left without that axis.

    Raises:
        GradusError: no sample, another precision, NaN or ±∞, weights of another shape or that do not sum to 1.

    Cost: O(n).

    Source: Goodfellow et al. 2014, Generative adversarial nets, equation 1.

    Deviates: the sum of both means; half of it is what many programs take.

    Example:
        >>> import torch
        >>> round(discriminator_loss(torch.zeros(3), torch.zeros(5)).item(), 4)  # it cannot tell: 2 ln 2
        1.3863
    """
    _pair(real, fake)
    return -_mean("real", real, logsigmoid(real), real_weights, dim) - _mean(
        "fake", fake, logsigmoid(-fake), fake_weights, dim
    )


def generator_loss(
    fake: Tensor, weights: Tensor | None = None, *, kind: str = "non-saturating", dim: int | None = None
) -> Tensor:
    r"""What the generator of a GAN minimises.

    .. math:: \text{non-saturating: }-\mathbb E_q\ln\sigma(\ell(x)),\qquad\text{minimax: }\mathbb E_q\ln(1-\sigma(\ell(x))),\qquad\text{wasserstein: }-\mathbb E_q\,\ell(x)

    Where the discriminator is sure that samples are generated, ℓ → −∞, the slope of the second in ℓ vanishes like :math:`e^\ell`; that of the first goes to −1.
    The first two add up to the third.

    Args:
        fake: logits of the discriminator on generated samples, which carry the generator's graph; for "wasserstein" a critic's scores.
        weights: probabilities of the samples, of the same shape; equal ones unless given.
        kind: "non-saturating", "minimax" or "wasserstein".
        dim: the axis that the mean goes along; all unless given.

    Returns:
        One number; with `dim` the shape that is left without that axis.

    Raises:
        GradusError: no sample, NaN or ±∞, another kind, weights of another shape or that do not sum to 1.

    Cost: O(n).

    Source: Goodfellow et al. 2014 §3; Arjovsky, Chintala and Bottou 2017.

    Example:
        >>> import torch
        >>> sure = torch.tensor([-10.0], requires_grad=True)  # surely generated
        >>> for kind in ("minimax", "non-saturating"):
        ...     slope = torch.autograd.grad(generator_loss(sure, kind=kind), sure)[0]
        ...     print(f"{slope.item():.2g}")
        -4.5e-05
        -1
    """
    name = choice("kind", kind, KINDS)
    tensor("fake", fake, finite=True)
    each = {
        "non-saturating": lambda: -logsigmoid(fake),
        "minimax": lambda: logsigmoid(-fake),
        "wasserstein": lambda: -fake,
    }[name]()
    return _mean("fake", fake, each, weights, dim, "weights")


def critic_loss(
    real: Tensor,
    fake: Tensor,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
    *,
    dim: int | None = None,
) -> Tensor:
    r"""What the critic of a Wasserstein GAN minimises: minus the estimate of the distance.

    .. math:: \mathbb E_q f(x)-\mathbb E_p f(x)\ \ge\ -W_1(p,q)\qquad\text{where }\lvert f(x)-f(y)\rvert\le\lVert x-y\rVert

    Without such a bound on f it has no least value: add `10 * gradient_penalty(critic, x, y)`.

    Args:
        real: scores of the critic on real samples, of any shape.
        fake: the same on generated samples.
        real_weights: probabilities of the real samples, of the shape of `real`; equal ones unless given.
        fake_weights: those of the generated ones.
        dim: the axis that the means go along; all unless given.

    Returns:
        One number; with `dim` the shape that is left without that axis.

    Raises:
        GradusError: no sample, another precision, NaN or ±∞, weights of another shape or that do not sum to 1.

    Cost: O(n).

    Source: Arjovsky, Chintala and Bottou 2017, Wasserstein generative adversarial networks, equation 2.

    Example:
        >>> import torch
        >>> critic_loss(torch.tensor([3.0, 5.0]), torch.tensor([1.0])).item()
        -3.0
    """
    _pair(real, fake)
    return _mean("fake", fake, fake, fake_weights, dim) - _mean("real", real, real, real_weights, dim)


def _pair(real: Any, fake: Any) -> None:
    tensor("real", real, finite=True)
    tensor("fake", fake, finite=True)
    same_kind(real=real, fake=fake)


def _mean(
    name: str, scores: Tensor, values: Tensor, weights: Tensor | None, dim: int | None, title: str = ""
) -> Tensor:
    """The mean of what was computed of each score, along an axis or of all."""
    if dim is not None:
        whole("dim", dim, least=-scores.ndim, most=scores.ndim - 1)
    count = scores.numel() if dim is None else scores.shape[dim]
    if not count:
        raise refusal(name, ("at least one sample", "至少一个样本"), scores)
    if weights is None:
        return values.mean() if dim is None else values.mean(dim)
    title = title or f"{name}_weights"
    sizes = Sizes()
    axes = " ".join(f"n{i}" for i in range(scores.ndim))
    tensor(name, scores, axes, sizes)
    tensor(title, weights, axes, sizes, finite=True)
    same_kind(**{name: scores, title: weights})
    _require_probabilities(title, weights, dim, count)
    return (weights * values).sum() if dim is None else (weights * values).sum(dim)


def _require_probabilities(name: str, weights: Tensor, dim: int | None, count: int) -> None:
    if not concrete(weights):
        return
    held = weights.detach()
    total = held.sum() if dim is None else held.sum(dim)
    off = (total - 1).abs().max() if total.numel() else torch.zeros(())
    if bool((held < 0).any()) or off.item() > 1e-6 + 4 * count * torch.finfo(held.dtype).eps:
        came = f"a sum off by {off.item():.3g}, least {held.min().item():.3g}"
        zh = f"和相差 {off.item():.3g}，最小值 {held.min().item():.3g}"
        noun = ("probabilities that sum to 1", "和为 1 的概率")
        raise refusal(name, noun, Text(came, zh), ("divide by the sum", "请除以其和"))
