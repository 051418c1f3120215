"""`least_squares`: a sum of squares of smooth residuals, from its start to its minimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from gradus.arguments import flag
from gradus.optimization.minimize.driver import checked_settings, run
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.implicit import solution_in_graph
from gradus.optimization.minimize.interface import result_of
from gradus.optimization.minimize.levenberg_marquardt import GaussNewton, LevenbergMarquardt
from gradus.optimization.minimize.methods import make_method
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.residuals import Residuals
from gradus.optimization.minimize.result import Iterate, Result

__all__ = ["least_squares"]

METHODS: dict[str, type[LevenbergMarquardt]] = {m.name: m for m in (LevenbergMarquardt, GaussNewton)}
NEVER = (
    -1.0
)  # a tolerance of the gradient that none meets: the methods judge by their own, which has no units


def least_squares(
    residual: Callable[..., Any],
    x0: Any,
    method: str = "levenberg-marquardt",
    *,
    args: tuple[Any, ...] = (),
    batched: bool = False,
    jacobian: Callable[..., Any] | str | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
    max_evaluations: int = 10_000,
    callback: Callable[[Iterate], Any] | None = None,
    keep_points: bool = False,
    **options: Any,
) -> Result:
    r"""A local minimum of a sum of squares, :math:`f(x)=\tfrac12\lVert r(x)\rVert^2`, by linear models of the residuals.

    .. math:: p=\operatorname*{arg\,min}_{\lVert Dp\rVert\le\Delta}\lVert r+Jp\rVert,\qquad J=\frac{\partial r}{\partial x}

    The units of x and of r do not matter: D holds the largest norm of each column of J so far, and it has converged where the
    model can remove no more than the share `tolerance` of r, or where its whole step is within `tolerance` of x, in
    the norm of D. J is factorised (QR, then the singular values of R); JᵀJ is never formed. As in `minimize`, what the
    mathematics does ends with a `Reason`, and the point is differentiable with respect to `args`.

    Args:
        residual: from a point and the arguments to a tensor of residuals.
        x0: the start: a tensor, or a tree of tensors of one dtype and device.
        method: "levenberg-marquardt", or "gauss-newton", which takes every whole step.
        args: further arguments of the residuals.
        batched: many problems at once: x0 and all tensors of `args` have a leading axis of problems.
        jacobian: None for automatic differentiation in the cheaper mode, "forward" or "reverse" for one of them, or a function
            (x, *args) to J (m, n).
        tolerance: see above; below 10 ε of the dtype it counts as that, but for 0, which ends at rounding alone.
        max_iterations: of accepted steps.
        max_evaluations: of the residuals.
        callback: called with an `Iterate` after every iteration; True ends it, an array of them some problems.
        keep_points: whether the history holds the points.
        options: of "levenberg-marquardt": `factor`, the first Δ in units of ‖Dx₀‖ (1); `scaled=False` for D = 1.

    Returns:
        The result, its `value` ½‖r‖²; `hessian_evaluations` counts the Jacobians.

    Raises:
        GradusError: a wrong argument; the residuals are no tensor of floating-point numbers.

    Cost: one call of the residuals an evaluation; one Jacobian, mn² and O(n³) operations an iteration.

    Source: Gauss 1809; Levenberg 1944; Marquardt 1963; Moré 1978.

    Example:
        >>> import torch
        >>> t = torch.arange(5, dtype=torch.float64)
        >>> y = 3 * torch.exp(-0.5 * t)
        >>> result = least_squares(lambda x: x[0] * torch.exp(-x[1] * t) - y, torch.ones(2, dtype=torch.float64))
        >>> [round(v, 6) for v in result.x.tolist()], result.reason.name
        ([3.0, 0.5], 'CONVERGED')
    """
    layout = Flattening("x0", x0, batched=flag("batched", batched))
    settings = checked_settings(tolerance, max_iterations, max_evaluations, callback, keep_points)
    least = 10 * torch.finfo(layout.leaves[0].dtype).eps if settings.tolerance else 0.0
    chosen = make_method(METHODS, method, options, tolerance=max(settings.tolerance, least))
    residuals = Residuals(residual, layout, args, jacobian)
    ended, history = run(chosen, residuals.detached(), layout.flat(), replace(settings, tolerance=NEVER))
    half_square = Objective(lambda x, *a: residual(x, *a).square().sum() / 2, layout, args)
    return result_of(layout, solution_in_graph(half_square, ended.x, ended.reasons), ended, history)
