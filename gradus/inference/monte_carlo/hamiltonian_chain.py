"""What HMC and NUTS share: chains with gradients, the warm-up of step and metric, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gradus.arguments import choice, function, number, refusal
from gradus.inference.monte_carlo.adaptation import DualAveraging, Metric, first_step
from gradus.inference.monte_carlo.dynamics import pushed
from gradus.inference.monte_carlo.laplace import laplace
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target
from gradus.text import Text

__all__ = ["MOST_ERROR", "HamiltonianChain", "HamiltonianMethod", "MetricName", "Moved"]

MOST_ERROR = 1000.0  # of the energy; beyond it, or without a number, a trajectory has diverged: Stan's bound
MetricName = Literal["diagonal", "dense", "unit", "laplace"]


@dataclass(frozen=True)
class HamiltonianMethod:
    """Settings that HMC and NUTS share."""

    step: float | None = None
    acceptance: float = 0.8
    metric: MetricName = "diagonal"
    gradient: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        if self.step is not None:
            number("step", self.step, above=0)
        number("acceptance", self.acceptance, above=0, below=1)
        choice("metric", self.metric, ("diagonal", "dense", "unit", "laplace"))
        if self.gradient is not None:
            function("gradient", self.gradient)


@dataclass
class Moved:
    """Where a step of all chains ended, and what is to be said of it."""

    position: Tensor
    log_density: Tensor
    gradient: Tensor
    energy: Tensor
    acceptance: Tensor
    diverging: Tensor
    steps: Tensor
    undefined: int
    recorded: dict[str, Tensor]


class HamiltonianChain:
    """Where all chains are, and what was learnt of how to move; `step` moves them."""

    def __init__(
        self, method: HamiltonianMethod, points: Points, position: Tensor, log_density: Tensor
    ) -> None:
        self.method, self.points = method, points
        self.position, self.log_density = position, log_density
        self.gradient: Tensor | None = None
        self.undefined = 0  # points at which the log density was NaN
        self.warned: tuple[Text, ...] = ()
        kind = "dense" if method.metric == "laplace" else method.metric
        self.metric = Metric(kind, position)
        self.averaging: DualAveraging | None = None
        self.length = float(method.step or 1.0)  # ε

    @property
    def tuning(self) -> dict[str, Any]:
        """What was learnt in the warm-up."""
        return {"step": self.length, "factor": self.metric.factor}

    def step(
        self, target: Target, generator: torch.Generator, warm: tuple[int, int] | None
    ) -> dict[str, Tensor]:
        """One step of all chains.

        Args:
            target: the log density.
            generator: of random numbers.
            warm: which step of how many of the warm-up it is; None afterwards, when nothing is learnt any more.

        Returns:
            Acceptance, whether it diverged, energy, leapfrog steps, and what the method records.
        """
        if self.gradient is None:
            self._begin(target, generator, warm is not None)
        r = torch.randn(
            self.position.shape,
            generator=generator,
            dtype=self.position.dtype,
            device=self.position.device,
        )
        moved = self.moved(target, generator, r, warm)
        self.position, self.log_density, self.gradient = moved.position, moved.log_density, moved.gradient
        self.undefined += moved.undefined
        if warm is not None:
            self._learn(target, generator, float(moved.acceptance.mean()), *warm)
        return {
            "acceptance": moved.acceptance,
            "diverging": moved.diverging,
            "energy": moved.energy,
            "n_steps": moved.steps,
            **moved.recorded,
        }

    def moved(
        self, target: Target, generator: torch.Generator, r: Tensor, warm: tuple[int, int] | None
    ) -> Moved:
        """A step from momenta (chains, d)."""
        raise NotImplementedError

    def rescaled(self) -> None:
        """There is a metric now, in which lengths are measured."""

    def slope(self, target: Target) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        """Log densities and gradients, by the user's gradient where there is one."""

        def found(x: Tensor) -> tuple[Tensor, Tensor]:
            value, g = target.gradient(x, self.method.gradient)
            return (target(x) if value is None else value), g

        return found

    def _begin(self, target: Target, generator: torch.Generator, warm: bool) -> None:
        self.log_density, self.gradient = self.slope(target)(self.position)
        self._require_gradient()
        if self.method.metric == "laplace":
            self._at_mode(target, generator)
        if self.method.step is None:
            self._search(target, generator)
        self.averaging = DualAveraging(self.length, self.method.acceptance)

    def _require_gradient(self) -> None:
        assert self.gradient is not None
        bad = ~torch.isfinite(self.gradient).all(-1)
        if bool(bad.any()):
            i = int(bad.nonzero()[0, 0])
            values = self.gradient[i]
            at = int((~torch.isfinite(values)).nonzero()[0, 0])
            where = Text(
                f"{float(values[at])} at number {at} of chain {i}",
                f"第 {i} 条链的第 {at} 个数为 {float(values[at])}",
            )
            mend = (
                "is a branch of torch.where not finite, or the start at a bound?",
                "torch.where 的某一分支是否非有限，或起点是否在边界上？",
            )
            raise refusal("the gradient at the start", ("finite numbers", "有限数"), where, mend)

    def _at_mode(self, target: Target, generator: torch.Generator) -> None:
        """The metric of the curvature at the mode; chains that all stand at one place begin about it."""
        best = self.position[int(self.log_density.argmax())]
        found = laplace(target, lambda x: target.gradient(x, self.method.gradient)[1], best)
        if found is None:
            self.warned = (
                Text(
                    "no mode was found: the metric was learnt from the chains instead",
                    "没有找到众数：改为从各链学习度量",
                ),
            )
            return
        self.metric.factor, self.metric.kind = found.factor, "laplace"
        z = torch.randn(self.position.shape, generator=generator, dtype=best.dtype, device=best.device)
        if len(self.position) > 1 and bool((self.position != self.position[:1]).any()):
            return
        near = found.mode + pushed(found.factor, z)
        value, g = self.slope(target)(near)
        good = torch.isfinite(value) & torch.isfinite(g).all(-1)
        self.position = torch.where(good[:, None], near, self.position)
        self.log_density = torch.where(good, value, self.log_density)
        self.gradient = torch.where(good[:, None], g, self.gradient)  # type: ignore[arg-type]

    def _search(self, target: Target, generator: torch.Generator) -> None:
        assert self.gradient is not None
        x = self.position
        r = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
        place = (x, r, self.gradient)
        self.length = first_step(self.slope(target), place, self.log_density, self.metric.factor, self.length)

    def _learn(self, target: Target, generator: torch.Generator, rate: float, i: int, warmup: int) -> None:
        """The step by the rate, at every step; the metric at the end of each window."""
        assert self.averaging is not None
        self.averaging.learn(rate)
        self.length = self.averaging.step
        before = self.metric.factor
        if self.metric.learn(self.position, i, warmup):
            self.length = 1.0
            self._search(target, generator)
            self.averaging = DualAveraging(self.length, self.method.acceptance)
            if before is None:
                self.rescaled()
        elif i == warmup - 1:
            self.length = self.averaging.averaged
