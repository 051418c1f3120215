"""Online descent: each round a point is played, then the loss is shown, and the point moves against its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import array, flag, number, refusal, whole
from gradus.arguments import function as require_function
from gradus.arguments.errors import written
from gradus.arguments.tensors import tensor
from gradus.frameworks.optax import gradient_shape_error
from gradus.text import Text

Gradient = Callable[[Tensor, int], Any]


def online_descent(
    gradient: Gradient,
    theta0: Float[Tensor, " d"],
    steps: int,
    step_sizes: float | Sequence[float] | np.ndarray,
    *,
    radius: float | None = None,
    simplex: bool = False,
) -> Float[Tensor, "points d"]:
    r"""The points that online gradient descent plays, in a ball or, by exponential weights, in the simplex.

    .. math:: \theta_{t+1}=\Pi(\theta_t-\alpha_{t+1}g_t),\quad\Pi(x)=x\min\Bigl(1,\frac r{\lVert x\rVert}\Bigr)
        \qquad\text{or}\qquad\theta_{t+1,i}\propto\theta_{t,i}\,e^{-\alpha_{t+1}g_{t,i}}

    Weights are kept as logarithms: an expert that was bad for ever so long may return.

    Args:
        gradient: from the point played (d,) and the round 0, 1, … to the gradient of this round's loss (d,).
        theta0: the first point (d,); for the simplex shares that add up to 1.
        steps: T, the number of rounds.
        step_sizes: α, one for all rounds or (T,).
        radius: r of the ball around 0; all of space unless given.
        simplex: whether the points are shares.

    Returns:
        The points (T + 1, d); the last has not been played.

    Raises:
        GradusError: a step size is negative, the start lies outside of the set, both sets are asked for, or a
            gradient has another shape than θ.

    Cost: T gradients; memory O(Td).

    Source: Zinkevich 2003; Freund and Schapire 1997, Figure 1.

    Example:
        >>> import torch
        >>> losses = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
        >>> shares = online_descent(lambda _, t: losses[t], torch.full((2,), 0.5), 2, 1.0, simplex=True)
        >>> [round(share, 3) for share in shares[:, 0].tolist()]
        [0.5, 0.731, 0.881]
    """
    require_function("gradient", gradient, "lambda theta, t: theta - data[t]")
    theta = tensor("theta0", theta0, "d>=1", finite=True, meta=False).detach()
    count, rates = whole("steps", steps, least=0), _rates(step_sizes, steps)
    reach = None if radius is None else number("radius", radius, above=0)
    shares = flag("simplex", simplex)
    _require_inside(theta, reach, shares)
    points = theta.new_empty((count + 1, len(theta)))
    points[0] = theta
    weights = theta.log()
    for t in range(count):
        g = _gradient(gradient, points[t].clone(), t)
        if shares:
            weights = weights - rates[t] * g
            weights = weights - weights.amax()
            points[t + 1] = torch.softmax(weights, 0)
        else:
            points[t + 1] = _projected(points[t] - rates[t] * g, reach)
    return points


def _projected(point: Tensor, reach: float | None) -> Tensor:
    if reach is None:
        return point
    length = torch.linalg.vector_norm(point)
    return point * (reach / length) if bool(length > reach) else point


def _rates(step_sizes: Any, steps: Any) -> list[float]:
    if not isinstance(step_sizes, (Sequence, np.ndarray, Tensor)) or isinstance(step_sizes, (str, bytes)):
        return [number("step_sizes", step_sizes, least=0)] * whole("steps", steps, least=0)
    rates = array("step_sizes", step_sizes, finite=True)
    if rates.shape != (steps,) or (rates < 0).any():
        raise refusal(
            "step_sizes",
            (
                f"one number, or one for each of {steps} rounds, none negative",
                f"一个数，或 {steps} 轮各一个，均不为负",
            ),
            written(np.atleast_1d(rates).tolist()) if rates.size <= 8 else rates.shape,
        )
    return [float(rate) for rate in rates]


def _require_inside(theta: Tensor, reach: float | None, shares: bool) -> None:
    if shares and reach is not None:
        raise refusal("radius", ("None for points of the simplex", "单纯形上的点不用半径，应为 None"), reach)
    if shares and not (bool((theta >= 0).all()) and abs(float(theta.double().sum()) - 1) <= 0.01):
        raise refusal("theta0", ("shares that add up to 1", "非负且和为 1 的权重"), written(theta.tolist()))
    length = float(torch.linalg.vector_norm(theta.double()))
    if reach is not None and length > reach * (1 + 4 * torch.finfo(theta.dtype).eps):
        raise refusal(
            "theta0",
            (f"a point of the ball of radius {reach:g}", f"半径为 {reach:g} 的球内的点"),
            Text(f"one of length {length:g}", f"长度为 {length:g} 的点"),
        )


def _gradient(gradient: Gradient, point: Tensor, t: int) -> Tensor:
    value = gradient(point, t)
    g = value if isinstance(value, Tensor) else torch.as_tensor(array("gradient", value))
    if g.shape != point.shape:
        raise gradient_shape_error(tuple(g.shape), tuple(point.shape))
    return g.detach().to(point)
