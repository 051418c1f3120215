"""BFGS: the inverse Hessian, learnt from the changes of the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import concrete, same_device, same_kind, tensor
from gradus.optimization.minimize.descent import Descent, DescentState
from gradus.optimization.minimize.pairs import Pairs
from gradus.optimization.minimize.state import Rows, to_tensor
from gradus.optimization.minimize.wolfe import conditions
from gradus.text import Text

__all__ = ["BFGS", "bfgs_update"]


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

    def learn(self, state: BFGSState, rows: Rows, pairs: Pairs) -> None:
        """The update; none where sᵀy is not positive beyond rounding."""
        s, y, sy, yy, _, usable = pairs
        with np.errstate(all="ignore"):
            rho = np.where(usable, 1 / sy, 0.0)
            scale = np.where(usable & ~state.scaled[rows], sy / yy, 1.0)
        H = state.inverse[rows]
        if (scale != 1).any():
            H = H * to_tensor(scale, H)[..., None]
        H = _updated(H, s, y, to_tensor(rho, s))
        if isinstance(rows, slice):
            state.inverse = H
        else:
            state.inverse[torch.as_tensor(rows, device=H.device)] = H
        state.scaled[rows] |= usable

    def direction(self, state: BFGSState, rows: Rows, gradient: Tensor) -> Tensor:
        """−H∇f."""
        return -(state.inverse[rows] @ gradient[..., None])[..., 0]


def _updated(H: Tensor, s: Tensor, y: Tensor, rho: Tensor) -> Tensor:
    """H (b, n, n) after the steps s and changes y (b, n), with ρ (b, 1)."""
    Hy = (H @ y[..., None])[..., 0]
    w = ((1 + rho * (y * Hy).sum(dim=1, keepdim=True)) / 2) * s - Hy
    # H + ρ(swᵀ + wsᵀ) is the update, and symmetric to the last digit
    left, right = torch.stack([rho * s, rho * w], dim=2), torch.stack([w, s], dim=1)
    return torch.baddbmm(H, left, right)


def bfgs_update(
    H: Float[Tensor, "n n"], s: Float[Tensor, " n"], y: Float[Tensor, " n"]
) -> Float[Tensor, "n n"]:
    r"""The inverse Hessian after a step s that changed the gradient by y.

    .. math:: (I-\rho sy^\top)H(I-\rho ys^\top)+\rho ss^\top,\qquad\rho=\frac{1}{s^\top y}

    Args:
        H: the inverse Hessian before, symmetric (n, n).
        s: the step (n,).
        y: the change of the gradient (n,), with sᵀy ≠ 0; H stays positive definite where sᵀy > 0.

    Returns:
        A new matrix; differentiable.

    Raises:
        GradusError: the shapes or precisions do not fit, or sᵀy is 0.

    Cost: O(n²).

    Source: Nocedal and Wright 2006, (6.17).

    Example:
        >>> import torch
        >>> H = bfgs_update(torch.eye(2), torch.tensor([1.0, 0.0]), torch.tensor([2.0, 1.0]))
        >>> H @ torch.tensor([2.0, 1.0])
        tensor([1., 0.])
    """
    sizes = Sizes()
    tensor("s", s, "n>=1", sizes, finite=True)
    tensor("y", y, "n", sizes, finite=True)
    tensor("H", H, "n n", sizes, finite=True)
    same_kind(H=H, s=s, y=y)
    same_device(H=H, s=s, y=y)
    sy = s @ y
    if concrete(sy) and sy.abs() < torch.finfo(sy.dtype).tiny:
        raise refusal("y", ("a change with sᵀy ≠ 0", "满足 sᵀy ≠ 0 的变化"), Text("sᵀy = 0", "sᵀy = 0"))
    return _updated(H[None], s[None], y[None], (1 / sy).reshape(1, 1))[0]
