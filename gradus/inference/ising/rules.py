"""The rules by which a spin is turned, given the field of its neighbours: what the sampler does and its distribution use alike."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

__all__ = ["SINGLE_SPIN", "Rule", "turning"]

Rule = Literal["heat-bath", "metropolis"]
SINGLE_SPIN = ("heat-bath", "metropolis")


def turning(spins: Tensor, local: Tensor, beta: float, rule: Rule) -> Tensor:
    """The probability of turning each spin: its energy would grow by 2 s times the field of its neighbours and its own."""
    cost = 2 * beta * spins * local
    if rule == "metropolis":
        return torch.exp(-cost.clamp(min=0))
    return torch.sigmoid(-cost)
