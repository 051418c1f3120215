"""Bounds that lie far away are left out first: few of them hold anything, and all of them draw the iteration out to them."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from gradus.optimization.interior_point_derivative import solve
from gradus.optimization.interior_point_form import Form
from gradus.optimization.interior_point_loop import INFEASIBLE, SOLVED, Outcome

#: From this size on a bound is left out until the solution without it turns out to lie beyond it.
FAR = 1e7

Solution = tuple[Tensor, Tensor, Tensor, Outcome]


def solve_near(form: Form, tolerance: float, limit: int) -> Solution:
    """As `solve`; a solution without the far sides that keeps to them is one with them, and their multipliers are 0.

    What has no point without them has none with them. All other programs are solved once more, with every side.
    """
    far = form.d.detach().abs() >= FAR
    if not bool(far.any()):
        return solve(form, tolerance, limit)
    live = (torch.ones_like(form.d) if form.live is None else form.live) * ~far
    near = replace(form, d=torch.where(far, 0.0, form.d), live=live)
    x, y, z, outcome = solve(near, tolerance, limit)
    outcome.point.z, z = outcome.point.z * live, z * live
    bare = form.detached()
    within = ((bare.side_values(x.detach()) <= bare.d) | ~far).all(-1)
    done = (outcome.code == INFEASIBLE) | ((outcome.code == SOLVED) & within)
    again = (~done).nonzero()[:, 0]
    if not len(again):
        return x, y, z, outcome
    whole = solve(form.select(again), tolerance, limit)
    x, y, z = (old.index_copy(0, again, new) for old, new in zip((x, y, z), whole[:3], strict=True))
    outcome.point.put(again, whole[3].point)
    outcome.code[again] = whole[3].code
    outcome.iterations[again] += whole[3].iterations
    return x, y, z, outcome
