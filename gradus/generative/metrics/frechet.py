"""The Fréchet distance of two sets of features (FID), without a complex matrix square root."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import same_device, tensor
from gradus.generative.metrics.features import pair, wide
from gradus.text import Text

__all__ = ["FrechetDistance", "frechet_distance", "moments", "parts_of_distance"]

Moments = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class FrechetDistance:
    """Squared Fréchet distance between two sets of features.

    Attributes:
        value: of the whole, the squared 2-Wasserstein distance of the normal distributions with these moments.
        of_means: its part ‖μ_a − μ_b‖².
        of_covariances: its other part.
        singular: which of "a" and "b" has no more samples than dimensions, so that its covariance is singular and the
            value far too large; "" where none has, or where moments were given.

    Example:
        >>> FrechetDistance(1.25, 1.0, 0.25)
        FrechetDistance(1.25 = 1 of the means + 0.25 of the covariances)
    """

    value: float
    of_means: float
    of_covariances: float
    singular: str = ""

    def __repr__(self) -> str:
        fault = f"; no more samples than dimensions in {' and '.join(self.singular)}" if self.singular else ""
        parts = f"{self.of_means:.6g} of the means + {self.of_covariances:.6g} of the covariances"
        return f"FrechetDistance({self.value:.6g} = {parts}{fault})"


def frechet_distance(
    a: Float[Tensor, "n d"] | tuple[Float[Tensor, " d"], Float[Tensor, "d d"]],
    b: Float[Tensor, "m d"] | tuple[Float[Tensor, " d"], Float[Tensor, "d d"]],
) -> FrechetDistance:
    r"""Squared Fréchet distance of the normal distributions that share two moments with the features: FID, whatever the features.

    .. math:: \lVert\mu_a-\mu_b\rVert^2+\operatorname{tr}\Sigma_a+\operatorname{tr}\Sigma_b-2\lVert F_aF_b^{\mathsf T}\rVert_*,
        \qquad F^{\mathsf T}F=\Sigma

    The nuclear norm is :math:`\operatorname{tr}(\Sigma_a\Sigma_b)^{1/2}`, from real singular values or eigenvalues;
    F is a Cholesky factor, the triangle of a QR factorisation where Σ is nearly singular, or the centred data themselves where
    these are fewer than their dimensions: the rank is then exact. Σ has n − 1 in its denominator.

    Args:
        a: features (n ≥ 2, d), or a pair of mean (d) and covariance (d, d).
        b: the same of the other set.

    Returns:
        A `FrechetDistance` of plain numbers, computed in double precision where the device has it; no gradient flows through.

    Raises:
        GradusError: one sample, NaN or ∞, other dimensions, a matrix that is no covariance.

    Cost: O((n + m) d² + d³) time; some d × d matrices, and a copy of the features where a covariance is nearly singular.

    Source: Heusel et al. 2017; Dowson and Landau 1982.

    Example:
        >>> import torch
        >>> a = torch.tensor([[0.0], [2.0]]), torch.tensor([[3.0], [7.0]])
        >>> frechet_distance(*a)
        FrechetDistance(18 = 16 of the means + 2 of the covariances)
    """
    if isinstance(a, (tuple, list)) or isinstance(b, (tuple, list)):
        sizes = Sizes()
        first, second = _given("a", a, sizes), _given("b", b, sizes)
        same_device(a=first[0], b=second[0])
    else:
        x, y = pair("a", a, "b", b)
        first, second = moments(x), moments(y)
    short = "".join(
        name for name, x in (("a", a), ("b", b)) if isinstance(x, Tensor) and x.shape[0] <= x.shape[1]
    )
    means, covariances = parts_of_distance(first, second)
    return FrechetDistance(means + covariances, means, covariances, short)


def moments(x: Tensor) -> Moments:
    """The mean, and F with FᵀF the covariance."""
    n, d = x.shape
    mean = x.mean(0)
    factor = None
    if n > d:
        factor = _triangle(sum(_product_with_itself(rows - mean) for rows in x.split(2048)))
        if factor is None:
            factor = torch.linalg.qr(x - mean, mode="r").R
    return mean, (x - mean if factor is None else factor) / math.sqrt(n - 1)


def _triangle(s: Any) -> Tensor | None:
    """Cholesky's factor F, FᵀF = S, or None where S is so nearly singular that rounding would show."""
    lower, info = torch.linalg.cholesky_ex(s)
    pivots = lower.diagonal().square()
    fine = int(info) == 0 and bool(pivots.min() > 1e3 * len(s) * torch.finfo(s.dtype).eps * pivots.max())
    return lower.mT if fine else None


def _product_with_itself(x: Tensor) -> Tensor:
    """XᵀX; on the processor by NumPy, which computes one triangle only."""
    if x.device.type == "cpu":
        values = x.numpy()
        with np.errstate(over="ignore", invalid="ignore"):  # seen afterwards, and said
            return torch.from_numpy(values.T @ values)
    return x.mT @ x


def _given(name: str, value: Any, sizes: Sizes) -> Moments:
    """From features, or from a mean and a covariance, which is checked to be one."""
    if not isinstance(value, (tuple, list)):
        return moments(wide(tensor(name, value, "_>=2 d>=1", sizes, finite=True, meta=False)))
    if len(value) != 2:
        raise refusal(
            name,
            ("features, or a mean and a covariance", "特征，或均值与协方差"),
            Text(f"{len(value)} values", f"{len(value)} 个值"),
        )
    mean = tensor(f"{name}[0]", value[0], "d>=1", sizes, finite=True, meta=False)
    covariance = tensor(f"{name}[1]", value[1], "d d", sizes, finite=True, meta=False)
    same_device(**{f"{name}[0]": mean, f"{name}[1]": covariance})
    s = wide(covariance)
    noise = len(s) * torch.finfo(covariance.dtype).eps
    size = float(s.abs().max())
    symmetric = float((s - s.mT).abs().max()) <= 8 * noise * size
    if symmetric and (factor := _triangle(s)) is not None:
        return wide(mean), factor
    values, vectors = torch.linalg.eigh((s + s.mT) / 2)
    if not symmetric or float(values[0]) < -8 * noise * size:
        raise refusal(
            f"{name}[1]",
            ("a covariance, symmetric without negative eigenvalues", "协方差矩阵（对称，无负特征值）"),
            Text(f"one whose least eigenvalue is {float(values[0]):.3g}", f"最小特征值为 {float(values[0]):.3g} 的矩阵"),
        )  # fmt: skip
    kept = torch.where(values > len(s) * torch.finfo(s.dtype).eps * size, values, 0)
    return wide(mean), kept.sqrt()[:, None] * vectors.mT


def parts_of_distance(first: Moments, second: Moments) -> tuple[float, float]:
    """The distance of the means, and that of the covariances; where little is left, as a sum of squares without cancellation."""
    (mean_a, a), (mean_b, b) = first, second
    means = float((mean_a - mean_b).square().sum())
    traces = float(a.square().sum() + b.square().sum())
    product = a @ b.mT
    if not math.isfinite(traces + means) or not bool(product.isfinite().all()):
        raise refusal(
            "a, b",
            ("moments within the range of the arithmetic", "矩在可表示的范围内"),
            Text("an overflow", "溢出"),
            ("divide both by the same number", "请将二者除以同一个数"),
        )
    value = traces - 2 * _nuclear_norm(product)
    if value <= 1e-6 * traces:
        rows = max(len(a), len(b))
        a, b = (torch.cat([f, f.new_zeros(rows - len(f), f.shape[1])]) for f in (a, b))
        u, _, v = torch.linalg.svd(a @ b.mT)
        value = float(
            (a - u @ (v @ b)).square().sum()
        )  # the least over all orthogonal matrices in place of u v
    return means, value


def _nuclear_norm(m: Tensor) -> float:
    """The sum of the singular values: by the eigenvalues of MMᵀ where these are exact enough, which is cheaper."""
    if m.shape[0] == m.shape[1]:
        squares = torch.linalg.eigvalsh(m @ m.mT)
        error = len(m) * torch.finfo(m.dtype).eps * squares[-1]  # of each, at most some of these
        if bool(squares[0] > 1e6 * error):
            return float(squares.sqrt().sum())
    return float(torch.linalg.svdvals(m).sum())
