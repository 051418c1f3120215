"""What a spectrum is taken of: a symmetric matrix, or whatever multiplies vectors as one does."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.arguments.tensors import concrete, tensor
from gradus.text import Text


@runtime_checkable
class SymmetricOperator(Protocol):
    """A symmetric matrix of which only the products with vectors are known."""

    shape: tuple[int, int]
    dtype: torch.dtype
    device: torch.device

    def __matmul__(self, vectors: Tensor) -> Tensor: ...


def symmetric_operator(name: str, value: Any) -> Tensor | SymmetricOperator:
    """A symmetric matrix, or an operator with `@`; a matrix in half precision comes back in float32.

    Raises:
        GradusError: it is neither, is not square, not finite, or not symmetric up to rounding.
    """
    if isinstance(value, Tensor):
        return _symmetric(name, value)
    if isinstance(value, (np.ndarray, list, tuple)):
        tensor(name, value)
    if not isinstance(value, SymmetricOperator) or not isinstance(value.dtype, torch.dtype):
        raise refusal(name, ("a symmetric matrix or a Curvature", "对称矩阵或 Curvature"), value, kind=True)
    return value


def _symmetric(name: str, value: Tensor) -> Tensor:
    matrix = tensor(name, value, "n n", finite=True, meta=False)
    if not len(matrix):
        raise refusal(name, ("a matrix with a row", "至少有一行的矩阵"), matrix)
    if concrete(matrix):
        size, off = matrix.detach().abs().max(), (matrix - matrix.mT).detach().abs().max()
        if bool(off > 64 * torch.finfo(matrix.dtype).eps * size):
            came = Text(
                f"entries that differ by {float(off):.3g} from those across the diagonal",
                f"关于对角线对称的元素相差 {float(off):.3g}",
            )
            mend = ("give (H + H.mT) / 2 if that is meant", "若本意如此，请用 (H + H.mT) / 2")
            raise refusal(name, ("a symmetric matrix", "对称矩阵"), came, mend)
    return working(matrix)


def working(value: Tensor) -> Tensor:
    """The tensor outside of the graph, in float32 at least: orthogonality is lost in half precision within a few steps."""
    return value.detach().to(torch.promote_types(value.dtype, torch.float32))


def random_vector(
    operator: Tensor | SymmetricOperator, generator: torch.Generator, signs: bool = False
) -> Tensor:
    """A vector of normal draws, or of signs ±1, on the operator's device; the same on every device."""
    n = operator.shape[0]
    if signs:
        drawn = torch.randint(2, (n,), generator=generator).mul_(2).sub_(1).double()
    else:
        drawn = torch.randn(n, dtype=torch.float64, generator=generator)
    return drawn.to(operator.device, torch.promote_types(operator.dtype, torch.float32))


def product(operator: Tensor | SymmetricOperator, vector: Tensor) -> Tensor:
    """The operator's product with a vector, in the vector's precision.

    Raises:
        GradusError: it is not finite.
    """
    result = (operator @ vector.to(operator.dtype)).to(vector.dtype)
    if not bool(result.isfinite().all()):
        raise refusal(
            "operator",
            ("one whose products are finite", "乘积有限的算子"),
            Text("a product with NaN or ∞", "含 NaN 或 ∞ 的乘积"),
        )
    return result


def length(vector: Tensor) -> float:
    """The Euclidean norm, of the smallest and the largest numbers too, whose squares are none."""
    largest = vector.abs().max()
    return float(largest * (vector / largest).norm()) if bool(largest) else 0.0
