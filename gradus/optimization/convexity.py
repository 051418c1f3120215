"""What convexity is measured by: the curvature of chords, and the conjugate of a function known at points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments import function as require_function
from gradus.arguments.errors import written
from gradus.arguments.tensors import same_kind, tensor

BLOCK = 4_000_000  # numbers that are held at a time


def conjugate(
    points: Float[Tensor, "n d"], values: Float[Tensor, " n"], slopes: Float[Tensor, "m d"]
) -> Float[Tensor, " m"]:
    r"""The convex conjugate of a function that is known at points.

    .. math:: f^*(y)=\max_i\ \bigl(y^{\mathsf T}x_i-f(x_i)\bigr)

    Applied to its result, with points and slopes exchanged, it gives the greatest function below f that is a maximum
    of affine ones with these slopes. Its gradient by a slope is the point at which the maximum is attained.

    Args:
        points: x (n, d).
        values: f(x) (n,); +∞ where f is not defined.
        slopes: y (m, d).

    Returns:
        f*(y) (m,).

    Raises:
        GradusError: there is no point, or the shapes, precisions or devices differ.

    Cost: O(nmd); memory O(n + m) beyond a block of fixed size.

    Source: Fenchel 1949.

    Example:
        >>> import torch
        >>> x = torch.linspace(-3.0, 3.0, 7)[:, None]
        >>> conjugate(x, x[:, 0] ** 2 / 2, torch.tensor([[1.0], [2.0]])).tolist()
        [0.5, 2.0]
    """
    sizes = Sizes()
    tensor("points", points, "n>=1 d>=1", sizes)
    tensor("values", values, "n", sizes)
    tensor("slopes", slopes, "m d", sizes)
    same_kind(points=points, values=values, slopes=slopes)
    rows = max(1, BLOCK // len(points))
    parts = [(block @ points.T - values).amax(1) for block in slopes.split(rows)]
    return torch.cat(parts) if parts else values.new_empty(0)


def chord_curvature(
    function: Callable[[Tensor], Any], points: Float[Tensor, "n d"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    r"""The least and the greatest curvature of the chords between points.

    .. math:: c(x,z)=\frac{4\bigl(f(x)+f(z)-2f(\frac{x+z}2)\bigr)}{\lVert x-z\rVert^2}

    A convex function has no negative one, a μ-strongly convex function none below μ, and one with an L-Lipschitz
    gradient none beyond ±L. A negative one proves that f is not convex; points can prove no more.

    Args:
        function: f, from points (k, d) to the values there (k,).
        points: x (n, d), two or more, no two of them the same.

    Returns:
        The least and the greatest c over all pairs.

    Raises:
        GradusError: two points are the same, f gives something else than a value a point, or a chord is not finite.

    Cost: n(n + 1)/2 values of f, in n calls; memory O(nd).

    Source: Jensen 1906.

    Example:
        >>> import torch
        >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> least, greatest = chord_curvature(lambda p: p[:, 0] ** 2 + 2 * p[:, 1] ** 2, x)
        >>> least.item(), greatest.item()
        (2.0, 4.0)
    """
    require_function("function", function, "lambda points: points.square().sum(1)")
    tensor("points", points, "n>=2 d>=1", finite=True, meta=False)
    values = _values(function, points)
    least, greatest = [], []
    for i in range(len(points) - 1):
        x, others = points[i], points[i + 1 :]
        length = (others - x).square().sum(1)
        if bool((length == 0).any()):
            raise refusal(
                "points",
                ("points of which no two are the same", "两两不同的点"),
                written(points[i].tolist()),
                ("leave the repeated ones out", "去掉重复的点"),
            )
        bend = values[i] + values[i + 1 :] - 2 * _values(function, (x + others) / 2)
        curvature = 4 * bend / length
        if not bool(curvature.isfinite().all()):
            raise refusal(
                "points",
                ("points whose chords have a finite curvature", "弦的曲率为有限数的点"),
                written(points[i].tolist()),
                (
                    "leave out points where f is infinite, and scale huge ones",
                    "去掉函数值为无穷的点，并缩小过大的点",
                ),
            )
        least.append(curvature.amin())
        greatest.append(curvature.amax())
    return torch.stack(least).amin(), torch.stack(greatest).amax()


def _values(function: Callable[[Tensor], Any], points: Tensor) -> Tensor:
    values = function(points)
    if not isinstance(values, Tensor) or values.shape != points.shape[:1]:
        raise refusal(
            "function",
            (
                f"values of the shape ({len(points)},) of so many points",
                f"{len(points)} 个点上形状为 ({len(points)},) 的值",
            ),
            tuple(values.shape) if isinstance(values, Tensor) else values,
            kind=not isinstance(values, Tensor),
        )
    return tensor("function", values).to(points)
