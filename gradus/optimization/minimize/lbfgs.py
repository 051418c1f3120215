"""L-BFGS: BFGS of the last m steps only, without a matrix of n × n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import concrete, factor, same_device, same_kind, tensor
from gradus.optimization.minimize.descent import Descent, DescentState
from gradus.optimization.minimize.state import Rows, to_tensor
from gradus.optimization.minimize.wolfe import conditions
from gradus.text import Text

__all__ = ["LBFGS", "lbfgs_product"]


@dataclass
class LBFGSState(DescentState):
    """A state with the last steps and changes of gradients.

    Attributes:
        steps, changes: s and y, in a ring (b, m, n); zeros where there are none yet.
        products: their inner products sᵢᵀyⱼ in the order of the ring (b, m, m).
        oldest: which place of the ring is written next (b,).
        count: how many pairs there are (b,).
        scale: γ, the inverse Hessian before all pairs (b,).
    """

    steps: Tensor
    changes: Tensor
    products: Tensor
    oldest: np.ndarray
    count: np.ndarray
    scale: np.ndarray


class LBFGS(Descent[LBFGSState]):
    r"""The direction :math:`-H\nabla f` with the H of BFGS after the last m steps, begun at γI.

    .. math:: q=g-YR^{-1}S^\top g,\qquad Hg=\gamma q+SR^{-\top}(DR^{-1}S^\top g-\gamma Y^\top q),\qquad
        \gamma=\frac{s^\top y}{y^\top y}

    S and Y hold the steps and the changes of the gradient as columns, the oldest first; R is the upper triangle of SᵀY and
    D its diagonal. This is the recursion of two loops over the pairs, each loop the solution of a triangular system.

    Args:
        memory: m, how many pairs are remembered.
        decrease, curvature: c₁ and c₂ of the strong Wolfe conditions.

    Cost: 10mn operations a step; 2mn numbers of memory.

    Source: Nocedal 1980; Liu and Nocedal 1989; Byrd, Nocedal and Schnabel 1994, §2.
    """

    name = "lbfgs"
    carried = (*Descent.carried, "steps", "changes", "products", "oldest", "count", "scale")

    def __init__(self, *, memory: int = 20, decrease: float = 1e-4, curvature: float = 0.9) -> None:
        self.memory = whole("memory", memory, least=1)
        self.wolfe = conditions(decrease, curvature)

    def first(self, base: dict[str, Any]) -> LBFGSState:
        """With no pairs."""
        x, m = base["x"], self.memory
        count = len(x)
        return LBFGSState(
            **base,
            steps=x.new_zeros((count, m, x.shape[1])),
            changes=x.new_zeros((count, m, x.shape[1])),
            products=x.new_zeros((count, m, m), dtype=torch.promote_types(x.dtype, torch.float32)),
            oldest=np.zeros(count, dtype=np.int64),
            count=np.zeros(count, dtype=np.int64),
            scale=np.ones(count),
        )

    def forget(self, state: LBFGSState, rows: Rows) -> None:
        """Drops all pairs."""
        index = torch.as_tensor(rows, device=state.x.device)
        state.steps[index], state.changes[index], state.products[index] = 0.0, 0.0, 0.0
        state.oldest[rows], state.count[rows], state.scale[rows] = 0, 0, 1.0

    def learn(
        self,
        state: LBFGSState,
        rows: Rows,
        s: Tensor,
        y: Tensor,
        sy: np.ndarray,
        yy: np.ndarray,
        usable: np.ndarray,
    ) -> None:
        """Writes the pairs over the oldest ones; none where sᵀy is not positive beyond rounding."""
        which = np.arange(len(state.value))[rows]
        if not usable.all():
            kept = torch.as_tensor(usable, device=s.device)
            which, s, y, sy, yy = which[usable], s[kept], y[kept], sy[usable], yy[usable]
            if not len(which):
                return
        place = state.oldest[which]
        index, to = torch.as_tensor(which, device=s.device), torch.as_tensor(place, device=s.device)
        state.steps[index, to] = s
        state.changes[index, to] = y
        steps = state.steps if len(which) == len(state.value) else state.steps[index]
        # sᵢᵀy for all i, of which the new one is the last in age
        state.products[index, :, to] = (steps @ y[..., None])[..., 0].to(state.products.dtype)
        state.oldest[which] = (place + 1) % self.memory
        state.count[which] = np.minimum(state.count[which] + 1, self.memory)
        state.scale[which] = sy / yy

    def direction(self, state: LBFGSState, rows: Rows, gradient: Tensor) -> Tensor:
        """−H∇f."""
        steps, changes = state.steps[rows], state.changes[rows]
        gamma = to_tensor(state.scale[rows], gradient)
        R, age = self._in_age(state, rows)
        return -_product(steps, changes, gradient, gamma, R, age)

    def _in_age(self, state: LBFGSState, rows: Rows) -> tuple[Tensor, Tensor]:
        """R with the oldest pair first, ones on its diagonal where none is; and the places of the pairs in that order (b, m)."""
        m, device = self.memory, state.x.device
        age = torch.as_tensor((state.oldest[rows, None] + np.arange(m)) % m, device=device)
        products = state.products[rows]
        products = products.gather(1, age[:, :, None].expand(-1, m, m)).gather(
            2, age[:, None].expand(-1, m, m)
        )
        R, missing = products.triu(), m - state.count[rows]
        if missing.any():
            empty = torch.as_tensor(np.arange(m) < missing[:, None], device=device)
            R = R + torch.diag_embed(empty.to(R.dtype))
        return R, age


def _product(steps: Tensor, changes: Tensor, g: Tensor, gamma: Tensor, R: Tensor, age: Tensor) -> Tensor:
    """Hg (b, n), of pairs in any order (b, m, n), γ (b, 1), R in the order of age, and the places of the pairs in it (b, m)."""
    D = R.diagonal(dim1=1, dim2=2)
    inner = (steps @ g[..., None])[..., 0].gather(1, age).to(R.dtype)
    v = torch.linalg.solve_triangular(R, inner[..., None], upper=True)[..., 0]
    q = g - (_in_ring(v, age, changes)[:, None] @ changes)[:, 0]
    back = (changes @ q[..., None])[..., 0].gather(1, age).to(R.dtype)
    middle = D * v - gamma.to(R.dtype) * back
    u = torch.linalg.solve_triangular(R.mT, middle[..., None], upper=False)[..., 0]
    return gamma * q + (_in_ring(u, age, steps)[:, None] @ steps)[:, 0]


def _in_ring(weights: Tensor, age: Tensor, like: Tensor) -> Tensor:
    """Weights (b, m) in the order of age, in that of the ring."""
    return torch.zeros_like(weights).scatter(1, age, weights).to(like.dtype)


def lbfgs_product(
    S: Float[Tensor, "m n"], Y: Float[Tensor, "m n"], g: Float[Tensor, " n"], gamma: float | Tensor
) -> Float[Tensor, " n"]:
    r"""Hg, for the H of BFGS that began at γI and took in m steps s and changes y, without forming it.

    Args:
        S: the steps as rows, the oldest first (m, n).
        Y: the changes of the gradient (m, n); sᵀy ≠ 0 in every row.
        g: a gradient (n,).
        gamma: γ; sᵀy/yᵀy of the last pair is usual.

    Returns:
        Hg (n,); the direction of L-BFGS is its negative. Differentiable.

    Raises:
        GradusError: the shapes or precisions do not fit, or a sᵀy is 0.

    Cost: O(m²n) here, since all inner products of the pairs are formed; `minimize` keeps them, and pays O(mn) a step.

    Source: Nocedal 1980; Byrd, Nocedal and Schnabel 1994, §2.

    Example:
        >>> import torch
        >>> S, Y = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 1.0]])
        >>> lbfgs_product(S, Y, torch.tensor([2.0, 1.0]), 1.0)
        tensor([1., 0.])
    """
    sizes = Sizes()
    tensor("S", S, "m n>=1", sizes, finite=True)
    tensor("Y", Y, "m n", sizes, finite=True)
    tensor("g", g, "n", sizes, finite=True)
    same_kind(S=S, Y=Y, g=g)
    same_device(S=S, Y=Y, g=g)
    scale = torch.as_tensor(factor("gamma", gamma), dtype=g.dtype, device=g.device).reshape(1, 1)
    if not len(S):
        return scale[0] * g
    products = (S @ Y.mT).to(torch.promote_types(g.dtype, torch.float32))
    if concrete(products) and bool((products.diagonal().abs() < torch.finfo(products.dtype).tiny).any()):
        raise refusal("Y", ("changes with sᵀy ≠ 0", "满足 sᵀy ≠ 0 的变化"), Text("sᵀy = 0", "sᵀy = 0"))
    age = torch.arange(len(S), device=g.device)[None]
    return _product(S[None], Y[None], g[None], scale, products.triu()[None], age)[0]
