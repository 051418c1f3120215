"""Variational Bayes for linear regression: weights, noise and weight precision as independent factors."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import number, refusal, whole
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import same_kind, tensor

__all__ = ["RegressionMeanField", "mean_field_regression"]


class RegressionMeanField(NamedTuple):
    """The posterior of a linear regression as a product of three laws.

    Attributes:
        mean: of the weights, (d,).
        covariance: of the weights, (d, d).
        noise: shape and rate of the gamma distribution of the noise's precision τ; its mean is their ratio.
        weights: shape and rate of the gamma distribution of the weights' precision α; (∞, ∞) where it was given.
        elbo: a lower bound on ln p(y), after each step; it never falls.
        converged: whether a sweep raised the bound by no more than the tolerance.

    Example:
        >>> laws = RegressionMeanField(torch.zeros(2), torch.eye(2), (2.0, 1.0), (1.0, 1.0), torch.zeros(3), True)
        >>> laws
        RegressionMeanField(d=2, noise precision 2, 1 sweeps, converged, ELBO 0)
    """

    mean: Tensor
    covariance: Tensor
    noise: tuple[float, float]
    weights: tuple[float, float]
    elbo: Tensor
    converged: bool

    def __repr__(self) -> str:
        steps = 2 if math.isinf(self.weights[0]) else 3
        end = "converged" if self.converged else "not converged"
        tau = self.noise[0] / self.noise[1]
        return (
            f"RegressionMeanField(d={len(self.mean)}, noise precision {tau:.4g}, {len(self.elbo) // steps} sweeps, {end}, "
            f"ELBO {float(self.elbo[-1]):.6g})"
        )


def mean_field_regression(
    X: Tensor,
    y: Tensor,
    *,
    weight_precision: float | None = None,
    noise: tuple[float, float] = (1e-3, 1e-3),
    weights: tuple[float, float] = (1e-3, 1e-3),
    sweeps: int = 500,
    tolerance: float = 1e-10,
) -> RegressionMeanField:
    r"""Bayesian linear regression whose noise is unknown: q(w) q(τ) q(α) by coordinate ascent, all in closed form.

    .. math:: y\mid w,\tau\sim\mathcal N(Xw,\tau^{-1}I),\quad w\mid\alpha\sim\mathcal N(0,\alpha^{-1}I),\quad\tau\sim\Gamma(a_0,b_0),\quad\alpha\sim\Gamma(c_0,d_0)

    .. math:: q(w)=\mathcal N(m,S),\quad S=(\mathbb E\alpha\,I+\mathbb E\tau\,X^{\mathsf T}X)^{-1},\quad m=\mathbb E\tau\,SX^{\mathsf T}y;\qquad
        q(\tau)=\Gamma\bigl(a_0+\tfrac n2,\ b_0+\tfrac12\mathbb E_q\lVert y-Xw\rVert^2\bigr),\quad q(\alpha)=\Gamma\bigl(c_0+\tfrac d2,\ d_0+\tfrac12\mathbb E_q\lVert w\rVert^2\bigr)

    Bounds of several models with the same priors may be compared with each other, as far as their gaps are alike. There is no
    intercept but a column of ones. `sklearn.linear_model.BayesianRidge` has the same model and maximises over τ and α instead.

    Args:
        X: (n, d).
        y: (n,).
        weight_precision: α where it is known.
        noise: shape a₀ and rate b₀ of the prior of τ, both positive.
        weights: shape c₀ and rate d₀ of the prior of α, both positive.
        sweeps: at most; each updates w, τ, then α.
        tolerance: a sweep that raises the bound by no more than this share of it is the last; 0 for all sweeps.

    Returns:
        The `RegressionMeanField`; means and covariances in the precision of X, computed in double precision.

    Raises:
        GradusError: shapes that do not fit, numbers that are not finite, a shape or rate that is not positive.

    Cost: one singular value decomposition, then O(d) a step.

    Source: Bishop 2006, §10.3; Drugowitsch 2013.

    Example:
        >>> import torch
        >>> X = torch.tensor([[1.0, -1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
        >>> found = mean_field_regression(X, torch.tensor([-1.1, 0.9, 3.1, 5.0]), weight_precision=0.01)
        >>> found.mean
        tensor([0.9500, 2.0500])
        >>> bool((found.elbo.diff() > -1e-12).all())
        True
    """
    sizes = Sizes()
    A = tensor("X", X, "n>=1 d>=1", sizes, finite=True, meta=False)
    same_kind(X=A, y=tensor("y", y, "n", sizes, finite=True, meta=False))
    alpha = None if weight_precision is None else float(number("weight_precision", weight_precision, above=0))
    a0, b0 = _pair("noise", noise)
    c0, d0 = _pair("weights", weights)
    most, limit = whole("sweeps", sweeps, least=1), float(number("tolerance", tolerance, least=0))
    n, d = A.shape
    U, s, Vt = torch.linalg.svd(A.detach().double(), full_matrices=False)
    target = y.detach().double()
    z = U.mT @ target
    outside, idle = float((target - U @ z).square().sum()), d - len(s)  # directions that X does not see
    tau = (a0, b0)  # the distributions' shapes and rates; α's is only its mean where it is known
    law = (c0, d0) if alpha is None else (math.inf, math.inf)
    mean_alpha = c0 / d0 if alpha is None else alpha
    history: list[float] = []
    converged = False
    for _ in range(most):
        before = history[-1] if history else -math.inf
        precision, last = tau[0] / tau[1], mean_alpha
        spread = 1 / (mean_alpha + precision * s.square())  # variances along the right singular vectors
        m = precision * spread * s * z
        misfit = outside + float((z - s * m).square().sum() + (s.square() * spread).sum())
        size = float(m.square().sum() + spread.sum()) + idle / mean_alpha
        entropy = (
            float(spread.log().sum()) - idle * math.log(mean_alpha) + d * (1 + math.log(2 * math.pi))
        ) / 2
        fit, shrunk = _gamma_part(n, misfit, (a0, b0), tau), _weight_part(d, size, (c0, d0), law, mean_alpha)
        history.append(fit + shrunk + entropy)
        tau = (a0 + n / 2, b0 + misfit / 2)
        fit = _gamma_part(n, misfit, (a0, b0), tau)
        history.append(fit + shrunk + entropy)
        if alpha is None:
            law = (c0 + d / 2, d0 + size / 2)
            mean_alpha = law[0] / law[1]
            history.append(fit + _weight_part(d, size, (c0, d0), law, mean_alpha) + entropy)
        if not math.isfinite(sum(history[-3:])):
            raise refusal(
                "X",
                ("X and y whose squares stay finite", "平方仍有限的 X 与 y"),
                A,
                ("rescale them", "请缩放它们"),
            )
        if limit > 0 and history[-1] - before <= limit * abs(history[-1]):
            converged = True
            break
    V = Vt.mT
    covariance = (V * spread) @ Vt
    if idle:
        covariance = covariance + (torch.eye(d, dtype=V.dtype, device=V.device) - V @ Vt) / last
    return RegressionMeanField(
        (V @ m).to(A), covariance.to(A), tau, law,
        torch.tensor(history, dtype=torch.float64), converged,
    )  # fmt: skip


def _weight_part(
    d: int, size: float, prior: tuple[float, float], law: tuple[float, float], alpha: float
) -> float:
    if math.isinf(law[0]):
        return d / 2 * (math.log(alpha) - math.log(2 * math.pi)) - alpha * size / 2
    return _gamma_part(d, size, prior, law)


def _gamma_part(count: int, squares: float, prior: tuple[float, float], law: tuple[float, float]) -> float:
    """E ln N(·; 0, 1/τ) of `count` numbers whose squares add up to `squares` on average, less KL of τ's law from its prior."""
    (a0, b0), (a, b) = prior, law
    digamma = float(torch.special.digamma(torch.tensor(a, dtype=torch.float64)))
    fit = count / 2 * (digamma - math.log(2 * math.pi) - math.log(b)) - a / b * squares / 2
    divergence = (
        (a - a0) * digamma
        - math.lgamma(a)
        + math.lgamma(a0)
        + a0 * (math.log(b) - math.log(b0))
        + a * (b0 - b) / b
    )
    return fit - divergence


def _pair(name: str, value: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise refusal(name, ("a pair of numbers: shape and rate", "一对数：形状与速率"), value, kind=True)
    return float(number(f"{name}[0]", value[0], above=0)), float(number(f"{name}[1]", value[1], above=0))
