"""Directions and estimates of Boltzmann machines."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

__all__ = ["AnnealedPartition", "BoltzmannGradient"]


class BoltzmannGradient(NamedTuple):
    """A direction in which the mean log-likelihood rises, or should.

    Attributes:
        weights: (n, m).
        visible_bias: (n,).
        hidden_bias: (m,).
        states: (chains, n), where the chains ended; None where nothing was drawn.

    Example:
        >>> import torch
        >>> BoltzmannGradient(torch.zeros(3, 2), torch.zeros(3), torch.zeros(2), None)
        BoltzmannGradient(3 visible, 2 hidden, norm 0)
    """

    weights: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    states: Tensor | None

    def __repr__(self) -> str:
        n, m = self.weights.shape
        norm = math.sqrt(sum(float(g.detach().square().sum()) for g in self[:3]))
        return f"BoltzmannGradient({n} visible, {m} hidden, norm {norm:.4g})"


class AnnealedPartition(NamedTuple):
    """An estimate of ln Z with its standard error.

    Attributes:
        log_partition: ln of the mean weight; the mean weight is unbiased for Z, its ln is below ln Z on average.
        standard_error: of the ln, by the scatter of the weights; of use only where `effective_size` is large.
        effective_size: (Σw)²/Σw², of as many weights as there are chains.
        log_weights: (chains,).

    Example:
        >>> import torch
        >>> AnnealedPartition(torch.tensor(3.2), torch.tensor(0.01), torch.tensor(90.0), torch.zeros(100))
        AnnealedPartition(ln Z = 3.2 ± 0.01, 90 effective of 100 chains)
    """

    log_partition: Tensor
    standard_error: Tensor
    effective_size: Tensor
    log_weights: Tensor

    def __repr__(self) -> str:
        value, error = float(self.log_partition), float(self.standard_error)
        return f"AnnealedPartition(ln Z = {value:.6g} ± {error:.2g}, {float(self.effective_size):.4g} effective of {len(self.log_weights)} chains)"
