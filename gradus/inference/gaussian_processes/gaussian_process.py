"""Regression by Gaussian processes: exact, differentiable, for many series at once, and without silent jitter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, flag, function, number, refusal
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import concrete, same_device, same_kind, tensor
from gradus.inference.gaussian_processes.covariance_roots import solved, triangular_root
from gradus.inference.gaussian_processes.results import GaussianProcessPosterior, LeaveOneOut, computed_kind
from gradus.text import Text

__all__ = ["GaussianProcess"]


class GaussianProcess:
    r"""A normal prior of functions, which is observed with independent normal noise.

    .. math:: f\sim\mathcal{GP}(\mu,k),\qquad y_i=f(x_i)+\varepsilon_i,\quad\varepsilon_i\sim N(0,\sigma^2),\qquad C=K+\sigma^2I

    Kernels are functions of two sets of points; sums and products of kernels are kernels. What they hold as tensors, and the noise, can be
    learnt: everything is differentiable. There is no jitter: where C is not positive definite in the precision of the data, the error
    names the point that the others determine, and the noise that would be above rounding.

    Args:
        kernel: (x, z) ↦ k, from points (…, n, d) and (…, m, d) to (…, n, m): one of `gradus.inference`'s, or your own in PyTorch.
        noise: the variance σ², ≥ 0: a number, a tensor of one, or one a point (n,).
        mean: x ↦ μ(x), from (…, n, d) to (…, n); None for 0.

    Raises:
        GradusError: no function, a noise below 0.

    Cost: one Cholesky factorisation, n³/3, for all series at the same points.

    Source: Rasmussen and Williams 2006, ch. 2 and 5.

    Deviates: `sklearn.gaussian_process.GaussianProcessRegressor` is the choice for a fit with scikit-learn's contract; it has no derivatives by
        parameters of a kernel in PyTorch, one set of points a call, no leave-one-out, and adds 1e-10 to the diagonal unless told otherwise.

    Example:
        >>> import torch
        >>> from gradus.inference import squared_exponential_kernel
        >>> X, y = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0.0, 1.0, 0.5])
        >>> gp = GaussianProcess(squared_exponential_kernel, noise=0.01)
        >>> gp.posterior(X, y, torch.tensor([[1.5]]))
        GaussianProcessPosterior(1 point, of the function, deviation 0.1582)
        >>> gp.leave_one_out(X, y)
        LeaveOneOut(3 points, ln p -2.86542)
    """

    def __init__(
        self,
        kernel: Callable[[Tensor, Tensor], Tensor],
        noise: float | Tensor = 0.0,
        *,
        mean: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.kernel = function("kernel", kernel, "squared_exponential_kernel")
        self.noise = _noise(noise)
        self.mean = None if mean is None else function("mean", mean, "torch.zeros_like")

    def log_evidence(self, X: Tensor, y: Tensor) -> Tensor:
        r"""The ln density of the observations, ln N(y; μ, C), differentiable in all that it is made from.

        .. math:: -\tfrac12(y-\mu)^{\mathsf T}C^{-1}(y-\mu)-\tfrac12\ln\det C-\tfrac n2\ln2\pi

        Args:
            X: (…, n, d).
            y: (…, n), which may have more leading axes than X.

        Returns:
            (…,), of y.

        Raises:
            GradusError: shapes that do not fit; a covariance that is not positive definite.
        """
        L, r, alpha, kind = self._factored(X, y)
        n = r.shape[-1]
        log_det = L.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        evidence: Tensor = -(r * alpha).sum(-1) / 2 - log_det - n / 2 * math.log(2 * math.pi)
        if concrete(evidence) and not bool(evidence.detach().to(kind).isfinite().all()):
            raise refusal(
                "y",
                ("numbers whose squares stay finite", "平方仍有限的数"),
                y,
                ("rescale them", "请缩放它们"),
            )
        return evidence.to(kind)

    def posterior(
        self, X: Tensor, y: Tensor, Z: Tensor, *, of: str = "f", joint: bool = True
    ) -> GaussianProcessPosterior:
        r"""What the observations say of the function at other points.

        .. math:: m=\mu(Z)+K_*^{\mathsf T}C^{-1}(y-\mu(X)),\qquad V=K_{**}-K_*^{\mathsf T}C^{-1}K_*

        Args:
            X: (…, n, d); n may be 0, for the prior.
            y: (…, n), which may have more leading axes than X.
            Z: (…, m, d).
            of: "f", the function itself, or "y", what will be observed there: the noise is added.
            joint: whether the covariances between points are wanted; without, memory is O(nm).

        Raises:
            GradusError: shapes that do not fit; a covariance that is not positive definite; "y" with a noise of each point, whose noise at
                other points nobody has said.
        """
        wanted, joint = choice("of", of, ("f", "y")), flag("joint", joint)
        if wanted == "y" and isinstance(self.noise, Tensor) and self.noise.dim():
            mend = ("take of='f', then .observed(noise)", "请用 of='f'，再用 .observed(noise)")
            each = Text("one noise a point of the data", "数据的每个点各一个噪声")
            raise refusal(
                "of", ("'f' where each point has its own noise", "各点噪声不同时的 'f'"), each, mend
            )
        L, _, alpha, kind = self._factored(X, y)
        sizes = Sizes()
        tensor("X", X, "*#batch n d", sizes)
        same_kind(X=X, Z=tensor("Z", Z, "*#batch m d", sizes, finite=True, meta=False))
        X, Z = X.to(alpha.dtype), Z.to(alpha.dtype)
        across = self._covariance(X, Z)  # (…, n, m)
        mean = (
            (across.mT @ alpha.unsqueeze(-1)).squeeze(-1)
            if alpha.shape[-1]
            else alpha.new_zeros(*alpha.shape[:-1], Z.shape[-2])
        )
        mean = mean + self._mean(Z)
        A = torch.linalg.solve_triangular(L, across, upper=False)
        noise = self.noise if wanted == "y" else 0.0
        wide: Tensor | None = None
        if joint:
            wide = self._covariance(Z, Z) - A.mT @ A
            wide = (wide + wide.mT) / 2 + noise * torch.eye(Z.shape[-2], dtype=Z.dtype, device=Z.device)
            variance = wide.diagonal(dim1=-2, dim2=-1)
        else:
            own = self._covariance(Z.unsqueeze(-2), Z.unsqueeze(-2))[..., 0, 0]
            variance = own - A.square().sum(-2) + noise
        return GaussianProcessPosterior(
            mean.to(kind), variance.clamp(min=0).to(kind), None if wide is None else wide.to(kind), noise
        )

    def leave_one_out(self, X: Tensor, y: Tensor) -> LeaveOneOut:
        r"""What the other observations say of each: the same as n refits, from one factorisation.

        .. math:: \mu_{-i}=y_i-\frac{[C^{-1}(y-\mu)]_i}{[C^{-1}]_{ii}},\qquad v_{-i}=\frac1{[C^{-1}]_{ii}}

        Args:
            X: (…, n, d).
            y: (…, n), which may have more leading axes than X.

        Raises:
            GradusError: shapes that do not fit; a covariance that is not positive definite.
        """
        L, _, alpha, kind = self._factored(X, y)
        variance = 1 / torch.cholesky_inverse(L).diagonal(dim1=-2, dim2=-1)
        miss = alpha * variance
        density = -(miss.square() / variance + variance.log() + math.log(2 * math.pi)) / 2
        return LeaveOneOut((y - miss).to(kind), variance.to(kind), density.to(kind))

    def _factored(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, torch.dtype]:
        """The root of C, y less its prior mean, C⁻¹ of it; and the precision that was given."""
        sizes = Sizes()
        tensor("X", X, "*#batch n d", sizes, finite=True, meta=False)
        same_kind(X=X, y=tensor("y", y, "*#batch n", sizes, finite=True, meta=False))
        kind = X.dtype
        X, y = X.to(computed_kind(kind)), y.to(computed_kind(kind))
        n = X.shape[-2]
        noise = self.noise
        if isinstance(noise, Tensor):
            same_device(X=X, noise=noise)
            if noise.dim() and noise.shape != (n,):
                raise refusal(
                    "noise", (f"one number or {n}, one a point", f"一个数，或每点一个，共 {n} 个"), noise
                )
            noise = noise.to(X.dtype)
        eye = torch.eye(n, dtype=X.dtype, device=X.device)
        L = triangular_root(self._covariance(X, X, symmetric=True) + noise * eye)
        r = y - self._mean(X)
        if L.dim() > 2:
            r = r.expand(torch.broadcast_shapes(r.shape, L.shape[:-1]))
        return L, r, solved(L, r), kind

    def _covariance(self, x: Tensor, z: Tensor, symmetric: bool = False) -> Tensor:
        found = self.kernel(x, z)
        lead = torch.broadcast_shapes(x.shape[:-2], z.shape[:-2])
        shape = (*lead, x.shape[-2], z.shape[-2])
        if not isinstance(found, Tensor) or found.shape[-2:] != shape[-2:] or found.dim() < 2:
            raise refusal(
                "kernel", (f"a tensor of shape {shape} for points {tuple(x.shape)} and {tuple(z.shape)}",
                           f"对形状为 {tuple(x.shape)} 与 {tuple(z.shape)} 的点给出形状 {shape} 的张量"), found,
            )  # fmt: skip
        if not concrete(found):
            return found
        if not bool(found.detach().isfinite().all()):
            raise refusal("kernel", ("finite covariances", "有限的协方差"), found)
        if symmetric and found.numel():
            off, scale = (found - found.mT).detach().abs().max(), found.detach().abs().max()
            if bool(off > 256 * torch.finfo(found.dtype).eps * scale):
                odd = Text(
                    f"k(x, z) and k(z, x) that differ by {float(off):.3g}",
                    f"k(x, z) 与 k(z, x) 相差 {float(off):.3g}",
                )
                raise refusal("kernel", ("a symmetric function", "对称的函数"), odd)
        return found

    def _mean(self, x: Tensor) -> Tensor | float:
        if self.mean is None:
            return 0.0
        found = self.mean(x)
        if not isinstance(found, Tensor) or not found.shape or found.shape[-1] != x.shape[-2]:
            words = (
                f"a tensor whose last axis is {x.shape[-2]}, one number a point",
                f"最后一轴为 {x.shape[-2]}（每点一个数）的张量",
            )
            raise refusal("mean", words, found)
        return found

    def __repr__(self) -> str:
        name = getattr(self.kernel, "__name__", type(self.kernel).__name__)
        noise = self.noise
        said = (
            f"{float(noise):.4g}"
            if not isinstance(noise, Tensor) or not noise.dim()
            else f"{len(noise)} points"
        )
        return f"GaussianProcess({'a function' if name == '<lambda>' else name}, noise={said})"


def _noise(noise: Any) -> float | Tensor:
    if not isinstance(noise, Tensor):
        return number("noise", noise, least=0)
    given = tensor("noise", noise, "" if noise.dim() == 0 else "n", Sizes(), finite=True, meta=False)
    if concrete(given) and not bool((given >= 0).all()):
        raise refusal("noise", ("variances ≥ 0", "≥ 0 的方差"), given)
    return given
