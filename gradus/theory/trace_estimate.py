"""The trace of a matrix from its products with random vectors, and how far off it may be."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import choice, whole
from gradus.theory.symmetric_operator import SymmetricOperator, product, random_vector, symmetric_operator


class TraceEstimate(NamedTuple):
    """A trace that was estimated.

    Attributes:
        value: unbiased.
        standard_error: of the value, estimated from the spread of the probes.
        products: how many products with the matrix it took.

    Example:
        >>> TraceEstimate(value=10.0, standard_error=0.5, products=100).value
        10.0
    """

    value: float
    standard_error: float
    products: int


def estimate_trace(
    matrix: Float[Tensor, "n n"] | SymmetricOperator,
    *,
    products: int = 99,
    method: str = "hutch++",
    seed: int = 0,
) -> TraceEstimate:
    r"""The trace from products with random vectors of signs z.

    .. math:: \widehat{\operatorname{tr}}_{\text{H}}=\frac1m\sum_lz_l^{\mathsf T}Hz_l,\qquad
        \operatorname{Var}z^{\mathsf T}Hz=2\sum_{i\ne j}H_{ij}^2,\qquad
        \widehat{\operatorname{tr}}_{\text{H++}}=\operatorname{tr}Q^{\mathsf T}HQ+\widehat{\operatorname{tr}}_{\text{H}}(PHP)

    where Q is an orthonormal basis of the range of H G, with G a third of the products' random signs, and P = I − QQᵀ. Hutch++
    removes the large eigenvalues, which make the variance; its error falls like 1/m where Hutchinson's falls like 1/√m, for a
    positive semidefinite H.

    Args:
        matrix: H, symmetric (n, n), or a `Curvature`.
        products: how many at most; ≥ 2 for "hutchinson", ≥ 6 for "hutch++".
        method: "hutch++" or "hutchinson".
        seed: of the signs.

    Returns:
        Value, standard error and the number of products; the error is 0 where Q spans the range of H.

    Raises:
        GradusError: no symmetric matrix, too few products, or products that are not finite.

    Cost: the products; O(n m²) and O(n m) memory besides, for Hutch++.

    Source: Hutchinson 1990; Meyer, Musco, Musco and Woodruff 2021.

    Example:
        >>> import torch
        >>> H = torch.diag(torch.linspace(0, 1, 50, dtype=torch.float64))
        >>> estimate_trace(H, products=3, method="hutchinson").value
        25.0
    """
    operator = symmetric_operator("matrix", matrix)
    choice("method", method, ("hutch++", "hutchinson"))
    m = whole("products", products, least=2 if method == "hutchinson" else 6)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
    if method == "hutchinson":
        samples = [_form(operator, random_vector(operator, generator, signs=True)) for _ in range(m)]
        return TraceEstimate(*_mean(samples), m)
    third = min(m // 3, operator.shape[0])
    sketch = [product(operator, random_vector(operator, generator, signs=True)) for _ in range(third)]
    Q = _orthonormal(torch.stack(sketch))
    known = math.fsum(_form(operator, q) for q in Q)
    samples = []
    for _ in range(m - third - len(Q)):
        z = random_vector(operator, generator, signs=True)
        z = z - Q.mT @ (Q @ z)
        samples.append(_form(operator, z - Q.mT @ (Q @ z)))
    rest, error = _mean(samples)
    return TraceEstimate(known + rest, error, m)


def _orthonormal(rows: Tensor) -> Tensor:
    """Orthonormal rows that span these; those that rounding makes are left out."""
    _, sizes, V = torch.linalg.svd(rows, full_matrices=False)
    spanned: Tensor = V[
        sizes > 16 * torch.finfo(rows.dtype).eps * len(V[0]) ** 0.5 * sizes.max().clamp_min(1e-300)
    ]
    return spanned


def _form(operator: Tensor | SymmetricOperator, z: Tensor) -> float:
    return float(z.double() @ product(operator, z).double())


def _mean(samples: list[float]) -> tuple[float, float]:
    values = torch.tensor(samples, dtype=torch.float64)
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))
