"""Hamiltonian Monte Carlo of many chains at once, with trajectories of jittered length that is learnt by ChEES."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gradus.arguments import number, whole
from gradus.inference.monte_carlo.dynamics import kinetic, leapfrog
from gradus.inference.monte_carlo.hamiltonian_chain import (
    MOST_ERROR,
    HamiltonianChain,
    HamiltonianMethod,
    Moved,
)
from gradus.inference.monte_carlo.metropolis import log_acceptance
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target

__all__ = ["HMC", "HMCChain"]

EARLY = 64  # leapfrog steps at most, before the first metric


@dataclass(frozen=True)
class HMC(HamiltonianMethod):
    r"""Hamiltonian Monte Carlo, for `sample`: all chains as one tensor, with as many leapfrog steps for each.

    .. math:: H(q,p)=-\ln\pi(q)+\tfrac12p^{\mathsf T}M^{-1}p,\qquad \alpha=\min(1,e^{-\Delta H})

    A trajectory lasts h T, rounded up to whole steps, where h runs over (1 − jitter, 1) as van der Corput's numbers do, so that none
    is in step with the target; T is brought to where the mean square of the change of the squared distance from the middle, as the
    chains together show it, is largest (ChEES). Best with many chains, of targets whose scale is everywhere about the same; of
    others `NUTS` is the safer one.

    Attributes:
        step: ε of the leapfrog, in standard deviations of the metric; where it starts, if there is a warm-up. Searched for if None.
        acceptance: the mean probability that ε is brought to.
        metric: M⁻¹: "diagonal" or "dense", learnt from all chains together in the warm-up; "unit"; or "laplace": the inverse
            curvature at the mode, which is found before the warm-up, and about which the chains begin where all have one start.
        gradient: of the log density, in the structure of the start, where you have a faster one than automatic
            differentiation; of all chains at once, with `batched`.
        length: T; learnt in the warm-up if None.
        jitter: the share of T that varies: trajectories last between (1 − jitter) T and T.
        most_steps: leapfrog steps of a trajectory at most.

    Raises:
        GradusError: numbers out of their ranges, another metric, or no function.

    Cost: a step of the chains costs hT/ε gradients of all of them.

    Source: Duane, Kennedy, Pendleton and Roweth 1987; Neal 2011; Hoffman, Radul and Sountsov 2021.

    Example:
        >>> from gradus.inference import sample
        >>> draws = sample(lambda x: -(x**2).sum() / 2, torch.zeros(3), method=HMC(), draws=200, warmup=100, chains=16)
        >>> bool((draws["x"].var((0, 1)) - 1).abs().max() < 0.2), int(draws.statistics["diverging"].sum())
        (True, 0)
    """

    length: float | None = None
    jitter: float = 1.0
    most_steps: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.length is not None:
            number("length", self.length, above=0)
        number("jitter", self.jitter, least=0, most=1)
        whole("most_steps", self.most_steps, least=1)

    def begin(self, points: Points, position: Tensor, log_density: Tensor) -> HMCChain:
        """The chains at their start."""
        return HMCChain(self, points, position, log_density)


class HMCChain(HamiltonianChain):
    """The chains of HMC."""

    method: HMC

    def __init__(self, method: HMC, points: Points, position: Tensor, log_density: Tensor) -> None:
        super().__init__(method, points, position, log_density)
        self.count = 0
        self.rescaled()
        self._middle: Tensor | None = None

    def rescaled(self) -> None:
        """T begins at a quarter of a turn, of a target that is round in the metric."""
        self.duration = float(self.method.length or math.pi / 2)  # T
        self._slope_of_length, self._tries = (0.0, 0.0), 0  # Adam's two means, and his steps

    @property
    def tuning(self) -> dict[str, object]:
        """What was learnt in the warm-up."""
        return {**super().tuning, "length": self.duration}

    def moved(
        self, target: Target, generator: torch.Generator, r: Tensor, warm: tuple[int, int] | None
    ) -> Moved:
        """A trajectory from momenta (chains, d), taken or not."""
        assert self.gradient is not None
        self.count += 1
        lasts = (1 - self.method.jitter * (1 - halton(self.count))) * self.duration
        most = self.method.most_steps
        if warm is not None and self.metric.factor is None and self.metric.kind != "unit":
            most = min(most, EARLY)
        steps = min(max(math.ceil(lasts / self.length), 1), most)
        x, given = self.position, self.method.gradient
        place, value = leapfrog(
            lambda x: target.gradient(x, given),
            (x, r, self.gradient),
            self.metric.factor,
            self.length,
            steps,
        )
        proposed, end, g = place
        value = target(proposed) if value is None else value
        before, after = kinetic(r) - self.log_density, kinetic(end) - value
        log = log_acceptance(-before, -after)
        log = torch.where(torch.isfinite(g).all(-1), log, -math.inf)
        change = after - before
        u = torch.rand(log.shape, generator=generator, dtype=log.dtype, device=log.device)
        taken = torch.log1p(-u) < log  # 1 − u is never 0
        if warm is not None and self.method.length is None:
            self._lengthen(proposed, end, log.exp(), steps * self.length)
        return Moved(
            torch.where(taken[:, None], proposed, x),
            torch.where(taken, value, self.log_density),
            torch.where(taken[:, None], g, self.gradient),
            torch.where(taken, after, before),
            log.exp(),
            ~(change <= MOST_ERROR),
            torch.full_like(log, steps, dtype=torch.long),
            int((torch.isnan(value) & torch.isfinite(proposed).all(-1)).sum()),
            {},
        )

    def _lengthen(self, proposed: Tensor, end: Tensor, taken: Tensor, lasts: float) -> None:
        """A step of Adam on ln T, up the slope of E (‖q′−m‖² − ‖q−m‖²)²/4 in the metric's coordinates."""
        mean = self.position.mean(0)
        self._tries += 1
        t = self._tries
        share = max(1 / t, 0.05)
        self._middle = mean if self._middle is None else self._middle + share * (mean - self._middle)
        z, z_end = self._white(self.position - self._middle), self._white(proposed - self._middle)
        rise = lasts * ((z_end**2).sum(-1) - (z**2).sum(-1)) * (z_end * end).sum(-1)
        good = torch.isfinite(rise)
        weight = torch.where(good, taken, 0.0)
        if not float(weight.sum()) > 0:
            return
        slope = float((weight * torch.where(good, rise, 0.0)).sum() / weight.sum())
        first, second = self._slope_of_length
        first, second = 0.8 * first + 0.2 * slope, 0.95 * second + 0.05 * slope**2
        self._slope_of_length = (first, second)
        size = math.sqrt(second / (1 - 0.95**t)) + 1e-30
        rate = 0.1 if t <= 20 else 0.1 * (20 / t) ** 0.5
        log = math.log(self.duration) + rate * first / (1 - 0.8**t) / size
        self.duration = math.exp(min(log, math.log(self.method.most_steps * self.length * 2)))

    def _white(self, x: Tensor) -> Tensor:
        factor = self.metric.factor
        if factor is None:
            return x
        if factor.ndim == 1:
            return x / factor
        white: Tensor = torch.linalg.solve_triangular(factor, x.T, upper=False).T
        return white


def halton(n: int) -> float:
    """The number n = 1, 2, … of van der Corput's sequence: the binary digits of n behind the point, from the last one on."""
    found, place = 0.0, 0.5
    while n:
        found += place * (n & 1)
        n, place = n >> 1, place / 2
    return found
