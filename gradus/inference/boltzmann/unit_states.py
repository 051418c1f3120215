"""Probabilities of states of independent binary units."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus

__all__ = ["log_bernoulli"]


def log_bernoulli(states: Tensor, logits: Tensor) -> Tensor:
    """Ln of the probability of each of the states (s, u) under independent units with each of the logits (l, u): (l, s)."""
    found: Tensor = logits @ states.mT - softplus(logits).sum(-1, keepdim=True)
    return found
