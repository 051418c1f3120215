"""What Hamiltonian samplers learn in the warm-up: the step by dual averaging, the metric from all chains together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gradus.inference.monte_carlo.covariance import LEAST, PooledCovariance
from gradus.inference.monte_carlo.dynamics import kinetic, leapfrog

__all__ = ["DualAveraging", "Metric", "first_step"]

GATHER, UNTIL = 0.05, 0.9  # of the warm-up: from where and until where covariances are gathered
WINDOWS = (0.15, 0.3, 0.6, 0.9)
TRIED = 60  # doublings of the first step


@dataclass
class DualAveraging:
    """Nesterov's dual averaging of ln ε, so that the mean acceptance comes to a goal: Hoffman and Gelman 2014, eq. 6.

    Attributes:
        step: ε of now.
        averaged: of the weighted mean, to be used after the warm-up.
    """

    step: float
    goal: float
    tries: int = field(default=0, init=False)
    averaged: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._towards, self._sum, self._mean = math.log(10 * self.step), 0.0, 0.0
        self.averaged = self.step

    def learn(self, rate: float) -> None:
        """One rate more."""
        self.tries += 1
        m = self.tries
        self._sum += (self.goal - rate - self._sum) / (m + 10)
        log = self._towards - math.sqrt(m) / 0.05 * self._sum
        weight = m**-0.75
        self._mean = weight * log + (1 - weight) * self._mean
        self.step, self.averaged = math.exp(min(log, 50.0)), math.exp(min(self._mean, 50.0))


class Metric:
    """The factor F of M⁻¹ = F Fᵀ, and how it is learnt: "diagonal", "dense" or "unit" (1)."""

    def __init__(self, kind: str, position: Tensor) -> None:
        self.kind = kind
        self.factor: Tensor | None = None
        self._gathered = PooledCovariance(position[0], kind == "dense")

    def learn(self, position: Tensor, i: int, warmup: int) -> bool:
        """One step of the warm-up more; whether the factor is a new one."""
        if self.kind not in ("diagonal", "dense"):
            return False
        if GATHER * warmup <= i < UNTIL * warmup:
            self._gathered.gather(position)
        if not any(i < w * warmup <= i + 1 for w in WINDOWS) or self._gathered.count < LEAST:
            return False
        found = self._gathered.factor()
        self._gathered = PooledCovariance(position[0], self.kind == "dense")
        self.factor = self.factor if found is None else found
        return found is not None


def first_step(
    slope: Callable[[Tensor], tuple[Tensor, Tensor]],
    place: tuple[Tensor, Tensor, Tensor],
    log_density: Tensor,
    factor: Tensor | None,
    step: float,
) -> float:
    """A step of which one leapfrog is taken with about 0.8: doubled or halved until the mean over the chains passes that."""

    def rate(step: float) -> float:
        (_, r, _), value = leapfrog(slope, place, factor, step)
        assert value is not None
        change = value - log_density + kinetic(place[1]) - kinetic(r)
        return float(torch.where(torch.isfinite(change), change.clamp(max=0).exp(), 0.0).mean())

    up = rate(step) > 0.8
    for _ in range(TRIED):
        further = step * 2 if up else step / 2
        if (rate(further) > 0.8) is not up:
            return step if up else further
        step = further
    return step
