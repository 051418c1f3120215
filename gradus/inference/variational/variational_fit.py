"""What variational inference found: draws, means, the bound with its error, and whether it is to be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradus.arguments import choice, whole
from gradus.inference.monte_carlo.arviz_bridge import to_arviz
from gradus.inference.monte_carlo.draws import on_host
from gradus.inference.monte_carlo.named_draws import NamedDraws
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.verdicts import written
from gradus.inference.variational.gaussian_family import Gaussian
from gradus.inference.variational.nearness import NEAR, USABLE, nearness
from gradus.text import Text, cell_width

__all__ = ["ELBOTrace", "VariationalFit", "noise_of"]

HEAD = Text(
    "quantity|mean|sd|weighted mean|weighted sd",
    "量|均值|标准差|加权均值|加权标准差",
)


class ELBOTrace(NamedTuple):
    """Looks at the bound on the way, one entry each.

    Attributes:
        steps: so far.
        draws: of a step.
        elbo: its estimate by draws that q was not fitted to; by a window's own draws where they were fresh at each step.
        standard_error: of it.
        moved: KL, in nats, from the q of the look before; ∞ at the first of fixed draws.

    Example:
        >>> ELBOTrace(*[torch.zeros(3)] * 5)
        ELBOTrace(3 looks, ELBO 0 ± 0 to 0 ± 0)
    """

    steps: Tensor
    draws: Tensor
    elbo: Tensor
    standard_error: Tensor
    moved: Tensor

    def __repr__(self) -> str:
        first, last = (f"{float(self.elbo[i]):.6g} ± {float(self.standard_error[i]):.2g}" for i in (0, -1))
        return f"ELBOTrace({len(self.elbo)} looks, ELBO {first} to {last})"


class VariationalFit(NamedDraws):
    """A normal distribution of free numbers in place of a posterior: `fit["theta"]` are draws from it (draws, …), within the bounds.

    Attributes:
        location: mean of the free numbers (d).
        scale: L, lower triangular (d, d), with L Lᵀ their covariance; of mean field their standard deviations (d).
        elbo: the evidence lower bound, by fresh draws.
        elbo_error: its standard error.
        log_evidence: ln of the mean importance weight, Pareto smoothed: an estimate of ln of the density's integral, the better the lower k̂.
        k: Pareto's k̂ of the importance weights.
        log_weights: their logarithms, smoothed, of the draws; weights sum to 1.
        effective_size: how many draws from the posterior they are worth.
        mean, sd: of the draws, by name.
        weighted_mean, weighted_sd: of the draws under the weights, by name.
        log_density: of the posterior at the draws, as the user's function gives it.
        trace: an `ELBOTrace`.
        converged: whether the stopping rule was met.
        notes: what is to be said of the run.

    Example:
        >>> from gradus.inference import advi
        >>> advi(lambda x: -(x**2).sum() / 2, torch.zeros(3, dtype=torch.float64))
        VariationalFit(x (3,); full-rank, ELBO 2.75682 ± 0, k̂ -inf, converged)
    """

    location: Tensor
    scale: Tensor
    elbo: float
    elbo_error: float
    log_evidence: float
    k: float
    log_weights: Tensor
    effective_size: float
    mean: dict[str, Tensor]
    sd: dict[str, Tensor]
    weighted_mean: dict[str, Tensor]
    weighted_sd: dict[str, Tensor]
    log_density: Tensor
    trace: ELBOTrace
    converged: bool
    notes: tuple[Text, ...]

    def __init__(self, values: Mapping[str, Tensor], points: Points | None = None, **fields: Any) -> None:
        self.values_by_name, self._points = dict(values), points
        self.__dict__.update(fields)

    @property
    def covariance(self) -> Tensor:
        """Of the free numbers (d, d)."""
        return self.scale.square().diag() if self.scale.ndim == 1 else self.scale @ self.scale.mT

    @property
    def shift(self) -> float:
        """√χ², χ² = n/effective size − 1: no mean under the posterior differs from that under q by more sds of q, as far as its draws tell."""
        return math.sqrt(max(self.log_weights.shape[-1] / self.effective_size - 1, 0.0))

    @property
    def verdict(self) -> Text:
        """Whether q is near the posterior, in words, by k̂ and `shift`."""
        return nearness(self.k, self.effective_size, self.log_weights.shape[-1], self.shift)

    @property
    def sound(self) -> bool:
        """Whether it converged to a finite bound, and k̂ is at most 0.7 or `shift` 0.1: no proof that q is near; what no draw met has no weight."""
        return self.converged and math.isfinite(self.elbo) and (self.k <= USABLE or self.shift <= NEAR)

    def sample(self, draws: int = 1000, *, seed: int = 0) -> dict[str, Tensor]:
        """More draws from q, within the bounds, by name (draws, …).

        Args:
            draws: how many.
            seed: of them.

        Raises:
            GradusError: numbers that are none.

        Example:
            >>> from gradus.inference import advi
            >>> advi(lambda x: -(x**2).sum() / 2, torch.zeros(3)).sample(5)["x"].shape
            torch.Size([5, 3])
        """
        count, seed = whole("draws", draws, least=1), whole("seed", seed, least=0, most=2**63 - 1)
        assert self._points is not None
        q = Gaussian(self.location, self.scale)
        free = q.at(noise_of(count, q, seed))
        return dict(zip(self._points.names, self._points.leaves(free), strict=True))

    def table(self, lang: str = "en", most: int = 40) -> str:
        """Means and standard deviations as text, a line a number, below the verdict.

        Args:
            lang: "en" or "zh".
            most: numbers.

        Raises:
            GradusError: another language, or no lines.

        Example:
            >>> from gradus.inference import advi
            >>> print(advi(lambda x: -(x**2).sum() / 2, torch.zeros(1, dtype=torch.float64)).table().splitlines()[0])
            k̂ −∞: all weights are alike: q is the posterior, as far as its draws tell
        """
        choice("lang", lang, ("en", "zh"))
        cells = [HEAD.get(lang).split("|")]
        columns = (self.mean, self.sd, self.weighted_mean, self.weighted_sd)
        for name, first in self.mean.items():
            for i in range(first.numel()):
                where = torch.unravel_index(torch.tensor(i), first.shape) if first.ndim else ()
                label = f"{name}[{', '.join(str(int(j)) for j in where)}]" if first.ndim else name
                cells.append([label, *(written(float(c[name].reshape(-1)[i])) for c in columns)])
        left = len(cells) - 1 - whole("most", most, least=1)
        if left > 0:
            cells = cells[:-left]
        wide = [max(cell_width(line[i]) for line in cells) for i in range(len(cells[0]))]
        lines = [self.verdict.get(lang), *(note.get(lang) for note in self.notes)]
        for line in cells:
            padded = [
                cell + gap if i == 0 else gap + cell
                for i, (cell, w) in enumerate(zip(line, wide, strict=True))
                for gap in [" " * (w - cell_width(cell))]
            ]
            lines.append("  ".join(padded).rstrip())
        if left > 0:
            lines.append(Text(f"… {left} more", f"…… 另有 {left} 个").get(lang))
        return "\n".join(lines)

    def to_arviz(self) -> Any:
        """ArviZ's InferenceData of the draws, as one chain, with log density and log-weights.

        Raises:
            GradusError: ArviZ is not installed.
        """
        posterior = {name: on_host(v)[None] for name, v in self.values_by_name.items()}
        recorded = {"lp": self.log_density, "log_weight": self.log_weights}
        return to_arviz(posterior, {name: on_host(v)[None] for name, v in recorded.items()})

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        named = ", ".join(f"{name} {tuple(v.shape[1:])}" for name, v in list(self.items())[:5])
        more = ", …" if len(self) > 5 else ""
        end = "converged" if self.converged else "not converged"
        bound = f"ELBO {self.elbo:.6g} ± {self.elbo_error:.2g}"
        return f"VariationalFit({named}{more}; {self.__dict__['family']}, {bound}, k̂ {self.k:.3g}, {end})"


def noise_of(count: int, q: Gaussian, seed: int) -> Tensor:
    """Standard normal noise (count, d) by a seed, of q's kind."""
    generator = torch.Generator(q.mean.device).manual_seed(seed % 2**63)
    return torch.randn((count, len(q.mean)), generator=generator, dtype=q.mean.dtype, device=q.mean.device)
