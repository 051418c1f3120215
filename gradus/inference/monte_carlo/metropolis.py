"""Metropolis–Hastings: a step is proposed, and taken or not; all chains at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gradus.arguments import choice, function, number, refusal
from gradus.inference.monte_carlo.covariance import LEAST, PooledCovariance
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target
from gradus.text import Text

__all__ = ["Metropolis", "MetropolisChain", "log_acceptance"]

ONE, MANY = 0.44, 0.234  # the best rates in one dimension, and in many: Gelman, Roberts and Gilks 1996
FIRST, UNTIL = 0.15, 0.9  # of the warm-up: from where and until where covariances are gathered
WINDOWS = (0.15, 0.3, 0.6, 0.9)


@dataclass(frozen=True)
class Metropolis:
    r"""The Metropolis–Hastings method, for `sample`.

    .. math:: \alpha(x\to x')=\min\Bigl(1,\frac{\pi(x')\,q(x'\to x)}{\pi(x)\,q(x\to x')}\Bigr)

    Attributes:
        proposal: what proposes, `proposal(generator, points) -> (points, log_ratio)`: all chains at once, in the structure of the
            start with a first axis of the chains; log_ratio (chains) is ln q(x′→x) − ln q(x→x′), 0 where the
            proposal is symmetric. None for normal steps, whose length and covariance are learnt in the warm-up.
        step: of the normal steps, at the beginning; 2.38/√d if None.
        metric: what is learnt of the covariance: "dense", "diagonal" or "unit" (nothing).
        acceptance: the rate that the length is brought to; 0.44 in one dimension, else 0.234, if None.

    Raises:
        GradusError: a step that is not positive, a rate outside (0, 1), another metric, or no function.

    Source: Hastings 1970; Roberts, Gelman and Gilks 1997.

    Example:
        >>> Metropolis(metric="diagonal").metric
        'diagonal'
    """

    proposal: Callable[[torch.Generator, Any], tuple[Any, Any]] | None = None
    step: float | None = None
    metric: Literal["dense", "diagonal", "unit"] = "dense"
    acceptance: float | None = None

    def __post_init__(self) -> None:
        if self.proposal is not None:
            function("proposal", self.proposal)
        if self.step is not None:
            number("step", self.step, above=0)
        choice("metric", self.metric, ("dense", "diagonal", "unit"))
        if self.acceptance is not None:
            number("acceptance", self.acceptance, above=0, below=1)

    def begin(self, points: Points, position: Tensor, log_density: Tensor) -> MetropolisChain:
        """The chains at their start."""
        return MetropolisChain(self, points, position, log_density)


def log_acceptance(now: Tensor, proposed: Tensor, log_ratio: Any = 0.0) -> Tensor:
    """Ln of the probability with which a proposal is taken; what has no density (−∞, NaN) never is.

    Args:
        now: log densities at the points where the chains are.
        proposed: at those proposed.
        log_ratio: ln q(x′→x) − ln q(x→x′).
    """
    log = (proposed - now + log_ratio).clamp(max=0.0)
    return torch.where(torch.isnan(log), -math.inf, log)


class MetropolisChain:
    """Where all chains are, and what was learnt of how to move; `step` moves them."""

    def __init__(self, method: Metropolis, points: Points, position: Tensor, log_density: Tensor) -> None:
        self.method, self.points = method, points
        self.position, self.log_density = position, log_density
        d = points.dimension
        self.goal = method.acceptance or (ONE if d == 1 else MANY)
        self.length = float(method.step or 2.38 / math.sqrt(d))
        self.factor: Tensor | None = None  # of the covariance: None for 1, (d) for a diagonal, (d, d)
        self.undefined = 0  # proposals at which the log density was NaN
        self._restart()

    @property
    def tuning(self) -> dict[str, Any]:
        """What was learnt in the warm-up."""
        return {} if self.method.proposal else {"step": self.length, "factor": self.factor}

    def step(
        self, target: Target, generator: torch.Generator, warm: tuple[int, int] | None
    ) -> dict[str, Tensor]:
        """One step of all chains.

        Args:
            target: the log density.
            generator: of random numbers.
            warm: which step of how many of the warm-up it is; None afterwards, when nothing is learnt any more.

        Returns:
            The probability with which each proposal was taken.
        """
        proposed, log_ratio = self._proposed(generator)
        density = target(proposed)
        self.undefined += int(torch.isnan(density).sum())
        log = log_acceptance(self.log_density, density, log_ratio)
        u = torch.rand(log.shape, generator=generator, dtype=log.dtype, device=log.device)
        taken = torch.log1p(-u) < log  # 1 − u is never 0
        self.position = torch.where(taken[:, None], proposed, self.position)
        self.log_density = torch.where(taken, density, self.log_density)
        if warm is not None and self.method.proposal is None:
            self._learn(float(log.exp().mean()), *warm)
        return {"acceptance": log.exp()}

    def _proposed(self, generator: torch.Generator) -> tuple[Tensor, Any]:
        x = self.position
        if self.method.proposal is None:
            z = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
            if self.factor is not None:
                z = z @ self.factor.T if self.factor.ndim == 2 else z * self.factor
            return x + self.length * z, 0.0
        found = self.method.proposal(generator, self.points.tree(x.clone()))
        if not isinstance(found, tuple) or len(found) != 2:
            pair = ("a pair (points, log_ratio)", "一对 (points, log_ratio)")
            mend = ("a symmetric proposal has the log_ratio 0.0", "对称的提议，其 log_ratio 为 0.0")
            raise refusal("proposal(generator, points)", pair, found, mend, kind=True)
        proposed = self.points.flat(found[0], "proposal(generator, points)[0]", (len(x),))
        ratio = torch.as_tensor(found[1], dtype=x.dtype, device=x.device).detach()
        if ratio.shape not in ((), (len(x),)):
            shape = Text(str(tuple(ratio.shape)), str(tuple(ratio.shape)))
            wanted = (f"the shape {(len(x),)}", f"形状 {(len(x),)}")
            raise refusal("proposal(generator, points)[1]", wanted, shape)
        return proposed, ratio

    def _learn(self, rate: float, i: int, warmup: int) -> None:
        """The length by the rate, at every step; the covariance at the end of each window."""
        self.tries += 1
        self.length *= math.exp((rate - self.goal) * 3 / (1 + self.tries) ** 0.6)
        if self.method.metric == "unit":
            return
        if FIRST * warmup <= i < UNTIL * warmup:
            self.gathered.gather(self.position)
        if any(i < w * warmup <= i + 1 for w in WINDOWS) and self.gathered.count >= LEAST:
            self.factor = found if (found := self.gathered.factor()) is not None else self.factor
            self._restart()
            self.length = 2.38 / math.sqrt(self.points.dimension)

    def _restart(self) -> None:
        self.tries = 0
        self.gathered = PooledCovariance(self.position[0], self.method.metric == "dense")
