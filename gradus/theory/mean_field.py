r"""Mean-field theory of random networks: what wide layers do to the size, the correlation and the gradient of a signal."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import function, number, refusal, whole
from gradus.text import Text

Activation = Callable[[Tensor], Tensor]
REACH = 8.5  # of the nodes of Gaussian means
FINEST, COARSEST = 0.02, 0.1  # between nodes: smooth functions to rounding, kinks to about 1e-3
LARGEST = 1e6  # standard deviation that is taken
MOST_LAYERS = 20_000  # after which a fixed point that has not been reached is reported as such


class MeanField(NamedTuple):
    """Layer by layer, of the pre-activations of an infinitely wide net.

    Attributes:
        variance: q, second moment of a unit (layers,).
        correlation: c of the two inputs' pre-activations (layers,).
        factor: χ, by which a layer multiplies the expected square of a gradient on its way back (layers,).

    Example:
        >>> import torch
        >>> MeanField(variance=torch.ones(1), correlation=torch.zeros(1), factor=torch.ones(1)).factor
        tensor([1.])
    """

    variance: Tensor
    correlation: Tensor
    factor: Tensor


class MeanFieldLimit(NamedTuple):
    """Where the maps of mean field lead, and how fast.

    Attributes:
        variance: q*, the fixed point of the second moment.
        correlation: c*, that of the correlation; 1 in the ordered phase.
        factor: χ at q*; below 1 gradients vanish, above 1 they explode.
        depth_scale: ξ, the layers in which |c − c*| falls by the factor e; ∞ where it does not fall exponentially.

    Example:
        >>> MeanFieldLimit(variance=1.0, correlation=1.0, factor=0.5, depth_scale=1.44).factor
        0.5
    """

    variance: float
    correlation: float
    factor: float
    depth_scale: float


def mean_field(
    phi: Activation, sigma_w: float, sigma_b: float, q: float = 1.0, c: float = 0.0, layers: int = 1
) -> MeanField:
    r"""Second moments, correlations and gradient factors of a wide random net, layer by layer, for two inputs.

    .. math:: q_{l+1}=\sigma_w^2\,\mathbb E\,\phi(\sqrt{q_l}z)^2+\sigma_b^2,\qquad
        q_{l+1}c_{l+1}=\sigma_w^2\,\mathbb E\,\phi(u)\phi(v)+\sigma_b^2,\qquad
        \chi_l=\sigma_w^2\,\mathbb E\,\phi'(\sqrt{q_l}z)^2

    u and v are normal with variance q_l and correlation c_l; weights have variance σ_w²/n_in, biases σ_b².

    Args:
        phi: φ, an elementwise function of tensors; its slope comes from PyTorch.
        sigma_w: σ_w > 0, at most a million.
        sigma_b: σ_b ≥ 0, the same.
        q: mean square of the entries of each input, > 0.
        c: correlation of the two inputs, in [−1, 1].
        layers: L.

    Returns:
        Tensors in float64 of L entries: of the pre-activations of layers 1 to L.

    Raises:
        GradusError: a value out of range; φ does not keep the shape, or its means are not finite.

    Cost: O(L m²) values of φ; m = 170 nodes, up to 850 where q is large.

    Source: Poole et al. 2016, eqs. 3–6; Schoenholz et al. 2017.

    Example:
        >>> import torch
        >>> maps = mean_field(torch.relu, 2.0**0.5, 0.0, q=3.0, c=0.0, layers=2)
        >>> maps.variance.round(decimals=6).tolist(), maps.factor.round(decimals=6).tolist()
        ([6.0, 6.0], [1.0, 1.0])
    """
    function("phi", phi, "torch.tanh")
    w, b = (
        number("sigma_w", sigma_w, above=0, most=LARGEST) ** 2,
        number("sigma_b", sigma_b, least=0, most=LARGEST) ** 2,
    )
    q, c = number("q", q, above=0), number("c", c, least=-1, most=1)
    rows = []
    state = _first(w, b, q, c)
    for _ in range(whole("layers", layers, least=0)):
        rows.append((*state, w * gaussian_mean_square(phi, state[0], slope=True)))
        state = _next(phi, w, b, *state)
    columns = torch.tensor(rows, dtype=torch.float64).reshape(-1, 3).T
    return MeanField(*columns)


def mean_field_limit(phi: Activation, sigma_w: float, sigma_b: float) -> MeanFieldLimit:
    r"""The fixed point of the maps of `mean_field`, and the depth scale at which two inputs' correlation gets there.

    .. math:: \xi^{-1}=-\log\bigl(\sigma_w^2\,\mathbb E\,\phi'(u)\phi'(v)\bigr)\ \text{at}\ q^*,\ c^*

    The fixed points are reached by iterating, from q = 1 and c = 0.

    Args:
        phi: φ.
        sigma_w: σ_w > 0, at most a million.
        sigma_b: σ_b ≥ 0, the same.

    Raises:
        GradusError: the second moment grows without end or shrinks to 0, or is not settled in 20,000 layers: then there is no
            q*; else as `mean_field`.

    Cost: some hundreds of layers of `mean_field`; more near χ = 1.

    Source: Schoenholz et al. 2017, §3.

    Example:
        >>> import torch
        >>> limit = mean_field_limit(torch.tanh, 1.0, 0.3)
        >>> limit.correlation, limit.factor < 1
        (1.0, True)
    """
    function("phi", phi, "torch.tanh")
    w, b = (
        number("sigma_w", sigma_w, above=0, most=LARGEST) ** 2,
        number("sigma_b", sigma_b, least=0, most=LARGEST) ** 2,
    )
    q = _settled(lambda q: w * gaussian_mean_square(phi, q) + b, w + b, 1e-13)
    if not 1e-10 < q < 1e10:
        raise refusal("sigma_w, sigma_b", ("ones at which the second moment settles", "使二阶矩收敛到正数的取值"), Text(f"q* of {q:.3g}", f"q* 为 {q:.3g}"))  # fmt: skip
    chi = w * gaussian_mean_square(phi, q, slope=True)
    c = 1.0 if chi <= 1 else _settled(lambda c: _next(phi, w, b, q, c)[1], 0.0, 1e-12)
    rate = chi if c == 1 else w * _product(phi, q, c, slope=True)
    return MeanFieldLimit(q, c, chi, -1 / math.log(rate) if 0 < rate < 1 - 1e-9 else math.inf)


def critical_weights(phi: Activation, q: float) -> tuple[float, float]:
    r"""The σ_w and σ_b at which χ = 1 and q is the fixed point: a point of the line between order and chaos.

    .. math:: \sigma_w^2=\frac1{\mathbb E\,\phi'(\sqrt qz)^2},\qquad\sigma_b^2=q-\sigma_w^2\,\mathbb E\,\phi(\sqrt qz)^2

    Args:
        phi: φ.
        q: the second moment that is to be kept, > 0.

    Raises:
        GradusError: no σ_b² ≥ 0 exists at this q, or φ is flat there.

    Source: Schoenholz et al. 2017, §3.

    Example:
        >>> import torch
        >>> sigma_w, sigma_b = critical_weights(torch.relu, 1.0)
        >>> round(sigma_w**2, 6), round(sigma_b, 6)
        (2.0, 0.0)
    """
    function("phi", phi, "torch.tanh")
    q = number("q", q, above=0)
    slope = gaussian_mean_square(phi, q, slope=True)
    w = 1 / slope if slope > 0 else math.inf
    b = q - w * gaussian_mean_square(phi, q)
    if not (w < math.inf and b >= -1e-12 * q):
        raise refusal("q", ("a second moment on the line χ = 1 of this φ", "该 φ 的 χ = 1 线上的二阶矩"), q)
    return math.sqrt(w), math.sqrt(max(b, 0.0))


def _first(w: float, b: float, q: float, c: float) -> tuple[float, float]:
    first = w * q + b
    if not 0 < first < math.inf:
        raise refusal("sigma_w, q", ("ones whose product can be held", "其乘积可表示的取值"), Text(f"{w:g}, {q:g}", f"{w:g}、{q:g}"))  # fmt: skip
    return first, max(-1.0, min(1.0, (w * c * q + b) / first))


def _next(phi: Activation, w: float, b: float, q: float, c: float) -> tuple[float, float]:
    """Second moment and correlation of the next layer; a signal that has died keeps its correlation."""
    square = w * gaussian_mean_square(phi, q) + b
    product = w * _product(phi, q, c) + b
    return square, max(-1.0, min(1.0, product / square)) if square > 0 else c


def _nodes(q: float) -> tuple[Tensor, Tensor]:
    step = min(max(0.3 / math.sqrt(q), FINEST), COARSEST) if q > 0 else COARSEST
    count = int(REACH / step)
    z = step * (torch.arange(-count, count, dtype=torch.float64) + 0.5)
    weights = torch.exp(-z.square() / 2)
    return z, weights / weights.sum()


def gaussian_mean_square(phi: Activation, q: float, slope: bool = False) -> float:
    r"""E φ(√q z)², or of the slope φ', for a standard normal z."""
    z, weights = _nodes(q)
    return float(weights @ _values(phi, math.sqrt(q) * z, slope).square())


def _product(phi: Activation, q: float, c: float, slope: bool = False) -> float:
    z, weights = _nodes(q)
    u = math.sqrt(q) * z
    v = c * u[:, None] + math.sqrt(max(0.0, 1 - c * c)) * u
    return float((weights * _values(phi, u, slope)) @ _values(phi, v, slope) @ weights)


def _values(phi: Activation, u: Tensor, slope: bool) -> Tensor:
    """φ or φ' at the nodes, finite.

    Raises:
        GradusError: φ does not keep the shape, has no slope, or is not finite.
    """
    with torch.inference_mode(False), torch.set_grad_enabled(slope):
        points = u.clone().requires_grad_(slope)
        values = phi(points)
        if not isinstance(values, Tensor) or values.shape != u.shape or (slope and not values.requires_grad):
            raise refusal("phi", ("an elementwise, differentiable function of tensors", "逐元素、可微的张量函数"), values, kind=True)  # fmt: skip
        if slope:
            (values,) = torch.autograd.grad(values.sum(), points)
    if not bool(values.isfinite().all()):
        raise refusal("phi", ("a function that is finite on all signals met", "在所遇信号上取有限值的函数"), Text("values that are not finite", "非有限的值"))  # fmt: skip
    return values.detach().to(u)


def _settled(step: Callable[[float], float], x: float, tolerance: float) -> float:
    for _ in range(MOST_LAYERS):
        last, x = x, step(x)
        if abs(x - last) <= tolerance * max(abs(x), 1e-3) or not 1e-12 < abs(x) < 1e12:
            return x
    raise refusal("sigma_w, sigma_b", ("ones at which the maps settle", "使映射收敛的取值"), Text(f"no fixed point in {MOST_LAYERS} layers", f"{MOST_LAYERS} 层内没有不动点"))  # fmt: skip
