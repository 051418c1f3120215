"""The solution as a function of the arguments: its derivative by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.errors import GradusError
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.text import Text

__all__ = ["solution_in_graph"]

DENSE = 200  # numbers of a problem up to which the Hessian is formed and factorised


def solution_in_graph(objective: Objective, x: Tensor, reasons: Sequence[Reason]) -> Tensor:
    """The points (b, n) where ∇f vanishes, in the graph of the arguments that require a gradient; else x as it is.

    Differentiating by a point at which its problem did not converge is refused then: the theorem does not hold there.
    """
    leaves, structure = pytree.tree_flatten(objective.args)
    wanted = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.requires_grad]
    if not wanted or not torch.is_grad_enabled():
        return x
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor) and leaf.requires_grad]

    def args_with(tensors: tuple[Tensor, ...]) -> tuple[Any, ...]:
        changed = list(leaves)
        for place, value in zip(places, tensors, strict=True):
            changed[place] = value
        return tuple(pytree.tree_unflatten(changed, structure))

    solution: Tensor = _Solution.apply(objective, args_with, reasons, x, *wanted)
    return solution


class _Solution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, objective: Objective, args_with: Any, reasons: Sequence[Reason], x: Tensor, *wanted: Tensor
    ) -> Tensor:
        ctx.objective, ctx.args_with, ctx.reasons = objective, args_with, reasons
        ctx.save_for_backward(x, *wanted)
        return x.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        x, *wanted = ctx.saved_tensors
        _require_minima(ctx.reasons, upstream)
        u = _solve(ctx.objective.detached(), x, upstream)
        with torch.enable_grad():
            inner = tuple(w.detach().requires_grad_() for w in wanted)
            leaf = x.detach().requires_grad_()
            gradient = ctx.objective.gradient_in_graph(leaf, ctx.args_with(inner))
            grads = torch.autograd.grad(gradient, inner, grad_outputs=-u, allow_unused=True)
        return (None, None, None, None, *grads)


def _require_minima(reasons: Sequence[Reason], upstream: Tensor) -> None:
    asked = upstream.abs().sum(1).tolist()
    open_ones = [
        i for i, r in enumerate(reasons) if asked[i] and r not in (Reason.CONVERGED, Reason.AT_ROUNDING)
    ]
    if open_ones:
        i = open_ones[0]
        which, which_zh = (f" of problem {i}", f"第 {i} 个问题的 ") if len(reasons) > 1 else ("", "")
        raise GradusError(
            Text(
                f"x{which} has no derivative with respect to args, since it is no minimum: {reasons[i].text.en}; allow more "
                "iterations, or use x.detach()",
                f"{which_zh}x 对 args 没有导数，因为它不是极小点：{reasons[i].text.zh}；请允许更多迭代，或用 x.detach()",
            )
        )


def _solve(objective: Objective, x: Tensor, b: Tensor) -> Tensor:
    """(∇²f)⁻¹b (b, n): by a factorisation where n is small, else by conjugate gradients."""
    if x.shape[1] <= DENSE:
        solved, info = torch.linalg.solve_ex(objective.hessian(x), b)
        if bool(info.any()):
            raise GradusError(
                Text(
                    "x has no derivative with respect to args: the Hessian of f is singular there",
                    "x 对 args 没有导数：f 在该处的黑塞矩阵奇异",
                )
            )
        result: Tensor = solved
        return result
    return conjugate_gradients(objective.hessian_product(x), b)


def conjugate_gradients(product: Any, b: Tensor) -> Tensor:
    """A⁻¹b (b, n) of positive definite A, given by its products, to rounding or n steps."""
    x, r = torch.zeros_like(b), b.clone()
    p, rr = r, (r * r).sum(dim=1, keepdim=True)
    small = torch.finfo(b.dtype).eps ** 2 * rr
    for _ in range(2 * b.shape[1]):
        if bool((rr <= small).all()):
            break
        Ap = product(p)
        alpha = torch.where(rr > small, rr / (p * Ap).sum(dim=1, keepdim=True), 0.0)
        x, r = x + alpha * p, r - alpha * Ap
        new = (r * r).sum(dim=1, keepdim=True)
        p, rr = r + torch.where(rr > small, new / rr, 0.0) * p, new
    return x
