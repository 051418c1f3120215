"""Second moments of an optimiser that noise drives about a minimum, one direction at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.theory.update_laws import UpdateLaw


def excess(law: UpdateLaw, alpha: float, curvature: Tensor, steps: int | None) -> Tensor:
    r"""φ(λ) = ½ λ E e² of the error e that noise of variance 1 leaves in a direction of curvature λ.

    From rest the pair x = (e, v) moves by x ← A x + B ζ, so that E x xᵀ = Σ_s AˢBBᵀAˢᵀ: summed by doubling, or for ever as the
    solution of P = A P Aᵀ + B Bᵀ, where |λ| is above 1e-6 of the largest.
    """
    A, B = _step(law, alpha, curvature)
    if steps is None:
        rows = A.shape[0]
        joined = torch.einsum("nij,nkl->nikjl", A, A).reshape(rows, 4, 4)
        settles = curvature > 1e-6 * curvature.abs().max()
        joined = torch.where(settles[:, None, None], joined, 0.0)
        right = B.reshape(rows, 4, 1)
        P: Tensor = torch.linalg.solve(torch.eye(4, dtype=A.dtype) - joined, right).reshape(rows, 2, 2)
    else:
        P = _summed(A, B, steps)
    return 0.5 * curvature * P[:, 0, 0]


def with_plain_decay(law: UpdateLaw) -> UpdateLaw:
    """Decoupled weight decay as it adds to the curvature for small steps; for thresholds it counts (1+β)/(1−β) times."""
    spread = (1 + law.beta) / (1 - law.beta) if law.averaged else 1.0
    return law._replace(outside=law.outside / spread)


def _step(law: UpdateLaw, alpha: float, curvature: Tensor) -> tuple[Tensor, Tensor]:
    """A (n, 2, 2), and B Bᵀ (n, 2, 2), of error and velocity."""
    b, one = law.beta, torch.ones_like(curvature)
    if law.nesterov:
        first, second, push = one - alpha * (1 + b) * curvature, -alpha * b * b * one, -alpha * (1 + b)
    else:
        a = alpha * (1 - b) if law.averaged else alpha
        first, second, push = one - a * curvature, -a * b * one, -a
    A = torch.stack([torch.stack([first, second], -1), torch.stack([curvature, b * one], -1)], -2)
    B = torch.tensor([push, 1.0], dtype=curvature.dtype)
    return A, torch.outer(B, B).expand(len(curvature), 2, 2)


def _summed(A: Tensor, B: Tensor, steps: int) -> Tensor:
    """Σ_{s<steps} AˢBAˢᵀ, by the binary digits of the number of steps."""
    total, power = torch.zeros_like(B), torch.eye(2, dtype=A.dtype).expand_as(A)
    for digit in bin(steps)[2:]:
        total, power = total + power @ total @ power.mT, power @ power
        if digit == "1":
            total, power = total + power @ B @ power.mT, power @ A
    return total
