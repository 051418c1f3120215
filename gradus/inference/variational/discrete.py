"""Logarithms of small probabilities: PyTorch's own hold each probability at the least step of its precision."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, Distribution, Independent, OneHotCategorical

__all__ = ["divergence", "log_probability", "minus_entropy", "probabilities"]


def probabilities(law: Distribution) -> Tensor | None:
    """Of all values, along the last axis; None where the distribution does not hold them."""
    if isinstance(law, (Categorical, OneHotCategorical)):
        return law.probs
    return torch.stack((1 - law.probs, law.probs), -1) if isinstance(law, Bernoulli) else None


def _logarithms(law: Distribution) -> Tensor | None:
    """Of the probabilities of all values, along the last axis; None where the distribution does not hold them.

    A law's `logits` are those it was given, or are made of probabilities that PyTorch holds between ε and 1 − ε: beyond what such probabilities
    can make they were given, elsewhere the probabilities are exact.
    """
    eps = (
        torch.finfo(law.probs.dtype).eps
        if isinstance(law, (Bernoulli, Categorical, OneHotCategorical))
        else 1
    )
    if isinstance(law, Bernoulli):
        given = law.logits.abs() > 1 - math.log(eps)
        logits, p = torch.where(given, law.logits, 0.0), torch.where(given, 0.5, law.probs)
        exact = torch.nn.functional.logsigmoid(torch.stack((-logits, logits), -1))
        return torch.where(given[..., None], exact, torch.stack((_log(1 - p), _log(p)), -1))
    if isinstance(law, (Categorical, OneHotCategorical)):
        given = law.logits < math.log(eps) - 1
        return torch.where(given, law.logits, _log(torch.where(given, 1.0, law.probs)))
    return None


def _log(p: Tensor) -> Tensor:
    """Whose derivative is no NaN where p is 0."""
    return torch.where(p > 0, torch.where(p > 0, p, 1.0).log(), -torch.inf)


def log_probability(law: Distribution, z: Tensor) -> Tensor:
    """`law.log_prob(z)`, and −∞ where a probability is 0."""
    found: Tensor = law.log_prob(z)  # with PyTorch's check of values
    if isinstance(law, Independent):
        return _summed(log_probability(law.base_dist, z), law)
    logs = _logarithms(law)
    if logs is None:
        return found
    if isinstance(law, Bernoulli):  # z may be softened
        return torch.where(z != 0, z * logs[..., 1], 0.0) + torch.where(z != 1, (1 - z) * logs[..., 0], 0.0)
    at = (z.argmax(-1) if isinstance(law, OneHotCategorical) else z.long()).unsqueeze(-1)
    shape = torch.broadcast_shapes(at.shape[:-1], logs.shape[:-1])
    return logs.expand(*shape, logs.shape[-1]).gather(-1, at.expand(*shape, 1)).squeeze(-1)


def divergence(q: Distribution, p: Distribution) -> Tensor | None:
    """KL(q‖p) of two distributions of one kind that hold the probabilities of their values; None for others."""
    if type(q) is not type(p):
        return None
    if isinstance(q, Independent) and isinstance(p, Independent):
        same = q.reinterpreted_batch_ndims == p.reinterpreted_batch_ndims
        inner = divergence(q.base_dist, p.base_dist) if same else None
        return None if inner is None else _summed(inner, q)
    weights, a, b = probabilities(q), _logarithms(q), _logarithms(p)
    if weights is None or a is None or b is None or a.shape[-1] != b.shape[-1]:
        return None
    there = weights > 0
    return (weights * (torch.where(there, a, 0.0) - torch.where(there, b, 0.0))).sum(-1)


def minus_entropy(q: Distribution) -> Tensor | None:
    """E ln q of a distribution that holds the probabilities of its values; None for others."""
    if isinstance(q, Independent):
        inner = minus_entropy(q.base_dist)
        return None if inner is None else _summed(inner, q)
    weights, a = probabilities(q), _logarithms(q)
    return None if weights is None or a is None else (weights * torch.where(weights > 0, a, 0.0)).sum(-1)


def _summed(inner: Tensor, law: Independent[Distribution]) -> Tensor:
    axes = tuple(range(-law.reinterpreted_batch_ndims, 0))
    return inner.sum(axes) if axes else inner
