"""Newton's method without the Hessian: conjugate gradients within a trust region, on Hessian–vector products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import number, whole
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.state import Method, first_state, to_numbers, to_tensor
from gradus.optimization.minimize.trust_region import RadiusState, judge_trial

__all__ = ["NewtonCG"]


@dataclass
class NewtonCGState(RadiusState):
    """Besides, the graph of the gradient at the points, from which products come."""

    product: list[Callable[[Tensor], Tensor]]

    def select(self, rows: np.ndarray) -> NewtonCGState:
        """The rows of some problems; the graph is built anew."""
        other = super().select(rows)
        other.product = []
        return other


class NewtonCG(Method[NewtonCGState]):
    r"""The step p of conjugate gradients on :math:`\nabla^2f\,p=-g`, ended by the accuracy, the radius, or negative curvature.

    They begin at 0 and end where the residual is at most :math:`\min(\eta,\sqrt{\lVert g\rVert})\,\lVert g\rVert`; where a step would
    leave the radius Δ, or the curvature along a direction is not positive, p goes to the border along it. Radii and acceptance
    are those of "trust-region".

    Args:
        radius: Δ of the first step.
        forcing: η.
        max_products: most products for a step; 2n unless given.

    Cost: a product is one backward pass through the graph of the gradient, at most 4 gradients; O(n) memory beside the graph.

    Source: Steihaug 1983; Nocedal and Wright 2006, Algorithm 7.2; Pearlmutter 1994.
    """

    name = "newton-cg"
    carried = ("radius", "refused", "stalled")

    def __init__(self, *, radius: float = 1.0, forcing: float = 0.5, max_products: int | None = None) -> None:
        self.radius = number("radius", radius, above=0)
        self.forcing = number("forcing", forcing, least=0, below=1)
        self.most = None if max_products is None else whole("max_products", max_products, least=1)

    def start(self, objective: Objective, x: Tensor) -> NewtonCGState:
        """The state at the starting points."""
        base, count = first_state(objective, x), len(x)
        return NewtonCGState(
            **vars(base),
            radius=np.full(count, self.radius),
            fresh=np.ones(count, dtype=bool),
            refused=np.zeros(count, dtype=np.int64),
            stalled=np.zeros(count, dtype=np.int64),
            product=[],
        )

    def step(self, objective: Objective, state: NewtonCGState) -> None:
        """A run of conjugate gradients, and one trial of each problem."""
        if state.fresh.any() or not state.product:
            state.product = [objective.hessian_product(state.x)]
            state.fresh[:] = False
        running = state.reason == Reason.NONE
        p, Hp, products = self._run(state.product[0], state.gradient, state.radius, running)
        state.hessian_products += products
        promised, length = to_numbers(-(p * (state.gradient + Hp / 2)).sum(dim=1), p.norm(dim=1))
        bad = running & ~np.isfinite(promised)
        state.reason[bad] = Reason.NOT_FINITE
        judge_trial(objective, state, p, length, promised)

    def _run(
        self, product: Callable[[Tensor], Tensor], g: Tensor, radius: np.ndarray, running: np.ndarray
    ) -> tuple[Tensor, Tensor, np.ndarray]:
        """The steps p (b, n), the products with them, and how many products each problem took (b,)."""
        p, Hp, r, d = torch.zeros_like(g), torch.zeros_like(g), g, -g
        (rr,) = to_numbers((g * g).sum(dim=1))
        norm = np.sqrt(rr)
        enough = np.minimum(self.forcing, np.sqrt(norm)) * norm
        open_, products = running & (norm > enough), np.zeros(len(g), dtype=np.int64)
        for _ in range(self.most or 2 * g.shape[1]):
            if not open_.any():
                break
            Hd = product(d)
            products += open_
            curvature, pp, pd, dd = to_numbers(
                (d * Hd).sum(1), (p * p).sum(1), (p * d).sum(1), (d * d).sum(1)
            )
            alpha, border = _length(rr, curvature, pp, pd, dd, radius)
            step = to_tensor(np.where(open_, alpha, 0.0), p)
            p, Hp, r = torch.addcmul(p, step, d), torch.addcmul(Hp, step, Hd), torch.addcmul(r, step, Hd)
            (new,) = to_numbers((r * r).sum(dim=1))
            open_ = open_ & ~border & ~(np.sqrt(new) <= enough) & np.isfinite(new)
            with np.errstate(all="ignore"):
                beta = np.where(open_, new / rr, 0.0)
            d, rr = torch.addcmul(-r, to_tensor(beta, d), d), new
        return p, Hp, products


def _length(
    rr: np.ndarray, curvature: np.ndarray, pp: np.ndarray, pd: np.ndarray, dd: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """α along the direction d (b,), and whether it ends on the border: |p + αd| = Δ there."""
    with np.errstate(all="ignore"):
        alpha = rr / curvature
        border = ~(curvature > 0) | ~(pp + alpha * (2 * pd + alpha * dd) < radius**2)
        left = np.maximum(radius**2 - pp, 0.0)
        root = np.sqrt(pd**2 + dd * left)
        # the positive root, without a difference of near numbers
        to_border = np.where(pd > 0, left / (root + pd), (root - pd) / dd)
    return np.where(border, to_border, alpha), border
