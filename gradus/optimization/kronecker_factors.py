"""A layer's curvature as a Kronecker product: damping shared out between its factors, inverses, the natural-gradient step."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, number, refusal
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text


class SingularFactorError(GradusError):
    """A factor that has no inverse at its damping: singular to rounding, or not finite, as where training diverges."""


def kronecker_step(
    a: Float[Tensor, "n d_in"],
    g: Float[Tensor, "m d_out"],
    gradient: Float[Tensor, "d_out d_in"],
    damping: float = 1e-3,
) -> Float[Tensor, "d_out d_in"]:
    r"""The natural-gradient direction of one layer, its Fisher matrix taken for a Kronecker product.

    .. math:: \Bigl(S+\tfrac{\sqrt\lambda}{\pi}I\Bigr)^{-1}\nabla W\,\bigl(A+\pi\sqrt\lambda\,I\bigr)^{-1},\qquad
        A=\tfrac1n\sum_i a_ia_i^{\mathsf T},\quad S=\tfrac1m\sum_i g_ig_i^{\mathsf T},\quad
        \pi^2=\frac{\operatorname{tr}A/d_{in}}{\operatorname{tr}S/d_{out}}

    Args:
        a: the layer's inputs (n, d_in), a column of ones among them where it has a bias.
        g: the gradients of −log p with respect to its outputs (m, d_out), the targets drawn from the model.
        gradient: of the loss with respect to the weights (d_out, d_in).
        damping: λ ≥ 0; 0 needs factors of full rank.

    Returns:
        The direction (d_out, d_in); W goes against it.

    Raises:
        GradusError: shapes or precisions that do not fit, no rows, values that are not finite, or a factor that is
            singular at this damping.

    Cost: O(n d_in² + m d_out² + d_in³ + d_out³).

    Source: Martens and Grosse 2015, §4 and §6.3.

    Example:
        >>> import torch
        >>> a, g = torch.eye(2) * 2, torch.eye(2)
        >>> step = kronecker_step(a, g, torch.tensor([[4.0, 2.0], [0.0, 1.0]]), damping=0.0)
        >>> [[round(entry, 4) for entry in row] for row in step.tolist()]
        [[4.0, 2.0], [0.0, 1.0]]
    """
    sizes = Sizes()
    tensor("a", a, "n>=1 d_in>=1", sizes, finite=True)
    tensor("g", g, "m>=1 d_out>=1", sizes, finite=True)
    tensor("gradient", gradient, "d_out d_in", sizes, finite=True)
    same_kind(a=a, g=g, gradient=gradient)
    damping = number("damping", damping, least=0)
    wide = torch.promote_types(a.dtype, torch.float32)
    inputs, outputs = a.to(wide), g.to(wide)
    A, S = inputs.mT @ inputs / len(a), outputs.mT @ outputs / len(g)
    A_inverse, S_inverse = damped_inverses(A, S, damping)
    direction = (S_inverse @ gradient.to(wide) @ A_inverse).to(gradient.dtype)
    if concrete(direction) and not bool(direction.isfinite().all()):
        raise refusal(
            "a, g, gradient",
            ("values whose squares and quotients the precision holds", "其平方与商不超出精度范围的数"),
            Text("a direction that is not finite", "非有限的方向"),
        )
    return direction


def damped_inverses(
    A: Float[Tensor, "*blocks d_in d_in"],
    S: Float[Tensor, "*blocks d_out d_out"],
    damping: float,
    layer: str = "",
    diagonal: bool = False,
) -> tuple[Tensor, Tensor]:
    r"""The inverses of A + π√λ I and S + √λ/π I by Cholesky, π balancing the mean eigenvalues of the two factors.

    A diagonal A is the row of its entries (1, 1, d_in); where one is 0 without damping, its inverse is taken for 0.

    Raises:
        GradusError: a factor is not finite, or singular at this damping.
    """
    mean_a = A.mean((-2, -1)) if diagonal else A.diagonal(dim1=-2, dim2=-1).mean(-1)
    mean_s = S.diagonal(dim1=-2, dim2=-1).mean(-1)
    # a factor that is zero throughout has no scale to be balanced against
    pi = torch.where((mean_a > 0) & (mean_s > 0), (mean_a.sqrt() / mean_s.sqrt()), torch.ones_like(mean_a))
    root = math.sqrt(damping)
    if diagonal:
        damped = A.to(torch.promote_types(A.dtype, torch.float32)) + (pi * root)[..., None, None]
        of_inputs = torch.where(damped > 0, 1 / damped, 0.0)
    else:
        of_inputs = _inverse(A, pi * root, damping, ("input", "输入"), layer)
    return (
        of_inputs,
        _inverse(S, root / pi, damping, ("output", "输出"), layer),
    )


def _inverse(factor: Tensor, shift: Tensor, damping: float, which: tuple[str, str], layer: str) -> Tensor:
    # under autocast the factors are sums in half precision, which no factorisation knows
    damped = factor.float() if factor.dtype in (torch.float16, torch.bfloat16) else factor.clone()
    damped.diagonal(dim1=-2, dim2=-1).add_(shift[..., None])
    triangle, failures = torch.linalg.cholesky_ex(damped)
    if bool(failures.any() | ~triangle.isfinite().all()):
        finite = bool(damped.isfinite().all())
        of, of_zh = (f" of {layer}", f"{layer} 的") if layer else ("", "")
        en = "singular" if finite else "not finite"
        zh = "奇异" if finite else "非有限"
        mend = ("raise the damping", "请增大阻尼") if finite else ("look for NaN and infinities in its data", "请检查数据中的 NaN 与无穷")  # fmt: skip
        raise SingularFactorError(
            Text(
                f"the {which[0]} factor{of} is {en} at damping {damping:g}; {mend[0]}",
                f"{of_zh}{which[1]}因子在阻尼 {damping:g} 下{zh}；{mend[1]}",
            )
        )
    return torch.cholesky_inverse(triangle)
