"""Importance-weighted bounds, a part of the draws at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gradus.arguments.tensors import tensor
from gradus.generative.variational.results import ImportanceBound


def importance_weighted(
    log_likelihood: Callable[[Tensor], Tensor], mean: Tensor, log_variance: Tensor, noise: Tensor, chunk: int
) -> ImportanceBound:
    """The logarithm of the mean weight, and the effective size, of each sample.

    Args:
        log_likelihood: of z, (k, n, d), gives ln p(x|z), (k, n).
        mean: of q, (n, d).
        log_variance: of q, (n, d).
        noise: (K, n, d).
        chunk: draws at a time.

    Raises:
        GradusError: a bound that is not finite.
    """
    firsts, seconds = [], []
    for epsilon in noise.split(chunk):
        z = mean + torch.exp(log_variance / 2) * epsilon
        prior_to_q = (epsilon.square() - z.square() + log_variance).sum(-1) / 2
        log_weight = log_likelihood(z) + prior_to_q
        firsts.append(torch.logsumexp(log_weight, 0))
        seconds.append(torch.logsumexp(2 * log_weight.detach(), 0))
    total = torch.logsumexp(torch.stack(firsts), 0)
    tensor("the bound of x and noise", total, finite=True)
    effective = torch.exp(2 * total.detach() - torch.logsumexp(torch.stack(seconds), 0))
    return ImportanceBound(total - math.log(len(noise)), effective, len(noise))
