"""How well a class of functions can follow random signs: its empirical Rademacher complexity, and what it says of a loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, choice, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

BLOCK = 2**22  # entries of the signs, or of their sums, that are held at once
ENUMERATED = 16  # samples up to which all sign vectors are taken


class RademacherComplexity(NamedTuple):
    """How well a class follows random signs on these samples, and what follows for losses.

    Attributes:
        complexity: the mean over the signs of the largest correlation.
        error: its standard error; 0 where all sign vectors were taken unasked, ∞ for a single one.
        bound: what the complexity over all signs does not exceed, in closed form.
        gap: with the confidence, the expected loss of no function exceeds its mean over the samples by more.

    Example:
        >>> RademacherComplexity(0.1, 0.0, 0.12, 0.5).bound
        0.12
    """

    complexity: Any
    error: Any
    bound: Any
    gap: Any


def rademacher_complexity(
    x: Float[Tensor, "n d"],
    weights: str = "l2",
    radius: float = 1.0,
    signs: Float[Tensor, "m n"] | None = None,
    lipschitz: float = 1.0,
    largest: float = 1.0,
    confidence: float = 0.95,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> RademacherComplexity:
    r"""The empirical Rademacher complexity of the functions w·x with bounded weights, and the bound on the gap that it gives.

    .. math:: \hat R=\mathbb E_\sigma\sup_{w\in W}\frac1n\sum_i\sigma_iw^{\mathsf T}x_i,\qquad
        \sup_{\lVert w\rVert_p\le B}w^{\mathsf T}u=B\lVert u\rVert_q,\quad\tfrac1p+\tfrac1q=1,\qquad
        \text{gap}=2\rho\hat R+3c\sqrt{\frac{\ln(2/\delta)}{2n}}

    The gap holds with the confidence 1 − δ, over samples drawn independently, for all functions of the class at once, where a
    loss with values in an interval of length c is a ρ-Lipschitz function of w·x for each label; the class is chosen
    before the samples are seen, and R̂ is the mean over all signs.

    Args:
        x: (n, d), the samples' features; for "one" the values of d functions on the samples.
        weights: W: "l1", "l2" or "linf", the ball of this norm; "one": one weight is B, the others 0, so that the class has
            the d functions of the columns.
        radius: B.
        signs: (m, n) of −1 and 1, to take the mean over. None: all of them for n ≤ 16, else `draws` that are drawn.
        lipschitz: ρ.
        largest: c.
        confidence: 1 − δ.
        draws: m, where signs are drawn.
        seed: of the signs.

    Returns:
        The `RademacherComplexity`, its tensors on the device of x, in float32 at least; computed in double precision.

    Raises:
        GradusError: values that are not finite, signs that are none, numbers out of range.

    Cost: O(m n d); memory in blocks.

    Source: Bartlett and Mendelson 2002; Mohri, Rostamizadeh and Talwalkar 2018, theorems 3.3, 3.7, 5.10; Shalev-Shwartz
        and Ben-David 2014, lemmas 26.10 and 26.11.

    Example:
        >>> import torch
        >>> found = rademacher_complexity(torch.eye(4), "l2", radius=2.0)
        >>> float(found.complexity), float(found.bound)
        (1.0, 1.0)
    """
    sizes = Sizes()
    tensor("x", x, "n>=1 d>=1", sizes, finite=True, meta=False)
    choice("weights", weights, ("one", "l1", "l2", "linf"))
    B = number("radius", radius, least=0)
    rho, c = number("lipschitz", lipschitz, least=0), number("largest", largest, least=0)
    delta = 1 - number("confidence", confidence, above=0, below=1)
    whole("draws", draws, least=1, most=10**9)
    whole("seed", seed, least=0, most=2**63 - 1)
    n = len(x)
    if signs is not None:
        _check_signs(x, signs, sizes)
    with torch.no_grad():
        values = x.detach().to(torch.float32 if x.device.type == "mps" else torch.float64)
        suprema = torch.cat(
            [_suprema(block.to(values) @ values, weights) for block in _blocks(values, signs, draws, seed)]
        )
        complexity = B / n * suprema.mean()
        error = torch.zeros_like(complexity)
        if signs is not None or n > ENUMERATED:
            m = len(suprema)
            error = B / n * suprema.std() / math.sqrt(m) if m > 1 else torch.full_like(complexity, math.inf)
        bound = B / n * _bound(values, weights)
        gap = 2 * rho * complexity + 3 * c * math.sqrt(math.log(2 / delta) / (2 * n))
    dtype = torch.promote_types(x.dtype, torch.float32)
    return RademacherComplexity(*(v.to(dtype) for v in (complexity, error, bound, gap)))


def _check_signs(x: Tensor, signs: Tensor, sizes: Sizes) -> None:
    tensor("signs", signs, "m>=1 n", sizes, dtype="real", meta=False)
    same_device(x=x, signs=signs)
    strange = signs.detach()[signs.detach().abs() != 1]
    if strange.numel():
        came = str(strange.flatten()[0].item())
        raise refusal("signs", ("signs, −1 or 1", "符号 −1 或 1"), Text(came, came))


def _blocks(values: Tensor, signs: Tensor | None, draws: int, seed: int) -> Iterator[Tensor]:
    """The sign vectors, some at a time."""
    n, d = values.shape
    several = max(1, BLOCK // max(n, d))
    if signs is not None:
        yield from signs.detach().split(several)
    elif n <= ENUMERATED:
        bits = torch.arange(n, device=values.device)
        for first in range(0, 2**n, several):
            index = torch.arange(first, min(first + several, 2**n), device=values.device)
            yield 2 * (index[:, None] >> bits & 1) - 1
    else:
        generator = torch.Generator().manual_seed(seed)
        for first in range(0, draws, several):
            size = (min(several, draws - first), n)
            yield (2 * torch.randint(0, 2, size, generator=generator, dtype=torch.int8) - 1).to(values.device)


def _suprema(u: Tensor, weights: str) -> Tensor:
    """The largest w·u over the weights of radius 1, for each row u."""
    if weights == "one":
        return u.amax(1)
    return _length(u, {"l1": math.inf, "l2": 2.0, "linf": 1.0}[weights], 1)


def _bound(values: Tensor, weights: str) -> Tensor:
    """The closed form for radius 1, times n: Massart's lemma for finitely many corners, Jensen's inequality for the others."""
    columns = _length(values, 2.0, 0)
    if weights == "l2":
        return _length(columns, 2.0, 0)
    if weights == "linf":
        return columns.sum()
    return columns.max() * math.sqrt(2 * math.log(len(columns) * (1 if weights == "one" else 2)))


def _length(values: Tensor, order: float, axis: int) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(values, order, dim=axis)
    return length
