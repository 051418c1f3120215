"""Importance weights whose largest are smoothed by a generalised Pareto distribution, and whether they are to be trusted."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.arguments.tensors import tensor
from gradus.text import Text

__all__ = ["SmoothedWeights", "psis"]

LEAST_TAIL = 5  # draws, of which a shape can be fitted
PRIOR_DRAWS, PRIOR_SHAPE = (
    10,
    0.5,
)  # what the estimate of the shape is drawn to: Vehtari et al. 2024, appendix G


class SmoothedWeights(NamedTuple):
    """Importance weights, Pareto smoothed.

    Attributes:
        log_weights: logarithms of weights that sum to 1 over the last axis (…, draws).
        k: k̂, the shape of the weights' tail (…): the weights have about 1/k̂ moments. Below 0.5 means under them converge as of
            independent draws; up to 0.7 they are usable; above, the two distributions are too far apart. −∞ where the largest weights are
            all alike, ∞ where fewer than five can be told apart.
        effective_size: 1/Σw² (…), of draws that would be worth as much; too large where k̂ is above 0.7.

    Example:
        >>> SmoothedWeights(torch.full((4,), 0.25).log(), torch.tensor(0.2), torch.tensor(4.0))
        SmoothedWeights(4 draws, k̂ 0.2, worth 4 draws)
    """

    log_weights: Tensor
    k: Tensor
    effective_size: Tensor

    def __repr__(self) -> str:
        draws = f"{self.log_weights.shape[-1]} draws"
        if self.k.ndim:
            return f"SmoothedWeights({tuple(self.k.shape)} × {draws}, worst k̂ {float(self.k.max()):.3g})"
        return (
            f"SmoothedWeights({draws}, k̂ {float(self.k):.3g}, worth {float(self.effective_size):.4g} draws)"
        )


def psis(log_weights: Tensor) -> SmoothedWeights:
    r"""Pareto-smoothed importance sampling: the largest weights are replaced by quantiles of a generalised Pareto distribution.

    .. math:: M=\Bigl\lceil\min\bigl(\tfrac S5,\,3\sqrt S\bigr)\Bigr\rceil,\qquad
        w_{(j)}\gets u+\tfrac\sigma k\Bigl(\bigl(1-\tfrac{j-1/2}M\bigr)^{-k}-1\Bigr),\quad j=1\ldots M,\qquad w\gets\min(w,\max w)

    u is the largest weight below the tail of M. k and σ are fitted to the tail by the method of Zhang and Stephens, and k̂ is drawn a little to ½. It says
    how heavy the tail is: the check of an approximation q by draws from q, with weights p/q (Yao et al. 2018).

    Args:
        log_weights: ln p/q up to a constant, at draws from q (…, draws), on the last axis; −∞ for a weight of 0.

    Returns:
        The `SmoothedWeights`, in the precision of the argument; computed in double precision.

    Raises:
        GradusError: NaN, +∞, no draws, or no weight above 0.

    Cost: a sort of the draws, and O(√M) fits of their tail, O(M) each.

    Source: Vehtari, Simpson, Gelman, Yao and Gabry 2024; Zhang and Stephens 2009.

    Deviates: weights whose largest are alike to rounding have k̂ = −∞, where ArviZ has ∞.

    Example:
        >>> import torch
        >>> u = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
        >>> [round(float(psis(-k * u.log()).k), 1) for k in (0.2, 0.6, 1.0)]  # of weights u⁻ᵏ it is k
        [0.2, 0.6, 1.0]
    """
    x = tensor("log_weights", log_weights, "*batch S>=1", meta=False)
    if bool((x.isnan() | (x == torch.inf)).any()):
        bad = "NaN" if bool(x.isnan().any()) else "+∞"
        raise refusal("log_weights", ("numbers, or −∞", "数，或 −∞"), Text(bad, bad))
    top = x.detach().double().amax(-1, keepdim=True)
    if bool((top == -torch.inf).any()):
        every = ("a weight above 0 in every row", "每一行都有大于 0 的权重")
        raise refusal("log_weights", every, Text("−∞ alone", "全为 −∞"))
    rows = (x.detach().double() - top).reshape(-1, x.shape[-1])
    found = [_smoothed(row) for row in rows]
    logs = torch.stack([log for log, _ in found])
    logs = logs - logs.logsumexp(-1, keepdim=True)
    size = 1 / (2 * logs).exp().sum(-1)
    k = torch.tensor([shape for _, shape in found], dtype=torch.float64, device=x.device)
    lead = x.shape[:-1]
    return SmoothedWeights(
        logs.reshape(x.shape).to(x.dtype), k.reshape(lead).to(x.dtype), size.reshape(lead).to(x.dtype)
    )


def _smoothed(x: Tensor) -> tuple[Tensor, float]:
    """Log-weights of which the largest is 0, smoothed, and the shape of their tail."""
    count = len(x)
    length = math.ceil(min(count / 5, 3 * math.sqrt(count)))
    if length >= count:
        return x, math.inf
    ordered, order = x.sort()
    cut = max(float(ordered[-length - 1]), math.log(torch.finfo(x.dtype).tiny))
    tail = ordered > cut
    above = ordered[tail]
    if -cut < 64 * torch.finfo(x.dtype).eps:
        return x, -math.inf
    if len(above) < LEAST_TAIL:
        return x, math.inf
    u = math.exp(cut)
    k, sigma = _fit(above.exp() - u)
    if not math.isfinite(k):
        return x, math.inf
    p = (torch.arange(len(above), dtype=x.dtype, device=x.device) + 0.5) / len(above)
    away = -torch.log1p(-p) if abs(k) < 1e-12 else torch.expm1(-k * torch.log1p(-p)) / k
    result = x.clone()
    result[order[tail]] = torch.log(u + sigma * away).clamp(max=0)
    return result, k


def _fit(x: Tensor) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution on (0, ∞), of values in order: the mean of k over a posterior of b = −k/σ."""
    n = len(x)
    points = 30 + math.isqrt(n)
    j = torch.arange(1, points + 1, dtype=x.dtype, device=x.device)
    b = (1 - (points / (j - 0.5)).sqrt()) / (3 * x[int(n / 4 + 0.5) - 1]) + 1 / x[-1]
    shapes = torch.log1p(-b[:, None] * x).mean(1)
    logs = n * ((-b / shapes).log() - shapes - 1)
    weights = 1 / (logs - logs[:, None]).exp().sum(1)
    kept = weights >= 10 * torch.finfo(x.dtype).eps
    best = float((weights[kept] * b[kept]).sum() / weights[kept].sum())
    k = float(torch.log1p(-best * x).mean())
    return (n * k + PRIOR_DRAWS * PRIOR_SHAPE) / (n + PRIOR_DRAWS), -k / best
