"""Penalties that have no gradient somewhere, with their proximal operators, for `minimize_composite`."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import number, refusal
from gradus.arguments.tensors import factor, tensor
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["Box", "L1Norm", "L2Norm", "NuclearNorm", "Penalty"]


@runtime_checkable
class Penalty(Protocol):
    r"""A convex function g with the operator :math:`\operatorname{prox}_{tg}(v)=\arg\min_u g(u)+\frac{1}{2t}\|u-v\|^2`."""

    def value(self, x: Tensor) -> Tensor:
        """g(x), a scalar tensor; infinite outside of where g is defined."""

    def prox(self, v: Tensor, step: Tensor) -> Tensor:
        """The operator at v (the shape of x) for the step t, a scalar tensor."""


def _weight(value: Any, spec: str | None = "") -> Any:
    """A number, or a tensor of them, none negative."""
    if not isinstance(value, Tensor):
        return number("weight", value, least=0)
    tensor("weight", value, spec, dtype="real", finite=True, meta=False)
    if bool((value < 0).any()):
        raise refusal("weight", ("numbers that are not negative", "非负数"), value)
    return value


def _bound(name: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        return torch.tensor(number(name, value, infinite=True), dtype=torch.float64)
    return tensor(name, value, dtype="real", meta=False)


def _checked(v: Any, step: Any) -> Any:
    """The step, once both are what they must be."""
    tensor("v", v)
    return factor("step", step) if isinstance(step, Tensor) else number("step", step, least=0)


def _wide(x: Tensor) -> Tensor:
    """In a precision that PyTorch decomposes matrices in."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


class L1Norm:
    r""":math:`g(x)=\sum_i w_i|x_i|`; the operator is soft thresholding.

    .. math:: \operatorname{prox}_{tg}(v)_i=\operatorname{sign}(v_i)\max(|v_i|-tw_i,0)

    Args:
        weight: w, one number or one for each coordinate; 0 leaves a coordinate free. A tensor may require a gradient.

    Raises:
        GradusError: a weight is negative or not finite.

    Source: daubechies2004iterative.

    Example:
        >>> import torch
        >>> L1Norm(1.0).prox(torch.tensor([3.0, -0.5, -2.0]), torch.tensor(1.0)).tolist()
        [2.0, 0.0, -1.0]
    """

    def __init__(self, weight: Any = 1.0) -> None:
        self.weight = _weight(weight, None)

    def value(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
        """g(x)."""
        tensor("x", x)
        result: Tensor = (self.weight * x.abs()).sum()
        return result

    def prox(self, v: Float[Tensor, "*shape"], step: Float[Tensor, ""] | float) -> Float[Tensor, "*shape"]:
        """What is beyond the threshold of each coordinate."""
        step = _checked(v, step)
        threshold = torch.as_tensor(step * self.weight).to(v).expand_as(v)
        return v - v.clamp(-threshold, threshold)


class L2Norm:
    r""":math:`g(x)=w\|x\|_2`, not squared: the operator shortens the vector, and may make all of it 0.

    .. math:: \operatorname{prox}_{tg}(v)=\max\Bigl(1-\frac{tw}{\|v\|_2},0\Bigr)v

    Args:
        weight: w.

    Raises:
        GradusError: the weight is negative or not finite.

    Source: parikh2014proximal §6.5.1.

    Example:
        >>> import torch
        >>> L2Norm(1.0).prox(torch.tensor([3.0, 4.0]), torch.tensor(2.5)).tolist()
        [1.5, 2.0]
    """

    def __init__(self, weight: Any = 1.0) -> None:
        self.weight = _weight(weight)

    def value(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
        """g(x)."""
        result: Tensor = self.weight * torch.linalg.vector_norm(tensor("x", x))
        return result

    def prox(self, v: Float[Tensor, "*shape"], step: Float[Tensor, ""] | float) -> Float[Tensor, "*shape"]:
        """V, shorter by tw."""
        step = _checked(v, step)
        norm = v.square().sum()
        safe = torch.where(norm > 0, norm, 1.0).sqrt()  # a derivative at 0 without NaN
        result: Tensor = v * (1 - step * self.weight / safe).clamp(min=0)
        return result


class Box:
    r"""g = 0 where :math:`l\le x\le u` in every coordinate, ∞ elsewhere; the operator is the projection.

    Args:
        lower: l, one number or one for each coordinate; may be −∞.
        upper: u; may be ∞.

    Raises:
        GradusError: a bound is NaN, or some lower one above its upper one.

    Source: parikh2014proximal §6.2.4.

    Example:
        >>> import torch
        >>> Box(0.0, 1.0).prox(torch.tensor([-1.0, 0.5, 7.0]), torch.tensor(1.0)).tolist()
        [0.0, 0.5, 1.0]
    """

    def __init__(self, lower: Any, upper: Any) -> None:
        self.lower, self.upper = _bound("lower", lower), _bound("upper", upper)
        if not bool((self.lower <= self.upper).all()):
            raise GradusError(
                Text(
                    "lower, upper: expected lower <= upper in every coordinate",
                    "lower、upper：每个坐标都应有 lower <= upper",
                )
            )

    def value(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
        """0 or ∞."""
        tensor("x", x)
        inside = ((x >= self.lower.to(x)) & (x <= self.upper.to(x))).all()
        return torch.where(inside, 0.0, torch.inf).to(x.dtype)

    def prox(self, v: Float[Tensor, "*shape"], step: Float[Tensor, ""] | float) -> Float[Tensor, "*shape"]:
        """The nearest point of the box."""
        _checked(v, step)
        return torch.minimum(torch.maximum(v, self.lower.to(v)), self.upper.to(v))


class NuclearNorm:
    r""":math:`g(X)=w\sum_i\sigma_i(X)`, the sum of the singular values of a matrix; the operator thresholds them.

    .. math:: \operatorname{prox}_{tg}(V)=U\operatorname{diag}(\max(\sigma_i-tw,0))W^\top,\qquad V=U\operatorname{diag}(\sigma)W^\top

    Args:
        weight: w.

    Raises:
        GradusError: the weight is negative or not finite.

    Cost: a singular value decomposition for each step.

    Source: cai2010singular.

    Example:
        >>> import torch
        >>> NuclearNorm(1.0).prox(torch.diag(torch.tensor([3.0, 0.5])), torch.tensor(1.0)).diagonal().tolist()
        [2.0, 0.0]
    """

    def __init__(self, weight: Any = 1.0) -> None:
        self.weight = _weight(weight)

    def value(self, x: Float[Tensor, "rows columns"]) -> Float[Tensor, ""]:
        """g(X)."""
        wide = _wide(tensor("x", x, "rows columns", finite=True))
        result: Tensor = (self.weight * torch.linalg.svdvals(wide).sum()).to(x.dtype)
        return result

    def prox(
        self, v: Float[Tensor, "rows columns"], step: Float[Tensor, ""] | float
    ) -> Float[Tensor, "rows columns"]:
        """V with its singular values smaller by tw."""
        step = _checked(v, step)
        tensor("v", v, "rows columns", finite=True)
        left, sigma, right = torch.linalg.svd(_wide(v), full_matrices=False)
        result: Tensor = ((left * (sigma - step * self.weight).clamp(min=0)) @ right).to(v.dtype)
        return result
