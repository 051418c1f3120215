"""Where descent on a linear model ends: the direction of largest margin, and the nearest interpolant."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text
from gradus.theory.homogeneous_network import wide


class ImplicitBias(NamedTuple):
    """What plain descent on a linear model tends to.

    Attributes:
        direction: of length 1 (d,), that of the weights as the logistic loss goes to 0.
        margin: the least y x·direction: no direction has a larger one.
        at_margin: the samples that have it (n,): the support vectors, and those that touch by chance.
        interpolant: (d,), the limit on the squared error from the start.

    Example:
        >>> ImplicitBias(direction=[1.0], margin=2.0, at_margin=[True], interpolant=[0.5]).margin
        2.0
    """

    direction: Any
    margin: Any
    at_margin: Any
    interpolant: Any


def implicit_bias(
    x: Float[Tensor, "n d"], y: Float[Tensor, " n"], start: Float[Tensor, " d"] | None = None
) -> ImplicitBias:
    r"""The limits of gradient descent on x·θ: of its direction for the logistic loss, of θ itself for the squared error.

    .. math:: \frac{\theta_t}{\lVert\theta_t\rVert}\to\arg\max_{\lVert u\rVert=1}\min_iy_i\,x_i^{\mathsf T}u,\qquad
        \theta_t\to\theta_0+X^+(y-X\theta_0)

    The first is the point of the convex hull of the y_i x_i that is nearest to 0, found by Wolfe's algorithm, which ends after finitely many
    steps; the margin returned is the one that the direction has. The start does not matter for it, nor does a step that is small enough.
    The second solves Xθ = y, where that can be solved, nearest to the start.

    Args:
        x: samples, one a row (n, d); put a 1 behind each where the model has an offset, which then counts as a weight. Features of a network's
            last hidden layer will do.
        y: labels −1 and 1 (n,), by which the second limit goes, too.
        start: θ₀ (d,); None for 0.

    Returns:
        The `ImplicitBias`, in the precision of x.

    Raises:
        GradusError: labels that are neither, or samples that no hyperplane through 0 separates.

    Cost: O(n d) a step, mostly a few steps for each support vector; O(n d min(n, d)) for the interpolant.

    Source: Soudry et al. 2018; Wolfe 1976 for the nearest point.

    Example:
        >>> import torch
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-3.0, -3.0]], dtype=torch.float64)
        >>> found = implicit_bias(x, torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))
        >>> found.direction.numpy().round(4), round(float(found.margin), 4), found.at_margin.tolist()
        (array([0.4472, 0.8944]), 0.8944, [True, True, False])
    """
    sizes = Sizes()
    tensor("x", x, "n>=1 d>=1", sizes, finite=True, meta=False)
    tensor("y", y, "n", sizes, meta=False)
    if start is not None:
        tensor("start", start, "d", sizes, finite=True, meta=False)
    same_kind(x=x, y=y, start=start)
    if not bool((y.abs() == 1).all()):
        raise refusal("y", ("labels −1 and 1", "−1 与 1 的标签"), y)
    X, labels = x.detach().to(wide(x)), y.detach().to(wide(x))
    eps = torch.finfo(X.dtype).eps
    size = torch.ldexp(
        X.new_ones(()), torch.frexp(X.abs().max()).exponent - 1
    )  # a power of two: nothing is rounded
    X = X / size
    point = _nearest(X * labels[:, None], eps)
    direction = point / point.norm()
    margins = (X @ direction) * labels
    margin = margins.min()
    first = X.new_zeros(X.shape[1]) if start is None else start.detach().to(X)
    touching = margins <= margin + max(1e-9, 1e3 * eps) * X.norm(dim=1)
    interpolant = first + torch.linalg.pinv(X) @ (labels / size - X @ first)
    return ImplicitBias(direction.to(x), (margin * size).to(x), touching, interpolant.to(x))


def _nearest(points: Tensor, eps: float) -> Tensor:
    """The point of the convex hull that is nearest to 0, by Wolfe's algorithm.

    Raises:
        GradusError: it is 0, so that no hyperplane through 0 has all points on one side.
    """
    scale = points.norm(dim=1).max()
    if not float(scale) > 0:
        raise _not_separable(Text("samples that are 0", "为 0 的样本"))
    Z = points / scale
    lengths = Z.norm(dim=1)
    kept = [int(Z.square().sum(1).argmin())]
    weights = torch.ones(1).to(Z)
    point: Tensor = Z[kept[0]]
    for _ in range(50 * len(Z) + 1000):
        products, size = Z @ point, float(point @ point)
        if size <= 1e4 * eps**2:
            break
        nearer = size - products - 8 * eps * math.sqrt(size) * lengths  # beyond each product's own rounding
        nearest = int(nearer.argmax())
        if float(nearer[nearest]) <= 0 or nearest in kept:
            break
        kept, weights = _minor([*kept, nearest], torch.cat([weights, weights.new_zeros(1)]), Z)
        point = weights @ Z[kept]
    point = _sharpened(point, Z, kept)
    if not bool((Z @ point > 16 * eps * float(point.norm()) * lengths).all()):
        raise _not_separable(
            Text("samples that no hyperplane through 0 separates", "没有过原点的超平面能分开的样本")
        )
    return point


def _minor(kept: list[int], weights: Tensor, Z: Tensor) -> tuple[list[int], Tensor]:
    """The nearest point of the affine hull of these corners, or of fewer, until it lies within their convex hull."""
    while True:
        wanted = _affine_minimum(Z[kept])
        if bool((wanted > 0).all()):
            return kept, wanted
        falling = wanted <= 0
        share = (weights / (weights - wanted))[falling].min().clamp(0, 1)
        weights = weights + share * (wanted - weights)
        stay = weights > weights.max() * torch.finfo(Z.dtype).eps
        if bool(stay.all()):  # rounding kept the corner that had to go
            stay[int(torch.where(falling, weights, math.inf).argmin())] = False
        kept = [k for k, s in zip(kept, stay.tolist(), strict=True) if s]
        weights = weights[stay] / weights[stay].sum()


def _affine_minimum(rows: Tensor) -> Tensor:
    """The weights, of sum 1, of the point of the rows' affine hull that is nearest to 0."""
    lengths = rows.norm(dim=1)
    R = torch.linalg.qr((rows / lengths[:, None]).mT).R if 0 < len(rows) <= rows.shape[1] and bool((lengths > 0).all()) else None  # fmt: skip
    if R is not None and float(R.diagonal().abs().min()) > 1e3 * torch.finfo(rows.dtype).eps:
        half = torch.linalg.solve_triangular(R.mT, 1 / lengths[:, None], upper=False)
        weights: Tensor = torch.linalg.solve_triangular(R, half, upper=True)[:, 0] / lengths
        return weights / weights.sum()
    k = len(rows)  # dependent rows: all have the same product with the point, which is the last unknown
    system, right = torch.zeros(k + 1, k + 1).to(rows), torch.zeros(k + 1, 1).to(rows)
    right[0] = system[0, :k] = system[1:, k] = 1
    system[1:, :k] = rows @ rows.mT
    driver = "gelsd" if rows.device.type == "cpu" else None
    solution: Tensor = torch.linalg.lstsq(system, right, driver=driver).solution
    return solution[:-1, 0]


def _sharpened(point: Tensor, Z: Tensor, kept: list[int]) -> Tensor:
    """The direction in which the corners have one margin, computed without squares, where no margin gets worse by it."""
    rows = Z[kept]
    lengths = rows.norm(dim=1, keepdim=True)
    w = (torch.linalg.pinv(rows / lengths) @ (1 / lengths))[:, 0]
    w = w / w.norm()
    return w if float((Z @ w).min()) > float((Z @ point).min() / point.norm()) else point


def _not_separable(came: Text) -> Exception:
    return refusal(
        "x, y",
        ("samples that a hyperplane through 0 separates", "可由过原点的超平面分开的样本"),
        came,
        (
            "put a 1 behind each sample for an offset; if that does not separate them either, no direction has a margin above 0",
            "需要偏置时在每个样本后添上 1；若仍不可分，则没有哪个方向的间隔大于 0",
        ),
    )
