"""The evidence lower bound of a normal distribution of free numbers for given noise, with its gradient: for optimisers of one's own."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import flag, function, refusal
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import same_device, same_kind, tensor
from gradus.inference.monte_carlo.constrained import ConstrainedPoints
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target
from gradus.inference.variational.gaussian_family import Gaussian, estimate
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text

__all__ = ["GaussianELBO", "gaussian_elbo"]


class GaussianELBO(NamedTuple):
    """The evidence lower bound of N(m, L Lᵀ) by n draws, and its gradient.

    Attributes:
        value: the estimate, with the entropy in closed form.
        by_mean: its derivative by m (d).
        by_scale: its derivative by L, lower triangular (d, d); of mean field its diagonal alone counts.
        log_weights: ln p − ln q at each draw (n): their mean is an estimate of the bound, too, without noise where q is the posterior.
        standard_error: of the value, if the noise is independent draws.

    Example:
        >>> GaussianELBO(torch.tensor(-1.5), torch.zeros(2), torch.zeros(2, 2), torch.zeros(8), torch.tensor(0.1))
        GaussianELBO(-1.5 ± 0.1, d=2, 8 draws)
    """

    value: Tensor
    by_mean: Tensor
    by_scale: Tensor
    log_weights: Tensor
    standard_error: Tensor

    def __repr__(self) -> str:
        bound = f"{float(self.value):.6g} ± {float(self.standard_error):.2g}"
        return f"GaussianELBO({bound}, d={len(self.by_mean)}, {len(self.log_weights)} draws)"


def gaussian_elbo(
    log_density: Callable[[Any], Tensor],
    mean: Tensor,
    scale: Tensor,
    noise: Tensor,
    *,
    start: Any = None,
    constraints: Any = None,
    sticking: bool = False,
    batched: bool = False,
) -> GaussianELBO:
    r"""The evidence lower bound of N(m, LLᵀ) over free numbers by given noise, and its gradient through the draws.

    .. math:: u_i=m+L\varepsilon_i,\quad f(u)=\ln p(T(u))+\ln\lvert\det T'(u)\rvert,\quad
        \hat{\mathcal L}=\frac1n\sum_if(u_i)+\tfrac d2\ln2\pi e+\sum_j\ln L_{jj},\quad
        \partial_L\hat{\mathcal L}=\operatorname{tril}\frac1n\sum_i\nabla f(u_i)\varepsilon_i^{\mathsf T}+\operatorname{diag}\frac1{L_{jj}}

    Args:
        log_density: ln of the density, up to a constant, at a point of the structure of `start`, as of `advi`.
        mean: m (d).
        scale: L (d, d), lower triangular, with a diagonal above 0.
        noise: ε (n, d).
        start: a point: a tensor, or tensors in dicts, lists and tuples, whose values are not used; None for a tensor like the mean.
        constraints: what bounds the tensors, as of `advi`; T takes free numbers within the bounds. d counts free numbers.
        sticking: leave the score of q out of the gradient ("sticking the landing"): it is unbiased all the same, and without noise where q is
            the posterior.
        batched: whether the log density takes all draws at once.

    Returns:
        The `GaussianELBO`, detached.

    Raises:
        GradusError: other shapes; a scale that is not lower triangular with a diagonal above 0; a log density that is NaN at a draw; as `advi`.

    Cost: one call of the log density and one backward pass for all draws; O(nd²).

    Source: Kucukelbir et al. 2017; sticking the landing: Roeder, Wu and Duvenaud 2017.

    Example:
        >>> found = gaussian_elbo(lambda x: -(x**2).sum() / 2, torch.zeros(2), torch.eye(2), torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))
        >>> found.value, found.by_mean  # ln 2π: the bound of the normal distribution itself
        (tensor(1.8379), tensor([0., 0.]))
    """
    function("log_density", log_density, "lambda x: -(x**2).sum() / 2")
    sizes = Sizes()
    m = tensor("mean", mean, "d>=1", sizes, finite=True, meta=False)
    L = tensor("scale", scale, "d d", sizes, finite=True, meta=False)
    e = tensor("noise", noise, "n>=1 d", sizes, finite=True, meta=False)
    same_kind(mean=m, scale=L, noise=e)
    same_device(mean=m, scale=L, noise=e)
    sticking, batched = flag("sticking", sticking), flag("batched", batched)
    if bool((L.triu(1) != 0).any()) or not bool((L.diagonal() > 0).all()):
        lower = ("a lower triangular matrix with a diagonal above 0", "对角线为正的下三角矩阵")
        raise refusal("scale", lower, L, ("take torch.linalg.cholesky(S)", "请取 torch.linalg.cholesky(S)"))
    owner = getattr(log_density, "__self__", log_density)
    left = unchanged(owner) if isinstance(owner, nn.Module) else contextlib.nullcontext()
    with left, torch.inference_mode(False), torch.no_grad():
        point = m if start is None else start
        points = Points(point, 0) if constraints is None else ConstrainedPoints(point, 0, constraints)
        if points.dimension != len(m):
            free = (
                f"as many as start has free numbers, {points.dimension}",
                f"与 start 的自由数个数相同，即 {points.dimension}",
            )
            raise refusal("mean", free, Text(f"{len(m)} numbers", f"{len(m)} 个数"))
        q = Gaussian(m.detach().to(points.dtype), L.detach().to(points.dtype))
        noise = e.detach().to(points.dtype)
        log_q = q.log_density(noise)
        if not bool(torch.isfinite(log_q).all()):
            squares = ("numbers whose squares stay finite", "平方仍有限的数")
            raise refusal("noise", squares, e)
        found = estimate(Target(log_density, points, batched), q, noise, sticking)
        if bool(found.values.isnan().any()):
            raise refusal("log_density(point)", ("a number, or −∞", "数，或 −∞"), Text("NaN", "NaN"))
        n = len(noise)
        error = (
            found.values.std().nan_to_num(nan=torch.inf) / math.sqrt(n) if n > 1 else found.bound + torch.inf
        )
        return GaussianELBO(found.bound, found.by_mean, found.by_scale, found.values - log_q, error)
