"""Which modes of a known mixture the samples of a generator reach."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import Sizes, number, whole
from gradus.arguments.tensors import same_kind, tensor

__all__ = ["ModeCoverage", "mode_coverage"]


class ModeCoverage(NamedTuple):
    """How the samples spread over the modes.

    Attributes:
        counts: samples near each mode, (k,).
        covered: which modes have enough of them, (k,).
        quality: share of all samples that are near any mode.
        divergence: KL of the shares of the modes, among the samples near one, from equal shares, in nats: 0 for equal ones, ln k for one mode alone; ∞ where no sample is near any.

    Example:
        >>> ModeCoverage(torch.tensor([2, 0]), torch.tensor([True, False]), 0.5, 0.6931)
        ModeCoverage(1 of 2 modes, 50 % of the samples near one, divergence 0.693)
    """

    counts: Tensor
    covered: Tensor
    quality: float
    divergence: float

    def __repr__(self) -> str:
        found = f"{int(self.covered.sum())} of {len(self.covered)} modes"
        return f"ModeCoverage({found}, {100 * self.quality:.3g} % of the samples near one, divergence {self.divergence:.3g})"


def mode_coverage(samples: Tensor, modes: Tensor, *, radius: float, least: int = 1) -> ModeCoverage:
    r"""Which modes the samples reach, and how evenly.

    A sample belongs to its nearest mode, where it is within `radius` of it; on a mixture of normal distributions that are far apart three deviations are usual.

    Args:
        samples: generated ones (n, d).
        modes: the places of the modes (k, d).
        radius: how near is near.
        least: how many samples a mode needs to be covered.

    Raises:
        GradusError: shapes or precisions that do not fit, NaN or ±∞, a radius that is not above 0.

    Cost: O(n·k·d).

    Source: Srivastava et al. 2017, VEEGAN; Metz et al. 2017, Unrolled generative adversarial networks.

    Example:
        >>> import torch
        >>> modes = torch.tensor([[0.0, 0.0], [5.0, 0.0]])
        >>> mode_coverage(torch.tensor([[0.1, 0.0], [0.0, -0.2], [2.5, 0.0], [0.2, 0.2]]), modes, radius=1.0)
        ModeCoverage(1 of 2 modes, 75 % of the samples near one, divergence 0.693)
    """
    sizes = Sizes()
    tensor("samples", samples, "n>=1 d>=1", sizes, finite=True, meta=False)
    tensor("modes", modes, "k>=1 d", sizes, finite=True, meta=False)
    same_kind(samples=samples, modes=modes)
    near, enough = number("radius", radius, above=0), whole("least", least, least=1)
    made, places = samples.detach().double(), modes.detach().double()
    distance, mode = torch.cdist(made, places, compute_mode="donot_use_mm_for_euclid_dist").min(1)
    close = distance <= near
    counts = torch.bincount(mode[close], minlength=len(modes))
    share = counts.double() / counts.sum()
    divergence = (
        float(torch.special.xlogy(share, share * len(modes)).sum()) if bool(close.any()) else math.inf
    )
    return ModeCoverage(counts, counts >= enough, float(close.double().mean()), divergence)
