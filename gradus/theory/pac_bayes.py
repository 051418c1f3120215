"""PAC-Bayes bounds on the risk of a predictor drawn at random, from its risk on samples and its divergence from a prior."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradus.arguments import number, refusal, shapes_together, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text
from gradus.theory.binary_divergence import binary_kl_inverse

__all__ = ["PacBayesBound", "pac_bayes_bound"]

MOST = 2**53


class PacBayesBound(NamedTuple):
    """Upper bounds on the risk of a random predictor, all from the same numbers.

    Attributes:
        bound: by inverting the binary divergence, with Maurer's constant: the one to use.
        seeger: the same with Seeger's constant n + 1 for 2√n.
        mcallester: McAllester's, which adds a root.
        budget: what the divergence of empirical and true risk may be, in nats.
        risk: the empirical risk, raised by what its own estimate from draws may be off.

    Example:
        >>> PacBayesBound(0.2, 0.21, 0.3, 0.05, 0.1).bound
        0.2
    """

    bound: Any
    seeger: Any
    mcallester: Any
    budget: Any
    risk: Any


def pac_bayes_bound(
    risk: Tensor | float,
    divergence: Tensor | float,
    samples: int,
    delta: float = 0.04,
    *,
    draws: int = 0,
    delta_draws: float = 0.01,
    prior: int = 0,
) -> PacBayesBound:
    r"""The PAC-Bayes bound on the risk of a predictor drawn from a posterior ρ, in Maurer's, Seeger's and McAllester's form.

    .. math:: \mathrm{kl}\bigl(\hat R(\rho)\Vert R(\rho)\bigr)\le\frac1n\Bigl(\mathrm{KL}(\rho\Vert\pi)+\ln\frac{2\sqrt n}{\delta_j}\Bigr)
        \quad\text{for all }\rho,\text{ with probability}\ge1-\delta;\qquad \delta_j=\frac{6\,\delta}{\pi^2j^2}

    For a loss in [0, 1], n independent samples of one law, and a prior π that does not depend on them. With `draws` the
    empirical risk is a mean of as many independent predictions by draws from ρ; it is raised to
    kl⁻¹(risk, ln(1/δ_draws)/draws) first, and the whole holds with probability ≥ 1 − δ − δ_draws.

    Args:
        risk: R̂(ρ), from 0 to 1: a tensor of any shape, or a number.
        divergence: KL(ρ‖π) ≥ 0, in nats; shapes are broadcast.
        samples: n ≥ 2.
        delta: δ, the probability with which the bound may fail.
        draws: number of draws that the risk is a mean of; 0 where it is exact.
        delta_draws: the probability with which the estimate of the risk may fail; without draws of no account.
        prior: the number j ≥ 1 of the prior in a list written down beforehand, chosen after looking; 0 where there is but one.

    Returns:
        The `PacBayesBound`, its entries of the tensors' precision, float32 at least; derivatives by risk and divergence.

    Raises:
        GradusError: a risk outside of [0, 1], a negative divergence, or probabilities outside of (0, 1).

    Cost: three inversions of the binary divergence.

    Source: Maurer 2004; Seeger 2002; Shalev-Shwartz and Ben-David 2014, theorem 31.1; the list of priors: Langford and Caruana 2001.

    Example:
        >>> found = pac_bayes_bound(0.0, 3.2188758, 100, 0.05)  # one of 25, chosen after looking: divergence ln 25
        >>> round(float(found.bound), 4), round(float(found.mcallester), 4)
        (0.088, 0.2338)
    """
    n = whole("samples", samples, least=2, most=MOST)
    δ = number("delta", delta, above=0, below=1)
    m = whole("draws", draws, least=0, most=MOST)
    δ_draws = number("delta_draws", delta_draws, above=0, below=1)
    j = whole("prior", prior, least=0, most=MOST)
    KL = divergence
    if isinstance(KL, Tensor):
        tensor("divergence", KL, None, finite=True, meta=False)
        if KL.device.type != "mps":
            KL = KL.double()
        if bool((KL < 0).any()):
            raise refusal("divergence", ("numbers from 0", "不小于 0 的数"), Text("a negative one", "负数"))
    else:
        KL = number("divergence", KL, least=0)
    if isinstance(risk, Tensor) and isinstance(KL, Tensor):
        shapes_together(risk=tuple(risk.shape), divergence=tuple(KL.shape))
        same_device(risk=risk, divergence=KL)
    price = 2 * math.log(j) + math.log(math.pi**2 / 6) if j else 0.0
    q = binary_kl_inverse(risk, -math.log(δ_draws) / m if m else 0.0)
    dtype = torch.promote_types(q.dtype, _precision(divergence))
    wide = q if q.device.type == "mps" else q.double()

    def budget(constant: float) -> Any:
        return (KL + (math.log(constant) - math.log(δ) + price)) / n

    mcallester = (
        wide + torch.as_tensor(budget(n) * (n / (2 * (n - 1))), dtype=wide.dtype, device=q.device).sqrt()
    )
    maurers = budget(2 * math.sqrt(n))
    parts = (
        binary_kl_inverse(wide, maurers),
        binary_kl_inverse(wide, budget(n + 1)),
        mcallester,
        torch.as_tensor(maurers, dtype=wide.dtype, device=q.device).expand(mcallester.shape),
        wide.expand(mcallester.shape),
    )
    return PacBayesBound(*(part.to(dtype) for part in parts))


def _precision(value: Any) -> torch.dtype:
    return value.dtype if isinstance(value, Tensor) else torch.float32
