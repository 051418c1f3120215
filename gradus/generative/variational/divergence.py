"""The divergence of two normal distributions with independent coordinates; nats and bits."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import Sizes, number, refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text

__all__ = ["bits_per_dimension", "gaussian_kl"]


def gaussian_kl(
    mean: Tensor,
    log_variance: Tensor,
    prior_mean: Tensor | float = 0.0,
    prior_log_variance: Tensor | float = 0.0,
) -> Tensor:
    r"""KL(q ‖ p) of normal distributions with independent coordinates, in nats, summed over the last axis.

    .. math:: \tfrac12\sum_j\Bigl(s^0_j-s_j+\frac{e^{s_j}+(m_j-m^0_j)^2}{e^{s^0_j}}-1\Bigr)

    Args:
        mean: m, (…, d), of q.
        log_variance: s, (…, d): the logarithm of the variance, not of the deviation.
        prior_mean: m⁰ of p, a number or (…, d).
        prior_log_variance: s⁰ of p, a number or (…, d).

    Returns:
        (…,), never negative but for rounding.

    Raises:
        GradusError: shapes, precisions or devices that do not go together; NaN or ±∞; a result that is not finite.

    Cost: O(d) a distribution.

    Source: Kingma and Welling 2014, appendix B.

    Example:
        >>> m, s = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])
        >>> gaussian_kl(m, s)  # half a squared shift
        tensor(0.5000)
        >>> gaussian_kl(m, s, prior_mean=m)
        tensor(0.)
    """
    sizes = Sizes()
    tensor("mean", mean, "... d", sizes, finite=True)
    tensor("log_variance", log_variance, "... d", sizes, finite=True)
    same_kind(mean=mean, log_variance=log_variance)
    if mean.shape != log_variance.shape:
        raise _other_shape("log_variance", log_variance.shape, mean.shape)
    m0 = _of_prior("prior_mean", prior_mean, mean)
    s0 = _of_prior("prior_log_variance", prior_log_variance, mean)
    terms = s0 - log_variance + torch.exp(log_variance - s0) + (mean - m0) ** 2 * torch.exp(-s0) - 1
    found = terms.sum(-1) / 2
    tensor("the divergence of mean, log_variance, prior_mean and prior_log_variance", found, finite=True)
    return found


def _of_prior(name: str, value: Any, mean: Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        return mean.new_tensor(number(name, value))
    tensor(name, value, finite=True)
    same_kind(mean=mean, **{name: value})
    if value.ndim > mean.ndim or any(
        a not in (1, b) for a, b in zip(value.shape[::-1], mean.shape[::-1], strict=False)
    ):
        raise _other_shape(name, value.shape, mean.shape)
    return value


def _other_shape(name: str, came: Any, wanted: Any) -> Exception:
    shape = str(tuple(wanted))
    return refusal(
        name, (f"the shape {shape} of mean", f"与 mean 相同的形状 {shape}"), Text(*[str(tuple(came))] * 2)
    )


def bits_per_dimension(nats: Tensor, dimensions: int, *, levels: int | None = None) -> Tensor:
    r"""Bits a dimension of log-likelihoods, or bounds of them, given in nats.

    .. math:: -\frac{\ln p(x)}{D\ln2}\;\bigl(+\log_2 k\bigr)

    Pixels of k whole levels have probabilities; a density of pixels is another thing, and may be as large as one likes. Add noise that is even on
    [0, 1) to the levels 0 … k − 1 (uniform dequantisation): then the mean of the log-density of the noisy pixels is a lower bound of the log-probability of the
    whole ones, and their bits a dimension are comparable. Where the noisy levels were divided by k before the density was
    taken, give `levels=k`: the density is then k^D times as large, log₂k bits a dimension.

    Args:
        nats: ln p(x), (…).
        dimensions: D, the numbers in one sample.
        levels: k, where the density is of noisy levels divided by k; None where it is of levels as they are, or a probability (Bernoulli).

    Returns:
        (…).

    Raises:
        GradusError: no tensor of finite numbers; dimensions below 1; levels below 2.

    Source: Theis, van den Oord and Bethge 2016.

    Example:
        >>> bits_per_dimension(torch.tensor(-64 * math.log(2)), 64)  # a fair coin a pixel
        tensor(1.)
        >>> bits_per_dimension(torch.tensor(0.0), 64, levels=256)  # density 1 on the unit cube: 8 bits
        tensor(8.)
    """
    tensor("nats", nats, finite=True)
    d = whole("dimensions", dimensions, least=1)
    more = 0.0 if levels is None else math.log2(whole("levels", levels, least=2))
    return -nats / (d * math.log(2)) + more
