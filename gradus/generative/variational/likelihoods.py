"""What a decoder's output says of a sample."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LIKELIHOODS = ("bernoulli", "gaussian")


def log_likelihood(kind: str, x: Tensor, output: Tensor, log_scale: Tensor | None) -> Tensor:
    """The logarithm of p(x|z), summed over all axes but those before the sample's own.

    Args:
        kind: one of `LIKELIHOODS`.
        x: (n, …).
        output: (k, n, …): logits, or means.
        log_scale: of the normal distribution.

    Returns:
        (k, n).
    """
    if kind == "bernoulli":
        terms = x * output + torch.nn.functional.logsigmoid(-output)  # softplus is cut at 20, by 2e-9
        return terms.flatten(2).sum(-1)
    assert log_scale is not None
    size = math.prod(x.shape[1:])
    squares = ((x - output) * torch.exp(-log_scale)).square().flatten(2).sum(-1)
    return -squares / 2 - size * (log_scale + math.log(2 * math.pi) / 2)


def mean_of(kind: str, output: Tensor) -> Tensor:
    """The mean of x given z."""
    return torch.sigmoid(output) if kind == "bernoulli" else output


def drawn(kind: str, output: Tensor, log_scale: Tensor | None) -> Tensor:
    """One x given z."""
    if kind == "bernoulli":
        return torch.bernoulli(torch.sigmoid(output))
    assert log_scale is not None
    return output + torch.exp(log_scale) * torch.randn_like(output)
