"""Coordinate-ascent mean field for normal distributions: how fast it arrives, and what it says of the variances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import number, refusal, whole
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text

__all__ = ["GaussianMeanField", "mean_field_gaussian"]


class GaussianMeanField(NamedTuple):
    """Independent normal distributions in place of a normal distribution, and the way to them.

    Attributes:
        mean: (…, d).
        variance: (…, d); once each coordinate has been updated 1/Λ_ii, the variance given all others.
        elbo: (sweeps, …, d): the bound after each step, here minus the divergence from the distribution: entry [t, …, i] after the i-th step of
            sweep t. It never falls.
        converged: whether a sweep moved no mean by more than the tolerance, in deviations.

    Example:
        >>> GaussianMeanField(torch.zeros(2), torch.ones(2), torch.zeros(3, 2), True)
        GaussianMeanField(d=2, 3 sweeps, converged, ELBO 0)
    """

    mean: Tensor
    variance: Tensor
    elbo: Tensor
    converged: bool

    def __repr__(self) -> str:
        end = "converged" if self.converged else "not converged"
        several = self.mean.shape[:-1].numel() != 1 or not self.elbo.numel()
        last = "" if several else f", ELBO {float(self.elbo[-1].detach().reshape(-1)[-1]):.6g}"
        return f"GaussianMeanField(d={self.mean.shape[-1]}, {len(self.elbo)} sweeps, {end}{last})"


def mean_field_gaussian(
    mean: Tensor,
    precision: Tensor,
    start: tuple[Tensor, Tensor] | None = None,
    *,
    order: Sequence[int] | None = None,
    sweeps: int = 100,
    tolerance: float = 1e-10,
) -> GaussianMeanField:
    r"""The independent normal distributions nearest to N(μ, Λ⁻¹), by updating one coordinate after another.

    .. math:: m_i\leftarrow\mu_i-\frac1{\Lambda_{ii}}\sum_{j\ne i}\Lambda_{ij}(m_j-\mu_j),\qquad v_i\leftarrow\frac1{\Lambda_{ii}},\qquad
        \mathcal L=-\mathrm{KL}\bigl(\mathcal N(m,\operatorname{diag}v)\,\Vert\,\mathcal N(\mu,\Lambda^{-1})\bigr)

    It ends at m = μ and v_i = 1/Λ_ii, which is no larger than the distribution's own variance, and at a bound of −½(Σ ln Λ_ii − ln det Λ). That is known
    beforehand: what the function shows is the way, which is Gauss–Seidel's iteration, slow where coordinates are strongly dependent.

    Args:
        mean: μ, (…, d).
        precision: Λ, (…, d, d), symmetric and positive definite.
        start: means and variances, each (…, d); None for 0 and 1.
        order: of the coordinates within a sweep, each once.
        sweeps: at most.
        tolerance: a sweep that moves no mean by more than this many of its deviations is the last; 0 for all sweeps.

    Returns:
        The `GaussianMeanField`, in the precision and on the device of the arguments; half precisions are computed in single.

    Raises:
        GradusError: a precision that is not symmetric and positive definite, a variance that is not positive, an order that leaves a
            coordinate out.

    Cost: one Cholesky factorisation, then O(d) a step and member of a batch.

    Source: Bishop 2006, §10.1.2.

    Example:
        >>> import torch
        >>> found = mean_field_gaussian(torch.ones(2), torch.tensor([[2.0, 1.0], [1.0, 2.0]]), tolerance=1e-5)
        >>> found.mean, found.variance  # the variances are 2/3
        (tensor([1.0000, 1.0000]), tensor([0.5000, 0.5000]))
        >>> found
        GaussianMeanField(d=2, 10 sweeps, converged, ELBO -0.143841)
    """
    sizes = Sizes()
    mu = tensor("mean", mean, "*batch d>=1", sizes, finite=True, meta=False)
    lam = tensor("precision", precision, "*batch d d", sizes, finite=True, meta=False)
    m, v = _start(start, mu, sizes)
    same_kind(mean=mu, precision=lam, means=m, variances=v)
    kind = mu.dtype
    if kind not in (torch.float32, torch.float64):  # the bound is a small difference of large sums
        mu, lam, m, v = mu.float(), lam.float(), m.float(), v.float()
    d, most = mu.shape[-1], whole("sweeps", sweeps, least=1)
    limit, places = float(number("tolerance", tolerance, least=0)), _order(order, d)
    log_det = _log_determinant(lam, torch.finfo(kind).eps)
    diagonal = lam.diagonal(dim1=-2, dim2=-1)
    means, variances = list(m.unbind(-1)), list(v.unbind(-1))
    pull = (lam @ (m - mu).unsqueeze(-1)).squeeze(-1)  # Λ(m − μ)
    history, converged = [], False
    for _ in range(most):
        before, row = torch.stack(means, -1), []
        for i in places:
            gap = torch.stack(means, -1) - mu
            off = (
                torch.cat((lam[..., i, :i], lam[..., i, i + 1 :]), -1)
                * torch.cat((gap[..., :i], gap[..., i + 1 :]), -1)
            ).sum(-1)
            new = mu[..., i] - off / diagonal[..., i]
            pull = pull + lam[..., :, i] * (new - means[i]).unsqueeze(-1)
            means[i] = new
            variances[i] = 1 / diagonal[..., i]
            row.append(
                _bound(torch.stack(means, -1) - mu, torch.stack(variances, -1), pull, diagonal, log_det)
            )
        history.append(torch.stack(row, -1))
        if not bool(history[-1].to(kind).isfinite().all()):
            raise refusal(
                "mean",
                ("numbers whose squares stay finite", "平方仍有限的数"),
                mu,
                ("rescale the variables", "请缩放变量"),
            )
        moved = (torch.stack(means, -1) - before).abs() * diagonal.sqrt()
        if limit > 0 and bool((moved <= limit).all()):
            converged = True
            break
    return GaussianMeanField(
        torch.stack(means, -1).to(kind),
        torch.stack(variances, -1).to(kind),
        torch.stack(history).to(kind),
        converged,
    )


def _bound(gap: Tensor, v: Tensor, pull: Tensor, diagonal: Tensor, log_det: Tensor) -> Tensor:
    """−KL, with pull = Λ · gap."""
    return -(gap * pull + diagonal * v - v.log() - 1).sum(-1) / 2 + log_det / 2


def _start(start: tuple[Tensor, Tensor] | None, mu: Tensor, sizes: Sizes) -> tuple[Tensor, Tensor]:
    if start is None:
        return torch.zeros_like(mu), torch.ones_like(mu)
    if not isinstance(start, (tuple, list)) or len(start) != 2:
        raise refusal(
            "start", ("a pair of tensors: means and variances", "一对张量：均值与方差"), start, kind=True
        )
    m = tensor("start[0]", start[0], "*batch d", sizes, finite=True, meta=False)
    v = tensor("start[1]", start[1], "*batch d", sizes, finite=True, meta=False)
    if not bool((v > 0).all()):
        raise refusal("start[1]", ("variances above 0", "大于 0 的方差"), v)
    return m, v


def _order(order: Sequence[int] | None, d: int) -> list[int]:
    if order is None:
        return list(range(d))
    places = (
        [whole("order", i, least=0, most=d - 1) for i in order]
        if isinstance(order, (list, tuple, range))
        else None
    )
    if places is None or sorted(places) != list(range(d)):
        words = (f"each coordinate from 0 to {d - 1} once", f"从 0 到 {d - 1} 的每个坐标各一次")
        raise refusal("order", words, Text(str(order), str(order)), kind=places is None)
    return places


def _log_determinant(lam: Tensor, eps: float) -> Tensor:
    off = (lam - lam.mT).abs().amax(dim=(-2, -1)) if lam.numel() else lam.new_zeros(())
    scale = lam.abs().amax(dim=(-2, -1)) if lam.numel() else lam.new_ones(())
    if bool((off > 64 * eps * scale).any()):
        raise refusal(
            "precision",
            ("a symmetric matrix", "对称矩阵"),
            lam,
            ("take (P + P.mT) / 2", "请取 (P + P.mT) / 2"),
        )
    factor, info = torch.linalg.cholesky_ex(lam)
    if bool((info > 0).any()):
        mend = ("it is the inverse of a covariance", "它是协方差矩阵的逆")
        raise refusal("precision", ("a positive definite matrix", "正定矩阵"), lam, mend)
    log_det: Tensor = 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    return log_det
