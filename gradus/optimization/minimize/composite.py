"""`minimize_composite`: a smooth function and a penalty with a proximal operator, to their common minimum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.arguments import flag, number, refusal
from gradus.errors import GradusError
from gradus.optimization.minimize.driver import checked_settings, run
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.interface import result_of
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.proximal import Nonsmooth, ProximalGradient
from gradus.optimization.minimize.result import Iterate, Result
from gradus.optimization.proximal_operators import Penalty
from gradus.text import Text

__all__ = ["minimize_composite"]

DENSE = 200  # numbers of a problem up to which the derivative of a step is formed
MOST_TERMS = 10_000  # of the series for the derivative of the solution


def minimize_composite(
    f: Callable[..., Any],
    prox: Penalty,
    x0: Any,
    *,
    args: tuple[Any, ...] = (),
    batched: bool = False,
    gradient: Callable[..., Any] | bool | None = None,
    accelerated: bool = True,
    restart: bool = True,
    step_size: float | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 10_000,
    max_evaluations: int = 50_000,
    callback: Callable[[Iterate], Any] | None = None,
    keep_points: bool = False,
) -> Result:
    r"""A minimum of :math:`F=f+g`, f smooth, g convex with a proximal operator: FISTA, or ISTA.

    .. math:: x_{k+1}=\operatorname{prox}_{g/L}\bigl(y_k-\nabla f(y_k)/L\bigr),\qquad
        F(x_k)-F^*\le\frac{2\eta L_f\|x_0-x^*\|^2}{(k+1)^2}

    The bound holds for convex f whose gradient is Lipschitz with L_f, without restart, η = 2 with backtracking (1 with
    the constant step 1/L_f); for ISTA (`accelerated=False`) it is ηL_f‖x₀−x*‖²/2k. With a restart (the default) F falls
    faster where it is curved at its minimum, without a proof of the rate.

    The result's `value` is F, its `gradient_norm` the largest entry of L(y − x) in size, which is 0 at a minimum. Its x is
    differentiable in `args` and in a penalty's `weight`, where the derivative of a step at x has no eigenvalue 1 and the
    step is differentiable there.

    Args:
        f: from a point and the arguments to a scalar tensor, as in `minimize`.
        prox: a penalty with `value(x)` and `prox(v, step)`, such as L1Norm(0.1); of a tree of tensors, the sum over them.
        x0: the start: a tensor, or a tree of tensors of one dtype and device.
        args: further arguments of f.
        batched: many problems at once, as in `minimize`; all share the penalty.
        gradient: None for autograd; True where f returns (value, gradient); or a function (x, *args) to it.
        accelerated: FISTA; without it ISTA.
        restart: begin FISTA's momentum again where a step turns against the last one.
        step_size: 1/L, the same at every step; None for backtracking.
        tolerance: of the largest entry of L(y − x) in size.
        max_iterations: of steps.
        max_evaluations: of f, with or without its gradient; FISTA needs two a step, one of them without.
        callback: called with an `Iterate` after every step; True ends it, an array of them some problems.
        keep_points: whether the history holds the points.

    Raises:
        GradusError: a wrong argument; f returns no scalar, or one without a gradient.

    Cost: one or two calls of f and one backward pass a step, and one proximal operator a trial.

    Source: beck2009fast; odonoghue2015adaptive.

    Example:
        >>> import torch
        >>> from gradus.optimization import L1Norm
        >>> v = torch.tensor([3.0, -0.5], dtype=torch.float64)
        >>> result = minimize_composite(lambda x: (x - v).square().sum() / 2, L1Norm(1.0), torch.zeros_like(v))
        >>> [round(value, 6) for value in result.x.tolist()], result.reason.name
        ([2.0, 0.0], 'CONVERGED')
    """
    layout = Flattening("x0", x0, batched=flag("batched", batched))
    if isinstance(prox, type) or not (
        callable(getattr(prox, "value", None)) and callable(getattr(prox, "prox", None))
    ):
        raise refusal("prox", ("a penalty with value and prox, such as L1Norm(0.1)", "带有 value 与 prox 的惩罚项，如 L1Norm(0.1)"), prox, kind=True)  # fmt: skip
    settings = checked_settings(tolerance, max_iterations, max_evaluations, callback, keep_points)
    nonsmooth = Nonsmooth(prox, layout)
    method = ProximalGradient(
        nonsmooth,
        accelerated=flag("accelerated", accelerated),
        restart=flag("restart", restart),
        step_size=None if step_size is None else number("step_size", step_size, least=1e-100),
    )
    objective = Objective(f, layout, args, gradient)
    with torch.no_grad():
        ended, history = run(method, objective.detached(), layout.flat(), settings)
    return result_of(layout, fixed_point_in_graph(objective, nonsmooth, ended.x), ended, history)


def fixed_point_in_graph(objective: Objective, nonsmooth: Nonsmooth, x: Tensor) -> Tensor:
    """The points (b, n) that a step leaves where they are, in the graph of what the step depends on; else x as it is."""
    leaves = [*pytree.tree_leaves(objective.args), *getattr(nonsmooth.penalty, "__dict__", {}).values()]
    wanted = any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in leaves)
    if not wanted or not torch.is_grad_enabled():
        return x

    def step(leaf: Tensor) -> Tensor:
        ones = torch.ones_like(leaf[:, :1])
        return nonsmooth.prox(leaf - scale * objective.gradient_in_graph(leaf), scale * ones)

    scale = _scale(objective.detached(), x)
    moved = step(x.detach().requires_grad_())

    def solve(upstream: Tensor) -> Tensor:
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            image = step(leaf)
        return _adjoint(image, leaf, upstream)

    # what flows back into the step is multiplied by (I − ∂step/∂x)⁻ᵀ, so that its own graph does the rest
    moved.register_hook(solve)
    return x + (moved - moved.detach())


def _scale(objective: Objective, x: Tensor) -> Tensor:
    """1/L (b, 1) at the solution: any positive number gives the same derivative; this one keeps the series small."""
    product = objective.hessian_product(x)
    v = torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=x.dtype).to(x.device)
    for _ in range(20):
        v = product(v / torch.linalg.vector_norm(v, dim=1, keepdim=True).clamp(min=1e-300))
    scale: Tensor = 1 / (1.1 * torch.linalg.vector_norm(v, dim=1, keepdim=True)).clamp(min=1e-12)
    return scale


def _adjoint(image: Tensor, leaf: Tensor, upstream: Tensor) -> Tensor:
    """(I − J)⁻ᵀ u of the step's derivative J at x, (b, n)."""

    def back(u: Tensor) -> Tensor:
        (result,) = torch.autograd.grad(image, leaf, u, retain_graph=True, materialize_grads=True)
        return result

    n = leaf.shape[1]
    if n <= DENSE:
        basis = torch.eye(n, dtype=leaf.dtype, device=leaf.device)
        J = torch.stack([back(e.expand_as(leaf).contiguous()) for e in basis], dim=1)
        solved: Tensor = torch.linalg.solve(torch.eye(n).to(J) - J.mT, upstream)
        return solved
    u = upstream
    for _ in range(MOST_TERMS):
        before, u = u, upstream + back(u)
        if bool((u - before).abs().max() <= 1e-13 * u.abs().max()):
            return u
    raise GradusError(
        Text(
            f"the derivative of the solution did not converge in {MOST_TERMS} terms: f is too flat at x",
            f"解的导数在 {MOST_TERMS} 项内未收敛：f 在 x 处过于平坦",
        )
    )
