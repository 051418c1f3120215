"""Power iteration: the dominant eigenvector by repeated multiplication, with the whole path."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["power_iteration"]


def power_iteration(
    A: Float[Tensor, "... n n"], x0: Float[Tensor, "... n"], steps: int
) -> tuple[Float[Tensor, "... k"], Float[Tensor, "... k n"]]:
    r"""Rayleigh quotients and unit vectors of the power iteration, from the start on.

    .. math::
        x_0\leftarrow x_0/\lVert x_0\rVert,\qquad x_{k+1}=Ax_k/\lVert Ax_k\rVert,\qquad \mu_k=x_k^{\mathsf T}Ax_k

    Args:
        A: square matrix (..., n, n).
        x0: start (..., n), not zero.
        steps: how many multiplications to iterate.

    Returns:
        μ (..., steps + 1) and x (..., steps + 1, n).

    Raises:
        GradusError: shapes that do not fit, a negative number of steps, a start of zero, or a product that is zero or
            not finite (A sends the vector to 0, or overflows).

    Cost: steps + 1 products with A.

    Source: von Mises and Pollaczek-Geiringer 1929, Praktische Verfahren der Gleichungsauflösung.

    Example:
        >>> import torch
        >>> A = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
        >>> mu, x = power_iteration(A, torch.tensor([1.0, 0.0], dtype=torch.float64), steps=20)
        >>> round(mu[-1].item(), 6), x[-1].numpy().round(4).tolist()
        (3.0, [0.7071, 0.7071])
    """
    sizes = Sizes()
    tensor("A", A, "*#batch n>=1 n", sizes, finite=True)
    tensor("x0", x0, "*#batch n", sizes, finite=True)
    same_kind(A=A, x0=x0)
    steps = whole("steps", steps, least=0)
    x = _unit(x0, "x0: the start")
    values, vectors = [], []
    for k in range(steps + 1):
        y = (A @ x[..., None])[..., 0]  # (..., n)
        values.append((x * y).sum(-1))
        vectors.append(x.expand(y.shape))
        if k < steps:
            x = _unit(y, f"A: the product of step {k + 1}")
    return torch.stack(values, dim=-1), torch.stack(vectors, dim=-2)


def _unit(x: Tensor, name: str) -> Tensor:
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    if concrete(length) and not (torch.isfinite(length) & (length > 0)).all():
        raise GradusError(
            Text(
                f"{name} has length {length.min().item():g}, expected a positive finite one; start elsewhere or scale A",
                f"{name} 的长度为 {length.min().item():g}，应为有限正数；请换一个起点，或缩放 A",
            )
        )
    return x / length
