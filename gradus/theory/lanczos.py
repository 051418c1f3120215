"""Lanczos' method: what k products with a symmetric matrix show of its spectrum, and its largest eigenvalues."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, choice, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.theory.krylov import Krylov
from gradus.theory.symmetric_operator import SymmetricOperator, random_vector, symmetric_operator, working


class RitzValues(NamedTuple):
    """What k products show of a spectrum.

    Attributes:
        values: θ, ascending; the nodes of the Gauss quadrature of the start vector's spectral measure.
        weights: w, the weights of the nodes; their sum is 1.
        residuals: r, the lengths of H y − θ y; within r of θ lies an eigenvalue.

    Example:
        >>> RitzValues(values=[1.0, 3.0], weights=[0.5, 0.5], residuals=[0.0, 0.0]).values
        [1.0, 3.0]
    """

    values: Any
    weights: Any
    residuals: Any


class Eigenpairs(NamedTuple):
    """Eigenvalues with their vectors, and how exact they are.

    Attributes:
        values: λ (k,), in the order of the request.
        vectors: of length 1, columns (n, k).
        residuals: the lengths of H v − λ v (k,): within this distance of λ lies an eigenvalue.
        products: how many products with the matrix it took.
        converged: whether every residual is within the tolerance.

    Example:
        >>> Eigenpairs(values=[2.0], vectors=[[1.0]], residuals=[0.0], products=1, converged=True).converged
        True
    """

    values: Any
    vectors: Any
    residuals: Any
    products: int
    converged: bool


def lanczos(
    matrix: Float[Tensor, "n n"] | SymmetricOperator, start: Float[Tensor, " n"], steps: int
) -> RitzValues:
    r"""Ritz values after k products, their weights as a Gauss quadrature, and their residuals.

    .. math:: T=Q^{\mathsf T}HQ=S\,\mathrm{diag}(\theta)\,S^{\mathsf T},\qquad w_j=S_{1j}^2,\qquad
        r_j=\lVert HQs_j-\theta_jQs_j\rVert=\beta_m\lvert S_{mj}\rvert

    with Q an orthonormal basis of the span of v, Hv, …, H^{k−1}v. Every new vector is made orthogonal to all the earlier ones,
    twice. There are m = k values, or fewer where the span stops growing; β_m is what HQ leaves over outside of it, in length.

    Args:
        matrix: H, symmetric (n, n), or a `Curvature`.
        start: v ≠ 0 (n,).
        steps: k ≥ 1; at most n are made.

    Returns:
        Values, weights and residuals, each (m,), m ≤ k, in the precision of the start vector.

    Raises:
        GradusError: the matrix is not symmetric, or the start does not fit it or is zero.

    Cost: k products, O(n k²) besides; O(n k) memory.

    Source: Lanczos 1950; Golub and Welsch 1969 for the weights.

    Example:
        >>> import torch
        >>> H = torch.tensor([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 9.0]], dtype=torch.float64)
        >>> values, weights, residuals = lanczos(H, torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64), 3)
        >>> values.numpy().round(6), weights.numpy().round(6)
        (array([1., 3.]), array([0.5, 0.5]))
    """
    operator = symmetric_operator("matrix", matrix)
    k = whole("steps", steps, least=1)
    sizes = Sizes(n=(operator.shape[0], "matrix"))
    krylov = Krylov(operator, _given(operator, start, sizes))
    for _ in range(k):
        if not krylov.grow():
            break
    values, vectors, residuals = krylov.ritz()
    return RitzValues(*(x.to(start) for x in (values, vectors[0] ** 2, residuals)))


def top_eigenpairs(
    matrix: Float[Tensor, "n n"] | SymmetricOperator,
    count: int = 1,
    *,
    which: str = "largest",
    tolerance: float = 1e-3,
    max_products: int = 200,
    seed: int = 0,
    start: Float[Tensor, " n"] | None = None,
) -> Eigenpairs:
    r"""The largest (or smallest) eigenvalues and their vectors, with their residuals.

    .. math:: Hv_i=\lambda_iv_i,\qquad\lVert Hv_i-\lambda_iv_i\rVert\le\text{tolerance}\cdot\max_j\lvert\theta_j\rvert

    The basis is held orthogonal, so that rounding makes no second copy of a value. A value of multiplicity m is shown as often
    as the random start can tell: once, unless the space is exhausted before `count` values stand. A residual says that an
    eigenvalue is near, not that none was passed over.

    Args:
        matrix: H, symmetric (n, n), or a `Curvature`.
        count: how many, at most n.
        which: "largest", "smallest" (the most negative), or "magnitude" (the largest in size).
        tolerance: of the residuals, relative to the largest value in size.
        max_products: after which it stops; `converged` then says so.
        seed: of the start.
        start: a vector (n,) to start from in place of a random one, such as one that was found before the matrix moved: mix it
            with a random one, or a value whose vectors it has no part along is never seen.

    Returns:
        Values, vectors, residuals, the number of products, and whether all converged.

    Raises:
        GradusError: no symmetric matrix, a count beyond n or max_products, or products that are not finite.

    Cost: p products until converged, O(n p² + p³ log p) besides; O(n p) memory.

    Source: Lanczos 1950; Paige 1972 for why the basis must be held orthogonal.

    Example:
        >>> import torch
        >>> H = torch.diag(torch.tensor([1.0, 5.0, 2.0, -7.0], dtype=torch.float64))
        >>> top_eigenpairs(H, 2).values.numpy().round(6), top_eigenpairs(H, which="magnitude").values.numpy().round(6)
        (array([5., 2.]), array([-7.]))
    """
    operator = symmetric_operator("matrix", matrix)
    n = operator.shape[0]
    choice("which", which, ("largest", "smallest", "magnitude"))
    most = min(whole("max_products", max_products, least=1), n)
    k = whole("count", count, least=1, most=most)
    limit = number("tolerance", tolerance, least=0)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
    krylov = Krylov(operator, _start(operator, start, generator))
    seen = 0
    while True:
        grown = krylov.grow()
        made = len(krylov.diagonal)
        # T is looked at after every product while it is small, then after a twentieth more: else that would cost O(p⁴)
        if made >= k and (made - seen >= max(1, made // 20) or not grown or made == most):
            seen = made
            theta, S, residuals = krylov.ritz()
            order = _order(theta, which)[:k]
            within = bool((residuals[order] <= limit * theta.abs().max()).all())
            if within or made == most:
                break
        if not grown:
            krylov.restart(random_vector(operator, generator))
    vectors = krylov.basis.mT @ S[:, order].to(krylov.basis)
    return Eigenpairs(
        theta[order].to(vectors), vectors, residuals[order].to(vectors), len(krylov.diagonal), within
    )


def _start(operator: Tensor | SymmetricOperator, start: Tensor | None, generator: torch.Generator) -> Tensor:
    if start is None:
        return random_vector(operator, generator)
    return _given(operator, start, Sizes(n=(operator.shape[0], "matrix")))


def _given(operator: Tensor | SymmetricOperator, start: Tensor, sizes: Sizes) -> Tensor:
    tensor("start", start, "n", sizes, finite=True, meta=False)
    if start.device != operator.device:
        raise refusal("start", (f"a vector on {operator.device}", f" {operator.device} 上的向量"), start)
    v = working(start)
    if not bool(v.any()):
        raise refusal("start", ("a vector that is not zero", "非零向量"), start)
    return v / v.abs().max()  # squares of the smallest and largest numbers are none


def _order(theta: Tensor, which: str) -> Tensor:
    key = {"largest": theta, "smallest": -theta, "magnitude": theta.abs()}[which]
    return key.argsort(descending=True)
