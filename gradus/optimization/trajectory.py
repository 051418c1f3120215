"""Drives an optimiser by a gradient function from a start, and keeps every point that it visits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.errors import GradusError

Gradient = Callable[[Any], Any]
MakeOptimizer = Callable[[list[Tensor]], torch.optim.Optimizer]


def trajectory(
    make_optimizer: MakeOptimizer,
    gradient: Gradient,
    theta0: np.ndarray | Tensor,
    steps: int,
    *,
    step_sizes: Sequence[float] | np.ndarray | None = None,
    function: Callable[[Tensor], Any] | None = None,
) -> Float[Tensor, "points ..."]:
    r"""The points :math:`\theta_0,\dots,\theta_T` that a `torch.optim.Optimizer` visits.

    A diverging trajectory is returned as it is, with the infinities that it reaches.

    Args:
        make_optimizer: from the list of parameters to the optimiser, such as
            `lambda p: torch.optim.Adam(p, lr=0.1)`.
        gradient: from a point θ (a tensor) to the gradient there, of the same shape; called once a step
            unless `function` is given.
        theta0: the start, usually (dim,); an array or a tensor, which is not changed.
        steps: T.
        step_sizes: the learning rate of each step (T,), written into every parameter group.
        function: from a point to the value there, for optimisers that need a closure (L-BFGS).

    Returns:
        The trajectory (T + 1, *shape), the start first, with the dtype and on the device of the start.

    Raises:
        GradusError: the start holds no floating-point numbers, the number of steps is negative or differs
            from that of the step sizes, `make_optimizer` makes no optimiser, or a gradient has another shape
            than θ.

    Cost: T gradients and optimiser steps; memory O(T · dim).

    Example:
        >>> import numpy as np
        >>> import torch
        >>> sgd = lambda parameters: torch.optim.SGD(parameters, lr=0.5)
        >>> trajectory(sgd, lambda theta: theta, np.array([8.0]), steps=3).tolist()
        [[8.0], [4.0], [2.0], [1.0]]
    """
    start = _start(theta0)
    count = _steps(steps)
    rates = _rates(step_sizes, count)
    parameter = torch.nn.Parameter(start.clone())
    optimizer = _optimizer(make_optimizer, parameter)

    def closure() -> Any:
        # the point is copied: a gradient that returns its argument must not share memory with the parameter
        parameter.grad = _gradient(gradient, parameter.detach().clone())
        return function(parameter.detach()) if function else None

    points = start.new_empty((count + 1, *start.shape))
    points[0] = start
    for k in range(count):
        for group in optimizer.param_groups if rates else ():
            group["lr"] = rates[k]
        if function is None:
            closure()
            optimizer.step()
        else:
            optimizer.step(closure)
        points[k + 1] = parameter.detach()
    return points


def optax_trajectory(transformation: Any, gradient: Gradient, theta0: Any, steps: int) -> Any:
    r"""The points that an Optax gradient transformation visits: :math:`\theta_{k+1}=\theta_k+u_k`.

    Optax itself is not needed: anything with `init(params)` and `update(gradients, state, params)` will do,
    on JAX or on NumPy arrays.

    Args:
        transformation: such as `optax.adam(0.1)`.
        gradient: from a point θ to the gradient there, of the same shape; called once a step.
        theta0: the start, usually (dim,).
        steps: T.

    Returns:
        The trajectory (T + 1, *shape), an array of the start's framework.

    Raises:
        GradusError: the transformation lacks `init` or `update`, the number of steps is negative, or a
            gradient has another shape than θ.

    Cost: T gradients and updates; with JAX the update is compiled when T ≥ 100.
    """
    if not is_transformation(transformation):
        raise GradusError(
            "expected a gradient transformation with init(params) and update(gradients, state, params), "
            f"got {type(transformation).__name__}; for a torch.optim optimiser use trajectory"
        )
    count = _steps(steps)
    jax_array = type(theta0).__module__.startswith("jax")
    update = transformation.update
    if jax_array and count >= 100:
        import jax

        update = jax.jit(update)
    theta, state, points = theta0, transformation.init(theta0), [theta0]
    for _ in range(count):
        g = gradient(theta)
        if np.shape(g) != np.shape(theta):
            raise GradusError(_shapes_said(np.shape(g), np.shape(theta)))
        change, state = update(g, state, theta)
        theta = theta + change
        points.append(theta)
    if jax_array:
        import jax.numpy as jnp

        return jnp.stack(points)
    return np.stack(points)


def is_transformation(value: Any) -> bool:
    """Whether `value` is a gradient transformation as Optax defines them: it has `init` and `update`."""
    return callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))


def _start(theta0: Any) -> Tensor:
    start = theta0.detach() if isinstance(theta0, Tensor) else torch.as_tensor(np.array(theta0))
    if not start.is_floating_point():
        dtype = str(start.dtype).removeprefix("torch.")
        raise GradusError(f"expected a start of floating-point numbers, got {dtype}; write 1.0 for 1")
    return start


def _steps(steps: Any) -> int:
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or int(steps) < 0:
        raise GradusError(f"expected a number of steps, 0 or more, got {steps!r}")
    return int(steps)


def _rates(step_sizes: Any, count: int) -> list[float]:
    if step_sizes is None:
        return []
    rates = np.asarray(step_sizes, float)
    if rates.shape != (count,):
        raise GradusError(
            f"expected one step size for each of {count} steps, got the shape {rates.shape}; "
            "a constant one belongs to the optimiser"
        )
    return [float(rate) for rate in rates]


def _optimizer(make_optimizer: MakeOptimizer, parameter: Tensor) -> torch.optim.Optimizer:
    optimizer = make_optimizer([parameter])
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise GradusError(
            f"expected make_optimizer to return a torch.optim.Optimizer, got {type(optimizer).__name__}; "
            "for an Optax transformation use optax_trajectory"
        )
    return optimizer


def _gradient(gradient: Gradient, point: Tensor) -> Tensor:
    found = gradient(point)
    g = found if isinstance(found, Tensor) else torch.as_tensor(np.array(found))
    if g.shape != point.shape:
        raise GradusError(_shapes_said(tuple(g.shape), tuple(point.shape)))
    return g.detach().to(point)


def _shapes_said(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    return f"expected a gradient of the point's shape {want}, got {got}; return one partial derivative each"
