"""What a Gaussian process says: normal distributions of values, and what each datum is worth."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import number, refusal, whole
from gradus.inference.gaussian_processes.covariance_roots import root_for_draws
from gradus.inference.variational.draws import seeded
from gradus.text import Text

__all__ = ["GaussianProcessPosterior", "LeaveOneOut", "computed_kind"]


class GaussianProcessPosterior(NamedTuple):
    """The normal distribution of a function's values, or of what will be observed there.

    Attributes:
        mean: (…, m).
        variance: (m,) or (…, m); rounding that brings it below 0 is 0.
        covariance: (m, m) or (…, m, m); None where only variances were asked for.
        noise: the variance of the noise within; 0 for the function itself.

    Example:
        >>> found = GaussianProcessPosterior(torch.zeros(2), torch.ones(2), torch.eye(2), 0.0)
        >>> found
        GaussianProcessPosterior(2 points, of the function, deviation 1)
        >>> found.sample(3, seed=0).shape
        torch.Size([3, 2])
    """

    mean: Tensor
    variance: Tensor
    covariance: Tensor | None
    noise: float | Tensor

    @property
    def deviation(self) -> Tensor:
        """The root of the variance."""
        return self.variance.sqrt()

    def observed(self, noise: float) -> GaussianProcessPosterior:
        """The distribution of observations with independent noise of that variance, beside what is within.

        Raises:
            GradusError: a variance below 0.
        """
        more = number("noise", noise, least=0)
        wide = self.covariance
        if wide is not None:
            wide = wide + more * torch.eye(wide.shape[-1], dtype=wide.dtype, device=wide.device)
        return GaussianProcessPosterior(self.mean, self.variance + more, wide, self.noise + more)

    def sample(self, draws: int = 1, seed: int | None = None) -> Tensor:
        """Draws of all values together, (draws, …, m): each is one function.

        Args:
            draws: how many.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: only variances were asked for.
        """
        count = whole("draws", draws, least=0)
        if self.covariance is None:
            without = Text("variances alone", "只有方差")
            mend = ("ask for the posterior with joint=True", "请以 joint=True 求后验")
            raise refusal("posterior", ("a covariance", "协方差"), without, mend)
        shape = torch.broadcast_shapes(self.mean.shape, self.covariance.shape[:-1])
        with seeded(seed):
            white = torch.randn(count, *shape, 1, dtype=self.mean.dtype, device=self.mean.device)
        A = root_for_draws(self.covariance.to(computed_kind(self.mean.dtype))).to(self.mean.dtype)
        return self.mean + (A @ white).squeeze(-1)

    def __repr__(self) -> str:
        within = "of the function"
        if isinstance(self.noise, Tensor) or self.noise:
            within = "of observations"
        m = self.mean.shape[-1]
        several = self.mean.shape[:-1].numel()
        batch = f"{several} × " if self.mean.dim() > 1 else ""
        spread = ""
        if self.variance.numel():
            low, high = (float(v) for v in self.deviation.detach().aminmax())
            spread = f", deviations {low:.4g} to {high:.4g}" if high > low else f", deviation {low:.4g}"
        points = "1 point" if m == 1 else f"{m} points"
        return f"GaussianProcessPosterior({batch}{points}, {within}{spread})"


class LeaveOneOut(NamedTuple):
    """What the other data say of each observation.

    Attributes:
        mean: (…, n): of yᵢ given all others.
        variance: (n,) or (…, n): of yᵢ, noise included.
        log_density: (…, n): ln p(yᵢ | the others); the sum is a score by which kernels may be chosen.

    Example:
        >>> LeaveOneOut(torch.zeros(3), torch.ones(3), torch.full((3,), -1.0))
        LeaveOneOut(3 points, ln p -3)
    """

    mean: Tensor
    variance: Tensor
    log_density: Tensor

    def __repr__(self) -> str:
        sums = self.log_density.detach().sum(-1)
        score = f"{float(sums):.6g}" if sums.dim() == 0 else f"{sums.numel()} sums"
        return f"LeaveOneOut({self.mean.shape[-1]} points, ln p {score})"


def computed_kind(kind: torch.dtype) -> torch.dtype:
    """Half precisions have no factorisations."""
    return kind if kind in (torch.float32, torch.float64) else torch.float32
