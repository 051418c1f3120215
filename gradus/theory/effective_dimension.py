"""How many directions of weight space count: the effective dimension of a matrix, and what random subspaces reach of a minimum."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.text import Text
from gradus.theory.spectral_density import spectral_density
from gradus.theory.symmetric_operator import SymmetricOperator, symmetric_operator

__all__ = ["EffectiveDimension", "SubspaceFit", "effective_dimension", "subspace_fit"]


class EffectiveDimension(NamedTuple):
    """How many directions of a positive semidefinite matrix count.

    Attributes:
        count: Σ λ/(λ + damping), the directions that the data determine rather than the damping.
        participation: (Σ λ)²/Σ λ², the number of equal eigenvalues with the same two sums; 0 where all are 0.

    Example:
        >>> EffectiveDimension(2.5, 3.0).count
        2.5
    """

    count: Any
    participation: Any


class SubspaceFit(NamedTuple):
    """A quadratic loss minimised in the spans of the first columns of a matrix.

    Attributes:
        remaining: share of the loss that is left at the minimum in the span of the first k columns, k = 1, …, K (K).
        curvatures: eigenvalues of the matrix on the span of all columns, the largest first (K).

    Example:
        >>> SubspaceFit([0.5], [1.0]).remaining
        [0.5]
    """

    remaining: Any
    curvatures: Any


def effective_dimension(
    matrix: Float[Tensor, "d d"] | SymmetricOperator,
    damping: float,
    *,
    probes: int = 10,
    steps: int = 60,
    seed: int = 0,
) -> EffectiveDimension:
    r"""The effective dimension of a positive semidefinite matrix, such as a model's Gauss–Newton or empirical Fisher matrix.

    .. math:: N(\lambda)=\sum_i\frac{\lambda_i}{\lambda_i+\lambda}=\operatorname{tr}F(F+\lambda I)^{-1},\qquad
        \frac{(\operatorname{tr}F)^2}{\operatorname{tr}F^2}

    Args:
        matrix: F, a matrix (d, d), of which all eigenvalues are computed, or a `Curvature`, whose spectral density is estimated.
        damping: λ > 0, the precision of a normal prior divided by the number of samples where F is a mean over them.
        probes: random directions, for a `Curvature`.
        steps: products for each of them.
        seed: of the directions.

    Returns:
        The `EffectiveDimension`; of a `Curvature` an estimate, whose error falls as one over the root of the probes.

    Raises:
        GradusError: no symmetric matrix, or eigenvalues that are negative beyond rounding.

    Cost: O(d³) for a matrix; probes times steps products for a `Curvature`.

    Source: MacKay 1992 for the count, under the name of well-determined parameters.

    Example:
        >>> import torch
        >>> found = effective_dimension(torch.diag(torch.tensor([3.0, 1.0, 0.0])), 1.0)
        >>> float(found.count), round(float(found.participation), 4)
        (1.25, 1.6)
    """
    strength = number("damping", damping, above=0)
    whole("probes", probes, least=1)
    whole("steps", steps, least=1)
    whole("seed", seed, least=0, most=2**63 - 1)
    if isinstance(matrix, Tensor):
        symmetric_operator("matrix", matrix)
        wide = torch.promote_types(
            matrix.dtype, torch.float64 if matrix.device.type != "mps" else torch.float32
        )
        values = torch.linalg.eigvalsh(matrix.detach().to(wide))
        weights = torch.ones_like(values)
        dtype = matrix.dtype
    else:
        density = spectral_density(matrix, probes=probes, steps=steps, seed=seed)
        values, weights = density.nodes.double(), density.size * density.weights.double()
        dtype = density.nodes.dtype
    top, low = float(values.max()), float(values.min())
    if low < -64 * len(values) * torch.finfo(dtype).eps * max(top, -low):
        came = Text(f"an eigenvalue near {low:.3g}", f"约为 {low:.3g} 的特征值")
        raise refusal("matrix", ("a positive semidefinite one", "半正定矩阵"), came, ("take the Gauss–Newton or the Fisher matrix", "请用高斯–牛顿矩阵或 Fisher 矩阵"))  # fmt: skip
    values = values.clamp(min=0)
    count = (weights * values / (values + strength)).sum()
    largest = values.max()
    scaled = values / torch.where(largest > 0, largest, 1)
    squares = (weights * scaled.square()).sum()
    participation = (weights * scaled).sum().square() / torch.where(squares > 0, squares, 1)
    return EffectiveDimension(count.to(dtype), participation.to(dtype))


def subspace_fit(
    matrix: Float[Tensor, "d d"] | SymmetricOperator,
    columns: Float[Tensor, "d K"],
    displacement: Float[Tensor, " d"],
) -> SubspaceFit:
    r"""What is left of a quadratic loss when only a subspace may be used.

    .. math:: r_k=\min_z\frac{(\delta+A_kz)^{\mathsf T}F(\delta+A_kz)}{\delta^{\mathsf T}F\delta},\qquad
        \operatorname{span}A_k=\operatorname{span}\{a_1,\dots,a_k\}

    Args:
        matrix: F, positive semidefinite (d, d), or a `Curvature`: the Hessian at the minimum, or what stands for it.
        columns: A (d, K), K ≤ d, independent.
        displacement: δ (d), from the minimum to where the search starts; not in the null space of F.

    Returns:
        The `SubspaceFit`, computed in double precision where the device has it.

    Raises:
        GradusError: shapes that do not fit, dependent columns, or a start whose loss is 0.

    Cost: K + 1 products with F, O(d K² + K⁴).

    Source: Li et al. 2018 for the question.

    Example:
        >>> import torch
        >>> F = torch.diag(torch.tensor([1.0, 1.0, 0.0]))
        >>> fit = subspace_fit(F, torch.eye(3)[:, :2], torch.tensor([3.0, 4.0, 5.0]))
        >>> [round(r, 4) for r in fit.remaining.tolist()], fit.curvatures.tolist()
        ([0.64, 0.0], [1.0, 1.0])
    """
    operator = symmetric_operator("matrix", matrix)
    sizes = Sizes()
    tensor("columns", columns, "d K>=1", sizes, finite=True, meta=False)
    tensor("displacement", displacement, "d", sizes, finite=True, meta=False)
    d, K = columns.shape
    if operator.shape[0] != d or d < K:
        n = operator.shape[0]
        raise refusal(
            "columns", (f"at most {n} columns of {n} numbers", f"至多 {n} 列，每列 {n} 个数"), columns
        )
    dtype = columns.dtype
    wide = torch.float32 if columns.device.type == "mps" else torch.float64
    Q, R = torch.linalg.qr(columns.detach().to(wide))
    pivots = R.diagonal().abs()
    if bool((pivots <= 64 * d * torch.finfo(wide).eps * pivots.max()).any()):
        raise refusal(
            "columns", ("independent columns", "线性无关的列"), Text("dependent ones", "线性相关的列")
        )
    delta = displacement.detach().to(wide)
    delta = delta / torch.where(delta.abs().max() > 0, delta.abs().max(), 1)
    size = matrix.detach().to(wide).abs().max() if isinstance(matrix, Tensor) else delta.new_ones(())
    size = torch.where(size > 0, size, 1)

    def times(vectors: Tensor) -> Tensor:
        if isinstance(matrix, Tensor):
            return (matrix.detach().to(wide) / size) @ vectors
        return (operator @ vectors).to(wide)

    on_start = times(delta[:, None])[:, 0]
    loss = delta @ on_start
    if not bool(loss > 0):
        raise refusal("displacement", ("a start whose loss is not 0", "损失不为 0 的起点"), Text(f"{float(loss):.3g}", f"{float(loss):.3g}"))  # fmt: skip
    G, c = Q.mT @ times(Q), Q.mT @ on_start
    G = (G + G.mT) / 2
    remaining = torch.stack(
        [
            1 - c[:k] @ torch.linalg.pinv(G[:k, :k], hermitian=True, rtol=1e-12) @ c[:k] / loss
            for k in range(1, K + 1)
        ]
    )
    curvatures = size * torch.linalg.eigvalsh(G).flip(0)
    return SubspaceFit(remaining.clamp(min=0).to(dtype), curvatures.to(dtype))
