"""`minimize`: a smooth function, from its start to its minimum, by a method of a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from torch import Tensor

from gradus.arguments import flag
from gradus.optimization.minimize.driver import Ended, checked_settings, run
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.implicit import solution_in_graph
from gradus.optimization.minimize.methods import METHODS, make_method
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.result import History, Iterate, Result

__all__ = ["minimize", "result_of"]


def minimize(
    f: Callable[..., Any],
    x0: Any,
    method: str = "lbfgs",
    *,
    args: tuple[Any, ...] = (),
    batched: bool = False,
    gradient: Callable[..., Any] | bool | None = None,
    hessian: Callable[..., Any] | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 10_000,
    max_evaluations: int = 50_000,
    callback: Callable[[Iterate], Any] | None = None,
    keep_points: bool = False,
    **options: Any,
) -> Result:
    r"""A local minimum of a smooth function, :math:`\nabla f(x)=0`, or the best point seen and why no better one was reached.

    What the mathematics does is no error: non-finite values, functions without a minimum and failed searches end with
    a `Reason`. The point is differentiable with respect to `args` where ∇²f is regular, by the implicit function theorem:

    .. math:: \frac{\partial x}{\partial a}=-(\nabla^2f)^{-1}\frac{\partial^2f}{\partial x\,\partial a}

    Args:
        f: from a point and the arguments to a scalar tensor. An object with a method `value_and_gradient(x, *args)` is asked
            for both by it.
        x0: the start: a tensor, or a tree of tensors (dict, list, tuple, registered dataclass) of one dtype and device.
        method: "gradient-descent", "bfgs", "lbfgs"; of second order "newton", "trust-region", or without a Hessian "newton-cg".
        args: further arguments of f.
        batched: many problems at once: x0 and all tensors of `args` have a leading axis of problems; f is written for one
            and mapped by `torch.func.vmap`. Each stops for itself.
        gradient: None for autograd; True where f returns (value, gradient); or a function (x, *args) to it.
        hessian: None for autograd, or a function (x, *args) to ∇²f (n, n), n numbers in the order of the leaves.
        tolerance: of the largest entry of the gradient in size.
        max_iterations: of accepted steps.
        max_evaluations: of f with its gradient.
        callback: called with an `Iterate` after every iteration; True ends it, an array of them some problems.
        keep_points: whether the history holds the points.
        options: of the method, such as `memory` of "lbfgs" (20), `step_size` of "gradient-descent" (found by a line search
            unless given), and `decrease` and `curvature` of line searches.

    Returns:
        A `Result`: `x`, a tree like x0, and `value`; `converged`, and why it ended in `reason` and `message`; `gradient_norm`,
        `iterations`, `evaluations`, `history`. Where batched, one entry for each problem. `print` says it in a line.

    Raises:
        GradusError: a wrong argument; f returns no scalar, or one without a gradient.

    Cost: one call of f and one backward pass for each evaluation, of all running problems together.

    Source: Nocedal and Wright 2006, chapters 3, 6 and 7; Moré and Thuente 1994 (line search).

    Example:
        >>> import torch
        >>> rosenbrock = lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        >>> result = minimize(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64))
        >>> [round(v, 6) for v in result.x.tolist()], result.reason.name
        ([1.0, 1.0], 'CONVERGED')
    """
    layout = Flattening("x0", x0, batched=flag("batched", batched))
    settings = checked_settings(tolerance, max_iterations, max_evaluations, callback, keep_points)
    chosen = make_method(METHODS, method, options)
    objective = Objective(f, layout, args, gradient, hessian)
    ended, history = run(chosen, objective.detached(), layout.flat(), settings)
    return result_of(layout, solution_in_graph(objective, ended.x, ended.reasons), ended, history)


def result_of(layout: Flattening, points: Tensor, ended: Ended, history: History) -> Result:
    """The result of a run, with its points (b, n) as they are in the graph of the arguments."""
    x, reasons = layout.points(points), ended.reasons
    names = [f.name for f in fields(Ended) if f.name not in ("x", "gradient", "reason")]
    columns: dict[str, Any] = {name: getattr(ended, name) for name in names}
    if layout.batched:
        return Result(x=x, reason=reasons, history=history, **columns)
    numbers = {name: column[0].item() for name, column in columns.items()}
    return Result(x=x, reason=reasons[0], history=history, **numbers)
