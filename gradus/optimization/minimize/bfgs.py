"""BFGS: the inverse Hessian, learnt from the changes of the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.optimization.minimize.descent import Descent, DescentState
from gradus.optimization.minimize.state import Rows, to_tensor
from gradus.optimization.minimize.wolfe import conditions

__all__ = ["BFGS"]


@dataclass
class BFGSState(DescentState):
    """A state with H, the inverse of the Hessian as far as it is learnt (b, n, n), and whether it has seen a step (b,)."""

    inverse: Tensor
    scaled: np.ndarray


class BFGS(Descent[BFGSState]):
    r"""The direction :math:`-H\nabla f`, where H takes in every step s and change y of the gradient.

    .. math:: H\leftarrow(I-\rho sy^\top)H(I-\rho ys^\top)+\rho ss^\top,\qquad\rho=\frac{1}{s^\top y}

    Before the first one, H is :math:`s^\top y/y^\top y` times the identity.

    Args:
        decrease, curvature: c₁ and c₂ of the strong Wolfe conditions.

    Cost: O(n²) a step, and n² numbers of memory.

    Source: Broyden, Fletcher, Goldfarb and Shanno 1970; Nocedal and Wright 2006, Algorithm 6.1.
    """

    name = "bfgs"

    def __init__(self, *, decrease: float = 1e-4, curvature: float = 0.9) -> None:
        self.wolfe = conditions(decrease, curvature)

    def first(self, base: dict[str, Any]) -> BFGSState:
        """With the identity."""
        x = base["x"]
        eye = torch.eye(x.shape[1], dtype=x.dtype, device=x.device).expand(len(x), -1, -1).contiguous()
        return BFGSState(**base, inverse=eye, scaled=np.zeros(len(x), dtype=bool))

    def forget(self, state: BFGSState, rows: Rows) -> None:
        """Back to the identity."""
        eye = torch.eye(state.x.shape[1], dtype=state.x.dtype, device=state.x.device)
        state.inverse[torch.as_tensor(rows, device=eye.device)] = eye
        state.scaled[rows] = False

    def learn(
        self, state: BFGSState, rows: Rows, s: Tensor, y: Tensor, sy: np.ndarray, yy: np.ndarray
    ) -> None:
        """The update; none where sᵀy is not positive beyond rounding."""
        with np.errstate(all="ignore"):
            curved = (sy > 1e-14 * np.sqrt(yy) * np.sqrt((s * s).sum(dim=1).double().cpu().numpy())) & (
                yy > 0
            )
            rho = np.where(curved, 1 / sy, 0.0)
            scale = np.where(curved & ~state.scaled[rows], sy / yy, 1.0)
        H = state.inverse[rows]
        if (scale != 1).any():
            H = H * to_tensor(scale, H)[..., None]
        r = to_tensor(rho, s)
        Hy = (H @ y[..., None])[..., 0]
        w = ((1 + r * (y * Hy).sum(dim=1, keepdim=True)) / 2) * s - Hy
        # H + ρ(swᵀ + wsᵀ) is the update, and symmetric to the last digit
        left, right = torch.stack([r * s, r * w], dim=2), torch.stack([w, s], dim=1)
        H = torch.baddbmm(H, left, right)
        if isinstance(rows, slice):
            state.inverse = H
        else:
            state.inverse[torch.as_tensor(rows, device=H.device)] = H
        state.scaled[rows] |= curved

    def direction(self, state: BFGSState, rows: Rows, gradient: Tensor) -> Tensor:
        """−H∇f."""
        return -(state.inverse[rows] @ gradient[..., None])[..., 0]
