"""The trajectories of the no-U-turn sampler, of all chains at once, and the point drawn from each."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gradus.inference.monte_carlo.dynamics import kinetic, leapfrog
from gradus.inference.monte_carlo.hamiltonian_chain import MOST_ERROR

__all__ = ["Tree", "turned"]

Place = tuple[Tensor, Tensor, Tensor]  # positions, momenta, gradients


def turned(first: Tensor, last: Tensor, total: Tensor) -> Tensor:
    """Whether a stretch of a trajectory turns round: its end momenta do not both point along their sum, in the metric."""
    return torch.minimum((first * total).sum(-1), (last * total).sum(-1)) <= 0


class Tree:
    """Trajectories that grow by doubling.

    Attributes:
        found: the point drawn from each: position, log density, gradient, energy.
        alive: the numbers of the chains whose trajectories still grow.
        depth: doublings that were kept.
        steps: leapfrog steps.
        acceptance: sum of min(1, e^{−ΔH}) over them.
        diverging: whether the energy was lost.
        undefined: points at which the log density was NaN.
    """

    def __init__(
        self,
        slope: Callable[[Tensor], tuple[Tensor, Tensor]],
        generator: torch.Generator,
        factor: Tensor | None,
        step: float,
        place: Place,
        log_density: Tensor,
    ) -> None:
        x, r, g = place
        self.slope, self._generator, self.factor, self.length = slope, generator, factor, step
        self._ends = [[v.clone() for v in place], [v.clone() for v in place]]  # in the past, in the future
        self.start = kinetic(r) - log_density
        self._total, self._weight = r.clone(), torch.zeros_like(log_density)  # Σ p, ln Σ e^{H₀ − H}
        self.found = [x.clone(), log_density.clone(), g.clone(), self.start.clone()]
        self.alive = torch.arange(len(x), device=x.device)
        self.depth = torch.zeros_like(self.alive)
        self.steps = torch.zeros_like(self.alive)
        self.acceptance = torch.zeros_like(log_density)
        self.diverging = torch.zeros_like(log_density, dtype=torch.bool)
        self.undefined = 0
        self._size = 1

    def double(self) -> None:
        """As many points more as there are, on a side by chance, for each trajectory that still grows."""
        rows = self.alive
        future = self.uniform(len(rows)) < 0.5
        near = [
            torch.where(future[:, None], b[rows], a[rows])
            for a, b in zip(self._ends[0], self._ends[1], strict=True)
        ]
        u = self.uniform(len(rows))
        sub = Subtree(self, (near[0], near[1], near[2]), future, rows, self._size)
        kept, future, u, r_near = rows[sub.kept], future[sub.kept], u[sub.kept], near[1][sub.kept]
        self._size *= 2
        if not len(kept):
            self.alive = kept
            return
        taken = torch.log1p(-u) < sub.weight - self._weight[kept]
        for old, new in zip(self.found, sub.found, strict=True):
            old[kept[taken]] = new[taken]
        far = torch.where(future[:, None], self._ends[0][1][kept], self._ends[1][1][kept])
        old, first, last = self._total[kept], sub.first, sub.place[1]
        both = old + sub.total
        turns = turned(far, last, both) | turned(far, first, old + first)
        turns = turns | turned(r_near, last, sub.total + r_near)
        self._total[kept] = both
        self._weight[kept] = torch.logaddexp(self._weight[kept], sub.weight)
        for end, mine in zip(self._ends, (~future, future), strict=True):
            for v, new in zip(end, sub.place, strict=True):
                v[kept[mine]] = new[mine]
        self.depth[kept] += 1
        self.alive = kept[~turns]

    def uniform(self, *shape: int) -> Tensor:
        """Random numbers."""
        like = self.start
        return torch.rand(shape, generator=self._generator, dtype=like.dtype, device=like.device)


class Subtree:
    """The points by which trajectories are doubled, of those of which no part turns round or diverges.

    Attributes:
        kept: the places of these among the rows given.
        place: their last points; first: the momenta of the first ones; total: Σ p.
        weight: ln Σ e^{H₀ − H}.
        found: a point of each, drawn by e^{−H}.
    """

    def __init__(self, tree: Tree, near: Place, future: Tensor, rows: Tensor, size: int) -> None:
        self._tree, self._rows = tree, rows
        self.kept = torch.arange(len(rows), device=rows.device)
        x, r, _ = near
        self.place = near
        self._start = tree.start[rows]
        self._step = torch.where(future, tree.length, -tree.length).to(x.dtype)[:, None]
        self._u = torch.log1p(-tree.uniform(size, len(rows)))  # 1 − u is never 0
        self._momenta = torch.empty((size, *r.shape), dtype=r.dtype, device=r.device)
        self._sums = torch.empty_like(self._momenta)
        self.weight, self.found = torch.full_like(self._start, -math.inf), [*near]
        self._taken = torch.zeros_like(self._start)  # Σ min(1, e^{H₀ − H})
        for i in range(size):
            lost = self._point(i)
            bad = lost | self._turned(i) if i % 2 else lost
            if bool(bad.any()):
                self._drop(bad, lost, i + 1)
                if not len(self.kept):
                    return
        at = rows[self.kept]
        tree.steps[at] += size
        tree.acceptance[at] += self._taken
        self.first, self.total = self._momenta[0], self._sums[size - 1]

    def _point(self, i: int) -> Tensor:
        """One leapfrog step; whether it diverged."""
        tree = self._tree
        self.place, value = leapfrog(tree.slope, self.place, tree.factor, self._step)
        assert value is not None
        x, r, g = self.place
        energy = kinetic(r) - value
        change = self._start - energy  # H₀ − H
        lost = ~((change >= -MOST_ERROR) & torch.isfinite(g).all(-1))
        if bool(lost.any()):
            tree.undefined += int((torch.isnan(value) & torch.isfinite(x).all(-1)).sum())
            change = torch.where(lost, -math.inf, change)
        self._taken = self._taken + change.clamp(max=0).exp()
        self._momenta[i] = r
        if i:
            self._sums[i] = self._sums[i - 1] + r
            self.weight = torch.logaddexp(self.weight, change)
            taken = self._u[i] < change - self.weight
            new = (x, value, g, energy)
            self.found = [
                torch.where(taken[:, None] if a.ndim == 2 else taken, a, b)
                for a, b in zip(new, self.found, strict=True)
            ]
        else:
            self._sums[0] = r
            self.weight, self.found = change, [x, value, g, energy]
        return lost

    def _turned(self, i: int) -> Tensor:
        """Whether a subtree that ends with the point i turns round, or one of its halves with the point next to it."""
        p, sums, span = self._momenta, self._sums, 2
        last, end = p[i], sums[i]
        found = turned(p[i - 1], last, p[i - 1] + last)
        while (i + 1) % (2 * span) == 0:
            span *= 2
            a, b, c = p[i + 1 - span], p[i - span // 2], p[i + 1 - span // 2]
            before, half = sums[i + 1 - span] - a, sums[i - span // 2]
            found = found | turned(a, last, end - before)
            found = found | turned(a, c, half - before + c) | turned(b, last, end - half + b)
        return found

    def _drop(self, bad: Tensor, lost: Tensor, count: int) -> None:
        """Rows that are not to be kept: what is to be said of them, and nothing else."""
        at = self._rows[self.kept[bad]]
        self._tree.steps[at] += count
        self._tree.acceptance[at] += self._taken[bad]
        self._tree.diverging[at] |= lost[bad]
        good = ~bad
        x, r, g = self.place
        self.place = (x[good], r[good], g[good])
        self.kept, self._start, self._step = self.kept[good], self._start[good], self._step[good]
        self._u, self._taken, self.weight = self._u[:, good], self._taken[good], self.weight[good]
        self._momenta, self._sums = self._momenta[:, good], self._sums[:, good]
        self.found = [v[good] for v in self.found]
