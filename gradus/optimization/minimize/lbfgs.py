"""L-BFGS: BFGS of the last m steps only, without a matrix of n × n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import whole
from gradus.optimization.minimize.descent import Descent, DescentState
from gradus.optimization.minimize.state import Rows, to_tensor
from gradus.optimization.minimize.wolfe import conditions

__all__ = ["LBFGS"]


@dataclass
class LBFGSState(DescentState):
    """A state with the last steps and changes of gradients.

    Attributes:
        pairs: the steps s above the changes y, in a ring (b, 2, m, n); zeros where there are none yet.
        products: their inner products sᵢᵀyⱼ above yᵢᵀyⱼ (b, 2, m, m).
        oldest: which place of the ring is written next (b,).
        count: how many pairs there are (b,).
        scale: γ, the inverse Hessian before all pairs (b,).
    """

    pairs: Tensor
    products: Tensor
    oldest: np.ndarray
    count: np.ndarray
    scale: np.ndarray


class LBFGS(Descent[LBFGSState]):
    r"""The direction :math:`-H\nabla f` with the H of BFGS after the last m steps, begun at γI.

    .. math:: H=\gamma I+\begin{bmatrix}S&\gamma Y\end{bmatrix}
        \begin{bmatrix}R^{-\top}(D+\gamma Y^\top Y)R^{-1}&-R^{-\top}\\-R^{-1}&0\end{bmatrix}
        \begin{bmatrix}S^\top\\\gamma Y^\top\end{bmatrix},\qquad\gamma=\frac{s^\top y}{y^\top y}

    R is the upper triangle of SᵀY and D its diagonal: the same H as the two loops over the pairs give, by a few products
    of matrices.

    Args:
        memory: m, how many pairs are remembered.
        decrease, curvature: c₁ and c₂ of the strong Wolfe conditions.

    Cost: 8mn operations a step; 2mn numbers of memory.

    Source: Liu and Nocedal 1989; Byrd, Nocedal and Schnabel 1994, Theorem 2.2.
    """

    name = "lbfgs"

    def __init__(self, *, memory: int = 10, decrease: float = 1e-4, curvature: float = 0.9) -> None:
        self.memory = whole("memory", memory, least=1)
        self.wolfe = conditions(decrease, curvature)

    def first(self, base: dict[str, Any]) -> LBFGSState:
        """With no pairs."""
        x, m = base["x"], self.memory
        count = len(x)
        return LBFGSState(
            **base,
            pairs=x.new_zeros((count, 2, m, x.shape[1])),
            products=x.new_zeros((count, 2, m, m), dtype=torch.promote_types(x.dtype, torch.float32)),
            oldest=np.zeros(count, dtype=np.int64),
            count=np.zeros(count, dtype=np.int64),
            scale=np.ones(count),
        )

    def forget(self, state: LBFGSState, rows: Rows) -> None:
        """Drops all pairs."""
        index = torch.as_tensor(rows, device=state.x.device)
        state.pairs[index], state.products[index] = 0.0, 0.0
        state.oldest[rows], state.count[rows], state.scale[rows] = 0, 0, 1.0

    def learn(
        self, state: LBFGSState, rows: Rows, s: Tensor, y: Tensor, sy: np.ndarray, yy: np.ndarray
    ) -> None:
        """Writes the pairs over the oldest ones; none where sᵀy is not positive beyond rounding."""
        curved = sy > 1e-16 * yy
        which = np.arange(len(state.value))[rows]
        if not curved.all():
            kept = torch.as_tensor(curved, device=s.device)
            which, s, y, sy, yy = which[curved], s[kept], y[kept], sy[curved], yy[curved]
            if not len(which):
                return
        place = state.oldest[which]
        index, to = torch.as_tensor(which, device=s.device), torch.as_tensor(place, device=s.device)
        state.pairs[index, :, to] = torch.stack([s, y], dim=1)
        pairs = state.pairs if len(which) == len(state.value) else state.pairs[index]
        # sᵢᵀy for all i, of which the new one is the last in age; yᵢᵀy in its row and its column
        column = (pairs @ y[:, None, :, None])[..., 0].to(state.products.dtype)
        state.products[index, :, :, to] = column
        state.products[index, 1, to, :] = column[:, 1]
        state.oldest[which] = (place + 1) % self.memory
        state.count[which] = np.minimum(state.count[which] + 1, self.memory)
        state.scale[which] = sy / yy

    def direction(self, state: LBFGSState, rows: Rows, gradient: Tensor) -> Tensor:
        """−H∇f by the compact form."""
        pairs, m = state.pairs[rows], self.memory
        R, YY, age = self._in_age(state, rows)
        inner = (pairs @ gradient[:, None, :, None])[..., 0].to(R.dtype)  # Sᵀg, Yᵀg
        gamma = to_tensor(state.scale[rows], inner)
        inner = inner.gather(2, age[:, None, :].expand(-1, 2, m))
        v = torch.linalg.solve_triangular(R, inner[:, 0, :, None], upper=True)
        D = R.diagonal(dim1=1, dim2=2)[..., None]
        middle = D * v + gamma[..., None] * (YY @ v - inner[:, 1, :, None])
        u = torch.linalg.solve_triangular(R.mT, middle, upper=False)
        weights = torch.stack([u[..., 0], -gamma * v[..., 0]], dim=1)
        weights = torch.zeros_like(weights).scatter(2, age[:, None, :].expand(-1, 2, m), weights)
        weights, gamma = weights.to(pairs.dtype), gamma.to(pairs.dtype)
        return -(gamma * gradient + (weights.flatten(1)[:, None] @ pairs.flatten(1, 2))[:, 0])

    def _in_age(self, state: LBFGSState, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """R and YᵀY with the oldest pair first, and the places of the pairs in that order; ones on R's diagonal where none is."""
        m, device = self.memory, state.x.device
        age = torch.as_tensor((state.oldest[rows, None] + np.arange(m)) % m, device=device)
        products = state.products[rows]
        products = products.gather(2, age[:, None, :, None].expand(-1, 2, m, m))
        products = products.gather(3, age[:, None, None, :].expand(-1, 2, m, m))
        missing = m - state.count[rows]
        R = products[:, 0].triu()
        if missing.any():
            empty = torch.as_tensor(np.arange(m) < missing[:, None], device=device)
            R = R + torch.diag_embed(empty.to(R.dtype))
        return R, products[:, 1], age
