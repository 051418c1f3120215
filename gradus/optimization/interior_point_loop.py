"""Iterates until every program of a batch is solved, certified or given up; finished ones are dropped."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from gradus.optimization.interior_point_form import Form
from gradus.optimization.interior_point_scaling import equilibrated
from gradus.optimization.interior_point_step import Point, Residuals, Scale, projected, residuals, start, step

RUNNING, SOLVED, INFEASIBLE, UNBOUNDED, STALLED, LIMIT = range(6)
#: What share of a batch must be finished before it is made smaller.
COMPACT = 0.15
#: After so many iterations without a smaller residual a problem is given up.
PATIENCE = 30
#: From this residual on, directions of a well-scaled program are refined, too.
REFINE = 1e-4
#: Multipliers that are smaller than this part of the largest do not belong to a certificate: tried in turn.
CUTS = (0.0, 1e-6, 1e-3)
#: How many numbers the matrices of one part of a batch may hold: more would not stay near the processor.
PART = 1_000_000


@dataclass
class Outcome:
    """The best point of each problem, why it stopped (one of the codes above), after how many iterations."""

    point: Point
    code: Tensor
    iterations: Tensor


def solve_form(form: Form, tolerance: float, limit: int) -> Outcome:
    """The solutions of a batch, part by part, in the user's units."""
    B, n = form.q.shape
    size = (
        max(1, PART // max(n * (n + form.A.shape[1] + form.G.shape[1]), 1))
        if form.q.device.type == "cpu"
        else B
    )
    parts = [
        _solve_part(form if size >= B else form.select(part), tolerance, limit)
        for part in torch.arange(B, device=form.q.device).split(max(size, 1))
    ]
    points = [[getattr(p.point, f.name) for p in parts] for f in fields(Point)]
    return Outcome(
        Point(*(torch.cat(values) for values in points)),
        torch.cat([p.code for p in parts]),
        torch.cat([p.iterations for p in parts]),
    )


def _solve_part(form: Form, tolerance: float, limit: int) -> Outcome:
    scaled, scaling, changed = equilibrated(form)
    outcome = _Batch(scaled, scaling.scale(form), tolerance, changed).run(limit)
    if changed:
        outcome.point = scaling.undone(form, outcome.point)
    return outcome


class _Batch:
    """The problems that still run, by their numbers, and the best points of all."""

    def __init__(self, form: Form, scale: Scale, tolerance: float, hard: bool) -> None:
        self.form, self.scale, self.tolerance = form, scale, tolerance
        self.always = 2 if hard or form.P is None or form.A.shape[1] else 0
        self.at = start(form, self.always)
        B, device = form.q.shape[0], form.q.device
        everything = torch.arange(B, device=device)
        self.whole, self.best, self.closest = (
            (form, scale),
            self.at.select(everything),
            self.at.select(everything),
        )
        self.size, self.ratio = form.q.new_full((B,), torch.inf), form.q.new_full((B,), torch.inf)
        self.code = torch.zeros(B, dtype=torch.int64, device=device)
        self.iterations = torch.zeros_like(self.code)
        self.number, self.since = torch.arange(B, device=device), torch.zeros_like(self.code)

    def run(self, limit: int) -> Outcome:
        for k in range(limit + 1):
            r = residuals(self.form, self.at, self.scale)
            self._remember(r)
            self._finish(r, k, last=k == limit)
            left = (self.code[self.number] == RUNNING).nonzero()[:, 0]
            if not len(left):
                break
            if len(left) <= (1 - COMPACT) * len(self.number):
                self._drop(left)
                r = r.select(left)
            late = bool((r.size < REFINE).any())
            self.at = step(self.form, self.at, r, max(self.always, int(late)))
        self._certify(((self.code >= STALLED) & (self.ratio < 1)).nonzero()[:, 0])
        return Outcome(self.best, self.code, self.iterations)

    def _remember(self, r: Residuals) -> None:
        """The points whose residual is the smallest yet, and those that are the nearest to a certificate."""
        running = self.code[self.number] == RUNNING
        better = (r.size < self.size[self.number]) & running
        self.since = torch.where(better, 0, self.since + 1)
        pairs = ((better, self.size, r.size, self.best),
                 ((r.infeasible < self.ratio[self.number]) & running, self.ratio, r.infeasible, self.closest))  # fmt: skip
        for smaller, sizes, new, points in pairs:
            i = smaller.nonzero()[:, 0]
            if len(i):
                sizes[self.number[i]] = new[i]
                points.put(self.number[i], self.at.select(i))

    def _finish(self, r: Residuals, k: int, last: bool) -> None:
        """Writes why a problem stops now; a certificate is the iterate itself."""
        now = torch.zeros_like(self.number)
        now[(self.since > PATIENCE) | ~r.size.isfinite()] = STALLED
        if last:
            now[now == RUNNING] = LIMIT
        now[r.infeasible <= self.tolerance] = INFEASIBLE
        now[r.unbounded <= self.tolerance] = UNBOUNDED
        now[r.size <= self.tolerance] = SOLVED
        i = ((now != RUNNING) & (self.code[self.number] == RUNNING)).nonzero()[:, 0]
        self.code[self.number[i]], self.iterations[self.number[i]] = now[i], k
        i = i[(now[i] == INFEASIBLE) | (now[i] == UNBOUNDED)]
        self.best.put(self.number[i], self.at.select(i))

    def _drop(self, left: Tensor) -> None:
        self.form, self.at, self.scale = self.form.select(left), self.at.select(left), self.scale.select(left)
        self.number, self.since = self.number[left], self.since[left]

    def _certify(self, left: Tensor) -> None:
        """Problems without a solution whose multipliers diverge, projected on Aᵀy + Eᵀz = 0: a certificate or none."""
        for least in CUTS:
            if not len(left):
                return
            form = self.whole[0].select(left)
            at = projected(form, self.closest.select(left), least)
            r = residuals(form, at, self.whole[1].select(left))
            good = (r.infeasible <= self.tolerance) & (at.z >= 0).all(-1)
            self.code[left[good]] = INFEASIBLE
            self.best.put(left[good], at.select(good))
            left = left[~good]
