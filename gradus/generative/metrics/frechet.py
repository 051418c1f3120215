"""The Fréchet distance of two sets of features (FID), without a matrix square root, and its limit for many samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.generative.metrics.features import pair, wide
from gradus.text import Text

__all__ = ["FrechetDistance", "FrechetLimit", "frechet_distance", "frechet_limit"]

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
        first, second = _moments(x), _moments(y)
    short = "".join(
        name for name, x in (("a", a), ("b", b)) if isinstance(x, Tensor) and x.shape[0] <= x.shape[1]
    )
    means, covariances = _parts(first, second)
    total = means + covariances
    if not math.isfinite(total):
        raise refusal(
            "a, b",
            ("moments within the range of the arithmetic", "矩在可表示的范围内"),
            Text(f"a distance of {total}", f"距离为 {total}"),
            ("divide both by the same number", "请将二者除以同一个数"),
        )
    return FrechetDistance(total, means, covariances, short)


def _moments(x: Tensor) -> Moments:
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
        return torch.from_numpy(values.T @ values)
    return x.mT @ x


def _given(name: str, value: Any, sizes: Sizes) -> Moments:
    """From features, or from a mean and a covariance, which is checked to be one."""
    if not isinstance(value, (tuple, list)):
        return _moments(wide(tensor(name, value, "_>=2 d>=1", sizes, finite=True, meta=False)))
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


def _parts(first: Moments, second: Moments) -> tuple[float, float]:
    """The distance of the means, and that of the covariances; where little is left, as a sum of squares without cancellation."""
    (mean_a, a), (mean_b, b) = first, second
    traces = float(a.square().sum() + b.square().sum())
    product = a @ b.mT
    if not bool(product.isfinite().all()):
        return math.inf, math.inf
    value = traces - 2 * _nuclear_norm(product)
    if value <= 1e-6 * traces:
        rows = max(len(a), len(b))
        a, b = (torch.cat([f, f.new_zeros(rows - len(f), f.shape[1])]) for f in (a, b))
        u, _, v = torch.linalg.svd(a @ b.mT)
        value = float(
            (a - u @ (v @ b)).square().sum()
        )  # the least over all orthogonal matrices in place of u v
    return float((mean_a - mean_b).square().sum()), value


def _nuclear_norm(m: Tensor) -> float:
    """The sum of the singular values: by the eigenvalues of MMᵀ where these are exact enough, which is cheaper."""
    if m.shape[0] == m.shape[1]:
        squares = torch.linalg.eigvalsh(m @ m.mT)
        error = len(m) * torch.finfo(m.dtype).eps * squares[-1]  # of each, at most some of these
        if bool(squares[0] > 1e6 * error):
            return float(squares.sqrt().sum())
    return float(torch.linalg.svdvals(m).sum())


@dataclass(frozen=True)
class FrechetLimit:
    """Squared Fréchet distance that infinitely many samples would have, by a straight line in 1/N.

    Attributes:
        value: where the line meets 1/N = 0; chance may put it below 0.
        standard_error: of the value, by leaving out a group of samples at a time.
        interval: that holds the true value with the probability `confidence`, approximately.
        confidence: of the interval.
        distances: mean distance with all samples, with halves, with thirds, … of both sets.
        slope: of the line: what each doubling, tripling … of 1/N adds.

    Example:
        >>> FrechetLimit(1.0, 0.1, (0.8, 1.2), 0.95, (1.1, 1.2), 0.1)
        FrechetLimit(1 ± 0.1, 95 % in [0.8, 1.2]; 1.1 with all samples)
    """

    value: float
    standard_error: float
    interval: tuple[float, float]
    confidence: float
    distances: tuple[float, ...]
    slope: float

    def __repr__(self) -> str:
        low, high = self.interval
        all_of_them = f"{self.distances[0]:.4g} with all samples"
        return f"FrechetLimit({self.value:.4g} ± {self.standard_error:.2g}, {100 * self.confidence:g} % in [{low:.4g}, {high:.4g}]; {all_of_them})"


def frechet_limit(
    a: Float[Tensor, "n d"],
    b: Float[Tensor, "m d"],
    *,
    parts: int = 4,
    groups: int = 10,
    confidence: float = 0.95,
    seed: int = 0,
) -> FrechetLimit:
    r"""The Fréchet distance freed of its bias in the number of samples: a line in 1/N, followed to 0.

    .. math:: \bar D_j\approx D_\infty+j\,s,\qquad j=1,\dots,\text{parts}

    Both sets, in random order, are cut into j parts, and :math:`\bar D_j` is the mean distance of part with part: so 1/N is j times
    as large for both, and both biases vanish at j = 0. The error is the jackknife's, which leaves out one group of samples
    of both sets at a time and extrapolates anew; the interval takes Student's t.

    Args:
        a: features (n, d).
        b: features (m, d).
        parts: up to how many each set is cut into, 2 at least.
        groups: of the jackknife, 3 at least.
        confidence: of the interval.
        seed: of the order.

    Returns:
        A `FrechetLimit`.

    Raises:
        GradusError: too few samples: the smallest part of what the jackknife leaves must have more than 2 d, for only far above d is the bias a straight
            line in 1/N.

    Cost: (groups + 1) parts (parts + 1)/2 Fréchet distances.

    Source: Chong and Forsyth 2020, who cut the generated set only; here both are.

    Example:
        >>> import torch
        >>> g = torch.Generator().manual_seed(0)
        >>> found = frechet_limit(torch.randn(400, 2, generator=g), torch.randn(400, 2, generator=g))
        >>> found.interval[0] < 0 < found.interval[1]
        True
    """
    x, y = pair("a", a, "b", b)
    whole("parts", parts, least=2, most=1000)
    whole("groups", groups, least=3, most=10**6)
    number("confidence", confidence, above=0, below=1)
    whole("seed", seed, least=0, most=2**63 - 1)
    for name, z in (("a", x), ("b", y)):
        left = len(z) - -(-len(z) // groups)
        if left // parts <= 2 * z.shape[1]:
            raise refusal(
                name,
                (
                    f"more than 2 d = {2 * z.shape[1]} samples in the smallest part",
                    f"最小的一份多于 2d = {2 * z.shape[1]} 个样本",
                ),
                Text(f"{left // parts} of {len(z)}", f"{len(z)} 个中的 {left // parts} 个"),
                ("give more samples, or fewer parts", "请给出更多样本，或减少 parts"),
            )
    order = torch.Generator().manual_seed(seed)
    x, y = (z[torch.randperm(len(z), generator=order).to(z.device)] for z in (x, y))
    distances = _by_parts(x, y, parts)
    value, slope = _line(distances)
    left_out = []
    for g in range(groups):
        p, q = (z[torch.arange(len(z), device=z.device) % groups != g] for z in (x, y))
        left_out.append(_line(_by_parts(p, q, parts))[0])
    mean = math.fsum(left_out) / groups
    error = math.sqrt((groups - 1) / groups * math.fsum((v - mean) ** 2 for v in left_out))
    from scipy.special import stdtrit

    half = error * float(stdtrit(groups - 1, (1 + confidence) / 2))
    return FrechetLimit(
        value, error, (value - half, value + half), float(confidence), tuple(distances), slope
    )


def _by_parts(x: Tensor, y: Tensor, parts: int) -> list[float]:
    """Mean distance of part with part, for 1, 2, … parts."""
    found = []
    for j in range(1, parts + 1):
        pairs = zip(x.tensor_split(j), y.tensor_split(j), strict=True)
        found.append(math.fsum(sum(_parts(_moments(p), _moments(q))) for p, q in pairs) / j)
    return found


def _line(distances: list[float]) -> tuple[float, float]:
    """Height at 0 and slope of the line through the values at 1, 2, …, by least squares."""
    n = len(distances)
    middle = (n + 1) / 2
    slope = math.fsum((j - middle) * v for j, v in enumerate(distances, 1)) / (n * (n * n - 1) / 12)
    return math.fsum(distances) / n - slope * middle, slope
