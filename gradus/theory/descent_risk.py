"""The risk of ridge and minimum-norm regression on all features or on random ones: where it peaks, and why it falls again."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.text import Text

__all__ = ["RidgeRisk", "minimum_norm_risk", "ridge_risk"]

HALVINGS = 200  # of an interval of scales in which the logarithm is searched: to the last digit


class RidgeRisk(NamedTuple):
    """The squared error of a fit on new inputs, beyond the noise of their own targets.

    Attributes:
        bias: error of the fit to targets without noise.
        variance: what the noise in the targets adds.
        scale: κ, the ridge that the whole distribution would need to shrink the fit as much; 0 where nothing is shrunk.

    Example:
        >>> RidgeRisk(0.5, 0.25, 1.0).variance
        0.25
    """

    bias: Any
    variance: Any
    scale: Any


def ridge_risk(
    values: Float[Tensor, " p"],
    weights: Float[Tensor, " p"],
    samples: int,
    *,
    features: int | None = None,
    noise: float = 0.0,
    ridge: float = 0.0,
) -> RidgeRisk:
    r"""The risk of ridge regression to leading order in the numbers of samples and features: the curve of double descent.

    .. math:: \lambda=\kappa\Bigl(1-\frac{d_1}n\Bigr)\Bigl(1-\frac{d_1}k\Bigr),\qquad
        d_1=\sum_i\frac{s_i}{s_i+\kappa},\quad d_2=\sum_i\Bigl(\frac{s_i}{s_i+\kappa}\Bigr)^2,\qquad
        B=\frac1{1-\theta}\sum_iw_i\Bigl(\frac\kappa{s_i+\kappa}-\frac{\kappa s_i}{(s_i+\kappa)^2}\,\frac{1-d_1/k}{1-d_2/k}\Bigr),\quad
        V=\frac{\sigma^2\theta}{1-\theta},\quad\theta=\frac{d_2(1-2d_1/k)+d_1^2/k}{n(1-d_2/k)}

    The fit minimises (1/n) Σ(y − f(x))² + λ‖coefficients‖²; for λ = 0 it is the fit of least norm, whose risk is infinite where
    samples and features are as many. A kernel's integral operator has such values, too.

    Args:
        values: s, the eigenvalues of the features' covariance, or of the kernel (p), s ≥ 0, not all 0; features are not centred.
        weights: w, the part of the target's mean square along each of them (p), ≥ 0: s_iβ_i² for coefficients β.
        samples: n.
        features: k, the number of random features of mean covariance `values`, with 1/k before their inner products; None for the
            features or the kernel themselves.
        noise: σ, the standard deviation of the targets' noise; what the features cannot express counts as noise.
        ridge: λ ≥ 0.

    Returns:
        The `RidgeRisk`; bias + variance + σ² is the expected squared error on new samples.

    Raises:
        GradusError: negative values or weights, or no value above 0.

    Cost: O(p) for each of 400 halvings.

    Source: Hastie, Montanari, Rosset and Tibshirani 2022 for all features; Simon, Karkada, Ghosh and Belkin 2024 and Defilippis, Loureiro and
        Misiakiewicz 2024 for random ones.

    Example:
        >>> import torch
        >>> one = torch.ones(20, dtype=torch.float64)
        >>> found = ridge_risk(one, one / 20, samples=10, noise=0.5)
        >>> round(float(found.bias), 6), round(float(found.variance), 6), round(float(found.scale), 6)
        (0.5, 0.25, 1.0)
    """
    sizes = Sizes()
    tensor("values", values, "p>=1", sizes, finite=True, meta=False)
    tensor("weights", weights, "p", sizes, finite=True, meta=False)
    n = float(whole("samples", samples, least=1, most=2**53))
    k = math.inf if features is None else float(whole("features", features, least=1, most=2**53))
    sigma = number("noise", noise, least=0)
    lam = number("ridge", ridge, least=0)
    for name, given in ("values", values), ("weights", weights):
        if bool((given < 0).any()):
            came = str(float(given.min()))
            raise refusal(name, ("numbers that are not negative", "非负数"), Text(came, came))
    if not bool((values > 0).any()):
        raise refusal("values", ("at least one above 0", "至少有一个大于 0"), Text("zeros", "全为 0"))
    wide = torch.float32 if values.device.type == "mps" else torch.float64
    s, w = values.detach().to(wide), weights.detach().to(wide)
    top = s.max()
    s, lam = s / top, lam / float(top)  # of size 1, so that no square leaves the range
    kappa = _scale(s, n, k, lam)
    share = s / (s + kappa) if kappa else (s > 0).to(wide)
    d1, d2 = float(share.sum()), float((share * share).sum())
    rank = int((s > 0).sum())
    if kappa == 0:  # nothing is shrunk; the part outside of the features' span is lost
        theta = rank / n
        kept = (w * (1 - share)).sum()
    else:
        theta = (d2 * (1 - 2 * d1 / k) + d1 * d1 / k) / (n * (1 - d2 / k))
        kept = (w * (1 - share) * (1 - share * ((1 - d1 / k) / (1 - d2 / k)))).sum()
    bias = _over(kept, 1 - theta if lam or n != min(k, rank) else 0.0)
    variance = _over(kept.new_tensor(sigma * sigma * theta), 1 - theta if lam or n != min(k, rank) else 0.0)
    dtype = values.dtype
    return RidgeRisk(bias.to(dtype), variance.to(dtype), (kappa * top).to(dtype))


def _over(part: Tensor, left: float) -> Tensor:
    """Part / left, where nothing is left infinite unless the part is 0."""
    if left <= 0:
        return part.new_tensor(math.inf) if bool(part > 0) else torch.zeros_like(part)
    return part / left


def _scale(s: Tensor, n: float, k: float, lam: float) -> float:
    """κ: the largest root of κ(1 − d₁/n)(1 − d₁/k) = λ; 0 where λ = 0 and min(n, k) is no less than the rank."""
    rank, trace, few = int((s > 0).sum()), float(s.sum()), min(n, k)

    def d1(kappa: float) -> float:
        return float((s / (s + kappa)).sum())

    def halved(low: float, high: float, above: Any) -> float:
        for _ in range(HALVINGS):
            middle = math.sqrt(low * high) if low else high / 4
            if not low < middle < high:
                break
            low, high = (low, middle) if above(middle) else (middle, high)
        return high

    start = 0.0 if few >= rank else halved(0.0, trace / few, lambda kappa: d1(kappa) < few)
    if lam == 0:
        return start
    return halved(
        start,
        lam + trace / n + trace / k,
        lambda kappa: kappa * max(1 - d1(kappa) / n, 0) * max(1 - d1(kappa) / k, 0) >= lam,
    )


def minimum_norm_risk(
    samples: int, features: int, *, signal: float = 1.0, missed: float = 0.0, noise: float = 0.0
) -> RidgeRisk:
    r"""The exact mean risk of the minimum-norm least-squares fit on independent standard normal features, for any numbers of both.

    .. math:: p\le n-2:\ m^2+(\sigma^2+m^2)\frac p{n-p-1},\qquad n-1\le p\le n+1:\ \infty,\qquad
        p\ge n+2:\ m^2+r^2\Bigl(1-\frac np\Bigr)+(\sigma^2+m^2)\frac n{p-n-1}

    (without noise and missed features it is r²max(1 − n/p, 0) at n − 1 ≤ p ≤ n + 1, too).

    Args:
        samples: n.
        features: p, those that the fit uses.
        signal: r, the norm of their coefficients.
        missed: m, the norm of the coefficients of all other features, which act as noise that cannot be told from σ.
        noise: σ.

    Returns:
        The `RidgeRisk` beyond σ²: the bias holds r²(1 − n/p) and m², the variance what noise and missed features add; the scale is
        that of `ridge_risk`, max(p/n − 1, 0).

    Raises:
        GradusError: no features or samples, or negative norms.

    Cost: none.

    Source: Breiman and Freedman 1983 for p ≤ n − 2; Belkin, Hsu and Xu 2020.

    Example:
        >>> found = minimum_norm_risk(10, 20, noise=0.5)
        >>> found.bias, round(found.variance, 4)
        (0.5, 0.2778)
    """
    n = whole("samples", samples, least=1, most=2**53)
    p = whole("features", features, least=1, most=2**53)
    r, m = number("signal", signal, least=0), number("missed", missed, least=0)
    sigma = number("noise", noise, least=0)
    spoilt = sigma * sigma + m * m
    bias = m * m + r * r * max(1 - n / p, 0.0)
    if abs(p - n) <= 1:
        variance = math.inf if spoilt else 0.0
    else:
        variance = spoilt * min(n, p) / (abs(p - n) - 1)
    return RidgeRisk(bias, variance, max(p / n - 1, 0.0))
