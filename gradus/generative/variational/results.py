"""What a variational autoencoder says of samples."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

__all__ = ["ActiveUnits", "ImportanceBound", "VAEBound"]


class VAEBound(NamedTuple):
    """The evidence lower bound of each sample, in nats, in its two terms.

    Attributes:
        value: (n,), reconstruction − β · divergence; an estimate of a bound of ln p(x) for β = 1.
        reconstruction: (n,), the mean of ln p(x|z) over the draws of z.
        divergence: (n,), KL(q(z|x) ‖ p(z)), in closed form.

    Example:
        >>> import torch
        >>> VAEBound(torch.tensor([-3.0, -5.0]), torch.tensor([-2.0, -4.5]), torch.tensor([1.0, 0.5]))
        VAEBound(2 samples, mean -4 = reconstruction -3.25 − divergence 0.75)
    """

    value: Tensor
    reconstruction: Tensor
    divergence: Tensor

    def __repr__(self) -> str:
        value, fit, price = (float(x.detach().double().mean()) for x in self)
        weight = (fit - value) / price if price else 1.0
        times = "" if abs(weight - 1) < 1e-3 else f"{weight:.4g} · "
        return f"VAEBound({len(self.value)} samples, mean {value:.6g} = reconstruction {fit:.6g} − {times}divergence {price:.6g})"


class ImportanceBound(NamedTuple):
    """The importance-weighted bound of each sample, in nats.

    Attributes:
        value: (n,), the logarithm of the mean weight of the draws; its mean over draws is a bound of ln p(x).
        effective_size: (n,), (Σw)²/Σw², of as many draws as were taken: near 1 the mean is one draw's, and the bound may be far off.
        samples: how many draws.

    Example:
        >>> import torch
        >>> ImportanceBound(torch.tensor([-3.0, -5.0]), torch.tensor([40.0, 12.0]), 64)
        ImportanceBound(2 samples, mean -4, 64 draws each, of which 12 effective at least)
    """

    value: Tensor
    effective_size: Tensor
    samples: int

    def __repr__(self) -> str:
        mean, least = float(self.value.detach().double().mean()), float(self.effective_size.min())
        return f"ImportanceBound({len(self.value)} samples, mean {mean:.6g}, {self.samples} draws each, of which {least:.3g} effective at least)"


class ActiveUnits(NamedTuple):
    """Which latent variables tell something of the sample.

    Attributes:
        active: (d,), whether the variance of the posterior mean over the samples is above the threshold.
        variances: (d,), of the posterior means over the samples.
        divergences: (d,), of each variable from its prior, the mean over the samples, in nats.
        threshold: of the variance.

    Example:
        >>> import torch
        >>> ActiveUnits(torch.tensor([True, False]), torch.tensor([0.9, 0.0]), torch.tensor([1.2, 0.0]), 0.01)
        ActiveUnits(1 of 2 above 0.01, 1.2 nats in all)
    """

    active: Tensor
    variances: Tensor
    divergences: Tensor
    threshold: float

    def __repr__(self) -> str:
        count, nats = int(self.active.sum()), float(self.divergences.sum())
        return f"ActiveUnits({count} of {len(self.active)} above {self.threshold:g}, {nats:.4g} nats in all)"
