"""L-BFGS: BFGS of the last m steps only, without a matrix of n × n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import get_lapack_funcs
from torch import Tensor

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import concrete, factor, same_device, same_kind, tensor
from gradus.optimization.minimize.descent import Descent, DescentState
from gradus.optimization.minimize.pairs import Pairs
from gradus.optimization.minimize.state import Rows, by_numpy, to_tensor
from gradus.optimization.minimize.wolfe import conditions
from gradus.text import Text

__all__ = ["LBFGS", "lbfgs_product"]

MOST_STRETCH = 100.0  # of y, or its inverse: beyond it f is far from the cubic


@dataclass
class LBFGSState(DescentState):
    """A state with the last steps and changes of gradients.

    Attributes:
        steps, changes: s and y, in a ring (b, m, n); zeros where there are none yet.
        triangle: R, of their inner products sᵢᵀyⱼ those with i ≤ j, the oldest first; ones on the diagonal where there is no
            pair yet (b, m, m).
        oldest: which place of the ring is written next (b,).
        scale: γ, the inverse Hessian before all pairs (b,).
    """

    steps: Tensor
    changes: Tensor
    triangle: Tensor
    oldest: np.ndarray
    scale: np.ndarray


class LBFGS(Descent[LBFGSState]):
    r"""The direction :math:`-H\nabla f` with the H of BFGS after the last m steps, begun at γI.

    .. math:: q=g-YR^{-1}S^\top g,\qquad Hg=\gamma q+SR^{-\top}(DR^{-1}S^\top g-\gamma Y^\top q),\qquad
        \gamma=\frac{s^\top y}{y^\top y}

    S and Y hold the steps and the changes of the gradient as columns, the oldest first; R is the upper triangle of SᵀY and
    D its diagonal. This is the recursion of two loops over the pairs, each loop the solution of a triangular system.

    A column of Y is τy: sᵀy is the mean of the curvature along s, and τ makes of it the curvature at the end of s, where the
    next direction begins, of the cubic with the values and slopes of both ends:

    .. math:: \tau s^\top y=s^\top y+6(f-f_+)+3(g+g_+)^\top s,\qquad\tfrac1{100}\le\tau\le100

    It is 1 for quadratics. γ is of the y that was seen. By default nearly every step with enough decrease is accepted,
    c₂ = .99: with τ a further evaluation is worth more in the next direction than in this one. That default was chosen on
    the problems of Moré, Garbow and Hillstrom from their standard starts, and checked on their starts tenfold and on others.

    Args:
        memory: m, how many pairs are remembered.
        decrease, curvature: c₁ and c₂ of the strong Wolfe conditions.

    Cost: 10mn operations a step; 2mn numbers of memory.

    Source: Nocedal 1980; Liu and Nocedal 1989; Byrd, Nocedal and Schnabel 1994, §2; Biggs 1973 (τ).
    """

    name = "lbfgs"
    carried = (*Descent.carried, "steps", "changes", "triangle", "oldest", "scale")

    def __init__(self, *, memory: int = 20, decrease: float = 1e-4, curvature: float = 0.99) -> None:
        self.memory = whole("memory", memory, least=1)
        self.wolfe = conditions(decrease, curvature)

    def first(self, base: dict[str, Any]) -> LBFGSState:
        """With no pairs."""
        x, m = base["x"], self.memory
        count = len(x)
        eye = torch.eye(m, dtype=torch.promote_types(x.dtype, torch.float32), device=x.device)
        return LBFGSState(
            **base,
            steps=x.new_zeros((count, m, x.shape[1])),
            changes=x.new_zeros((count, m, x.shape[1])),
            triangle=eye.repeat(count, 1, 1),
            oldest=np.zeros(count, dtype=np.int64),
            scale=np.ones(count),
        )

    def forget(self, state: LBFGSState, rows: Rows) -> None:
        """Drops all pairs."""
        index = torch.as_tensor(rows, device=state.x.device)
        state.steps[index], state.changes[index] = 0.0, 0.0
        state.triangle[index] = torch.eye(self.memory, dtype=state.triangle.dtype, device=index.device)
        state.oldest[rows], state.scale[rows] = 0, 1.0

    def learn(self, state: LBFGSState, rows: Rows, pairs: Pairs) -> None:
        """Writes the pairs over the oldest ones; none where sᵀy is not positive beyond rounding."""
        s, y, sy, yy, end, usable = pairs
        which = np.arange(len(state.value))[rows]
        if not usable.all():
            kept = torch.as_tensor(usable, device=s.device)
            which, s, y, sy, yy, end = (
                which[usable], s[kept], y[kept], sy[usable], yy[usable], end[usable]
            )  # fmt: skip
            if not len(which):
                return
        place = state.oldest[which]
        state.oldest[which] = (place + 1) % self.memory
        state.scale[which] = sy / yy
        stretch = np.clip(end / sy, 1 / MOST_STRETCH, MOST_STRETCH)
        if (stretch != 1).any():
            y = y * to_tensor(stretch, y)
        if len(state.value) == 1 and by_numpy(y):
            memory = [t[0].numpy() for t in (state.steps, state.changes, state.triangle)]
            _append_single(memory, s[0].numpy(), y[0].numpy(), int(place[0]))
            return
        index, to = torch.as_tensor(which, device=s.device), torch.as_tensor(place, device=s.device)
        state.steps[index, to], state.changes[index, to] = s, y
        # R without the oldest pair and with the newest, whose inner products sᵢᵀy are its last column
        column = (state.steps[index] @ y[..., None])[..., 0].gather(1, self._age(state, which))
        R = torch.nn.functional.pad(state.triangle[index, 1:, 1:], (0, 1, 0, 1))
        R[:, :, -1] = column
        state.triangle[index] = R

    def direction(self, state: LBFGSState, rows: Rows, gradient: Tensor) -> Tensor:
        """−H∇f."""
        S, Y, R = state.steps[rows], state.changes[rows], state.triangle[rows]
        if len(gradient) == 1 and by_numpy(gradient):
            single = [t[0].numpy() for t in (S, Y, R, gradient)]
            oldest, gamma = int(state.oldest[rows][0]), state.scale[rows][0]
            return torch.from_numpy(-_single_product(single, gamma, oldest))[None]
        gamma = to_tensor(state.scale[rows], gradient)
        return _product(S, Y, gradient, gamma, R, self._age(state, rows)).neg_()

    def _age(self, state: LBFGSState, rows: Rows) -> Tensor:
        """The places of the pairs, the oldest first (rows, m)."""
        m, oldest = self.memory, state.oldest[rows, None]
        return torch.as_tensor((oldest + np.arange(m)) % m, device=state.x.device)


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


def _single_product(single: list[np.ndarray], gamma: float, oldest: int) -> np.ndarray:
    """As `_product`, of S, Y, R and g of one problem."""
    S, Y, R, g = single
    (solve,) = get_lapack_funcs(("trtrs",), (R,))
    gamma = g.dtype.type(gamma)
    v = solve(R, _turned(S @ g, oldest))[0]
    q = g - _turned(v, -oldest) @ Y
    u = solve(R, R.diagonal() * v - gamma * _turned(Y @ q, oldest), trans=1)[0]
    result: np.ndarray = gamma * q + _turned(u, -oldest) @ S
    return result


def _turned(ring: np.ndarray, place: int) -> np.ndarray:
    """The ring from that place on."""
    return np.concatenate([ring[place:], ring[:place]])


def _append_single(memory: list[np.ndarray], s: np.ndarray, y: np.ndarray, place: int) -> None:
    """Writes a pair over the oldest in S, Y and R of one problem."""
    S, Y, R = memory
    S[place], Y[place] = s, y
    R[:-1, :-1] = R[1:, 1:].copy()
    R[-1, :-1] = 0
    R[:, -1] = _turned(S @ y, (place + 1) % len(S))


def _in_ring(weights: Tensor, age: Tensor, like: Tensor) -> Tensor:
    """Weights (b, m) in the order of age, in that of the ring."""
    return torch.empty_like(weights).scatter_(1, age, weights).to(like.dtype)


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
