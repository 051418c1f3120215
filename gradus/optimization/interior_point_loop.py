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
#: After so many iterations without a smaller residual directions are refined; after so many a problem is given up.
REFINE = 3
PATIENCE = 30
#: After a step shorter than this a problem is stuck at the boundary.
SHORT = 0.1
#: From here on an iterate is taken to be on its way to a certificate: centring would hold it back.
HEADING = 1e-2
#: Certificates need not be more exact than this: what regularises the iteration keeps iterates from diverging further.
PROOF = 5e-9
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
    """The problems that still run, by their numbers, and what has become of all."""

    def __init__(self, form: Form, scale: Scale, tolerance: float, hard: bool) -> None:
        self.form, self.scale, self.whole = form, scale, (form, scale)
        self.tolerance, self.proof = tolerance, max(tolerance, PROOF)
        self.always = 2 if hard or form.P is None or form.A.shape[1] else 0
        self.at = self.best = self.closest = start(form, self.always)
        B, device = form.q.shape[0], form.q.device
        self.size, self.ratio, self.length, self.mu = (form.q.new_full((B,), torch.inf) for _ in range(4))
        self.number = torch.arange(B, device=device)
        self.code, self.iterations, self.since = (torch.zeros_like(self.number) for _ in range(3))
        self.result, self.diverging = self.at.select(self.number), self.at.select(self.number)
        self.left = torch.ones_like(self.number, dtype=torch.bool)

    def run(self, limit: int) -> Outcome:
        for k in range(limit + 1):
            r = residuals(self.form, self.at, self.scale)
            self._remember(r)
            self._finish(r, k, last=k == limit)
            left = self.left.nonzero()[:, 0]
            if not len(left):
                break
            if len(left) <= (1 - COMPACT) * len(self.number):
                self._drop(left)
                r = r.select(left)
            refinements = max(self.always, int(bool((self.since >= REFINE).any())))
            # the products s z grow where the corrector overshoots: without centring it may go round for ever
            stuck = (self.length < SHORT) | (r.mu > self.mu)
            stuck &= torch.minimum(r.infeasible, r.unbounded) > HEADING
            self.mu = r.mu
            self.at, self.length = step(self.form, self.at, r, refinements, stuck)
        self._certify((self.code >= STALLED).nonzero()[:, 0])
        return Outcome(self.result, self.code, self.iterations)

    def _remember(self, r: Residuals) -> None:
        """The points whose residual is the smallest yet, and those that are the nearest to a certificate."""
        better = r.size < self.size
        self.since = torch.where(better, 0, self.since + 1)
        self.size, self.best = torch.where(better, r.size, self.size), self.best.where(better, self.at)
        nearer = r.infeasible < self.ratio
        self.ratio, self.closest = (
            torch.where(nearer, r.infeasible, self.ratio),
            self.closest.where(nearer, self.at),
        )

    def _finish(self, r: Residuals, k: int, last: bool) -> None:
        """Writes why a problem stops now, and its best point; a certificate is the iterate itself."""
        now = torch.full_like(self.number, LIMIT if last else RUNNING)
        now[(self.since > PATIENCE) | ~r.size.isfinite()] = STALLED
        certified = (r.infeasible <= self.proof) | (r.unbounded <= self.proof)
        now[certified] = torch.where(r.infeasible <= self.proof, INFEASIBLE, UNBOUNDED)[certified]
        solved = r.size <= self.tolerance
        now[solved] = SOLVED
        i = ((now != RUNNING) & self.left).nonzero()[:, 0]
        if not len(i):
            return
        self.left[i] = False
        at = self.number[i]
        self.code[at], self.iterations[at] = now[i], k
        self.result.put(at, self.best.where(certified & ~solved, self.at).select(i))
        self.diverging.put(at, self.closest.select(i))

    def _drop(self, left: Tensor) -> None:
        for name in ("form", "at", "best", "closest", "scale"):
            setattr(self, name, getattr(self, name).select(left))
        for name in ("size", "ratio", "length", "mu", "number", "since", "left"):
            setattr(self, name, getattr(self, name)[left])

    def _certify(self, left: Tensor) -> None:
        """Problems without a solution whose multipliers diverge, projected on Aᵀy + Eᵀz = 0: a certificate or none."""
        for least in CUTS:
            if not len(left):
                return
            form = self.whole[0].select(left)
            at = projected(form, self.diverging.select(left), least)
            r = residuals(form, at, self.whole[1].select(left))
            good = (r.infeasible <= self.proof) & (at.z >= 0).all(-1)
            self.code[left[good]] = INFEASIBLE
            self.result.put(left[good], at.select(good))
            left = left[~good]
