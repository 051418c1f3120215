"""Drives an optimiser by a gradient function from a start, and keeps every point that it visits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import array, real_array, whole
from gradus.arguments import function as require_function
from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.frameworks.optax import gradient_shape_error
from gradus.text import Text

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
    require_function(
        "make_optimizer", make_optimizer, "lambda parameters: torch.optim.SGD(parameters, lr=0.1)"
    )
    require_function("gradient", gradient, "lambda theta: theta")
    if function is not None:
        require_function("function", function, "lambda theta: theta.square().sum()")
    start = _start(theta0)
    count = whole("steps", steps, least=0)
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


def _start(theta0: Any) -> Tensor:
    if isinstance(theta0, Tensor):
        return tensor("theta0", theta0, meta=False).detach()
    start = real_array("theta0", theta0)
    if start.dtype.kind != "f" or start.dtype.itemsize > 8:
        raise GradusError(
            Text(
                f"theta0: expected a start of floating-point numbers in PyTorch's precisions, got {start.dtype}; write 1.0 for 1",
                f"theta0：起点应为 PyTorch 各精度的浮点数，得到 {start.dtype}；请把 1 写成 1.0",
            )
        )
    return torch.as_tensor(start.astype(start.dtype.newbyteorder("=")))


def _rates(step_sizes: Any, count: int) -> list[float]:
    if step_sizes is None:
        return []
    rates = array("step_sizes", step_sizes)
    if rates.shape != (count,):
        raise GradusError(
            Text(
                f"step_sizes: expected one for each of {count} steps, got the shape {rates.shape}; "
                "a constant one belongs to the optimiser",
                f"step_sizes：{count} 步应各有一个步长，得到形状 {rates.shape}；固定的步长属于优化器",
            )
        )
    return [float(rate) for rate in rates]


def _optimizer(make_optimizer: MakeOptimizer, parameter: Tensor) -> torch.optim.Optimizer:
    optimizer = make_optimizer([parameter])
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise GradusError(
            Text(
                f"make_optimizer: expected it to return a torch.optim.Optimizer, got {type(optimizer).__name__}; "
                "for an Optax transformation use gradus.frameworks.optax.optax_trajectory",
                f"make_optimizer：应返回 torch.optim.Optimizer，得到 {type(optimizer).__name__}；Optax 的梯度变换请用 gradus.frameworks.optax.optax_trajectory",
            )
        )
    return optimizer


def _gradient(gradient: Gradient, point: Tensor) -> Tensor:
    value = gradient(point)
    g = value if isinstance(value, Tensor) else torch.as_tensor(np.array(real_array("gradient", value)))
    if g.shape != point.shape:
        raise gradient_shape_error(tuple(g.shape), tuple(point.shape))
    return g.detach().to(point)
