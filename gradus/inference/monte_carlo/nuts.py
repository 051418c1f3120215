"""The no-U-turn sampler: trajectories that are doubled until they turn round, of many chains at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gradus.arguments import whole
from gradus.inference.monte_carlo.hamiltonian_chain import HamiltonianChain, HamiltonianMethod, Moved
from gradus.inference.monte_carlo.nuts_tree import Tree
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target

__all__ = ["NUTS", "NUTSChain"]


@dataclass(frozen=True)
class NUTS(HamiltonianMethod):
    r"""The no-U-turn sampler, for `sample`: the trajectory is doubled, forwards or backwards by chance, until it would turn round.

    .. math:: p_-^{\mathsf T}M^{-1}\sum_tp_t>0\ \text{and}\ p_+^{\mathsf T}M^{-1}\sum_tp_t>0,\qquad
        \mathbb P(\text{the point }t)\propto e^{-H_t}\ \text{within a doubling}

    Whether it turns is asked of the whole, of each of its subtrees, and of each half together with the next point. The point is drawn by its
    weight within a doubling, and between doublings with a bias away from the start. Trajectories of all chains are doubled
    together; a chain whose own has ended costs nothing more.

    Attributes:
        step: ε of the leapfrog, in standard deviations of the metric; where it starts, if there is a warm-up. Searched for if None.
        acceptance: the mean of min(1, e^{−ΔH}) over the points of the trajectories, that ε is brought to.
        metric: M⁻¹: "diagonal" or "dense", learnt from all chains together in the warm-up; "unit"; or "laplace": the inverse
            curvature at the mode, which is found before the warm-up, and about which the chains begin where all have one start.
        gradient: of the log density, in the structure of the start, where you have a faster one than automatic
            differentiation; of all chains at once, with `batched`.
        most_doublings: of a trajectory.

    Raises:
        GradusError: numbers out of their ranges, another metric, or no function.

    Cost: a trajectory of n points, those of a last doubling that is thrown away among them, costs n − 1 gradients.

    Source: Hoffman and Gelman 2014; Betancourt 2017.

    Example:
        >>> from gradus.inference import sample
        >>> draws = sample(lambda x: -(x**2).sum() / 2, torch.zeros(2), method=NUTS(), draws=100, warmup=100, chains=8)
        >>> bool(draws["x"].mean((0, 1)).abs().max() < 0.2), int(draws.statistics["diverging"].sum())
        (True, 0)
    """

    most_doublings: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("most_doublings", self.most_doublings, least=1, most=20)

    def begin(self, points: Points, position: Tensor, log_density: Tensor) -> NUTSChain:
        """The chains at their start."""
        return NUTSChain(self, points, position, log_density)


class NUTSChain(HamiltonianChain):
    """The chains of NUTS."""

    method: NUTS

    def moved(
        self, target: Target, generator: torch.Generator, r: Tensor, warm: tuple[int, int] | None
    ) -> Moved:
        """A trajectory from momenta (chains, d), and one of its points."""
        assert self.gradient is not None
        tree = Tree(
            self.slope(target),
            generator,
            self.metric.factor,
            self.length,
            (self.position, r, self.gradient),
            self.log_density,
        )
        for _ in range(self.method.most_doublings):
            if not len(tree.alive):
                break
            tree.double()
        position, log_density, gradient, energy = tree.found
        return Moved(
            position,
            log_density,
            gradient,
            energy,
            tree.acceptance / tree.steps.clamp(min=1),
            tree.diverging,
            tree.steps,
            tree.undefined,
            {"tree_depth": tree.depth},
        )
