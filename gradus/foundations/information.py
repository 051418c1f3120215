"""Entropy, cross-entropy, Kullback–Leibler and Jensen–Shannon divergence of discrete distributions: exact at 0, in the unit that is asked for.

PyTorch's `kl_div` gives NaN where both probabilities are 0, `Categorical` and SciPy normalise what they are given
without a word. These take probabilities, refuse what is none, and are differentiable.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, number
from gradus.arguments.tensors import concrete, same_device, tensor
from gradus.errors import GradusError
from gradus.foundations.distributions.saddle_point import corrected, deviance, within
from gradus.text import Text


def entropy(p: Float[Tensor, "*batch k"], base: float = math.e) -> Float[Tensor, "*batch"]:
    r"""Shannon entropy, :math:`H(p)=-\sum_i p_i\log p_i` with 0 log 0 = 0.

    Args:
        p: probabilities along the last axis (..., k).
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        GradusError: an entry is negative or not finite, a row does not sum to 1, or the base is no base.

    Cost: O(k) operations for each row.

    Source: Shannon 1948, §6.

    Example:
        >>> import torch
        >>> entropy(torch.tensor([0.5, 0.25, 0.25]), base=2).item()
        1.5
    """
    tensor("p", p, "... k>=1")
    _check_distribution("p", p)
    return torch.special.entr(p).sum(-1) / logarithm_of_base(base)


def cross_entropy(
    p: Float[Tensor, "*batch k"], q: Float[Tensor, "*batch k"], base: float = math.e
) -> Float[Tensor, "*batch"]:
    r"""Cross-entropy, :math:`H(p,q)=-\sum_i p_i\log q_i`; infinite where q misses what p has.

    Args:
        p: true probabilities along the last axis (..., k).
        q: predicted probabilities (..., k).
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        GradusError: the shapes do not fit, p or q is no distribution, or the base is no base.

    Cost: O(k) operations for each row.

    Source: Cover and Thomas 2006, §5.4; from logits, torch.nn.functional.cross_entropy is the stable form.

    Example:
        >>> import torch
        >>> p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])
        >>> round(cross_entropy(p, q, base=2).item(), 4)
        1.2075
    """
    _check_pair(p, q)
    p, q = _together(p, q)
    some = (p > 0) | (q > 0)
    terms = torch.special.xlogy(within(some, p), within(some, q))
    return -within(some, terms, 0.0).sum(-1) / logarithm_of_base(base)


def kl_divergence(
    p: Float[Tensor, "*batch k"], q: Float[Tensor, "*batch k"], base: float = math.e
) -> Float[Tensor, "*batch"]:
    r"""Kullback–Leibler divergence, :math:`D(p\|q)=\sum_i p_i\log(p_i/q_i)`; infinite where q misses what p has.

    Args:
        p: probabilities along the last axis (..., k); the average is taken over them.
        q: the probabilities that p is compared with (..., k).
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        GradusError: the shapes do not fit, p or q is no distribution, or the base is no base.

    Cost: O(k) operations for each row.

    Source: Kullback and Leibler 1951.

    Deviates: torch.nn.functional.kl_div takes (log q, p) in this order and gives NaN at 0·log(0/0).

    Example:
        >>> import torch
        >>> p, q = torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0])
        >>> kl_divergence(p, q).item(), kl_divergence(q, p, base=2).item()
        (inf, 1.0)
    """
    _check_pair(p, q)
    p, q = _together(p, q)
    # the terms p log(p/q) + q − p are none negative, and do not cancel where p and q are near each other
    return corrected(_relative(p, q).sum(-1), deviance(p, q).sum(-1)) / logarithm_of_base(base)


def js_divergence(
    p: Float[Tensor, "*batch k"], q: Float[Tensor, "*batch k"], base: float = math.e
) -> Float[Tensor, "*batch"]:
    r"""Jensen–Shannon divergence, :math:`\tfrac12D(p\|m)+\tfrac12D(q\|m)` with :math:`m=\tfrac12(p+q)`; at most log 2.

    Args:
        p: probabilities along the last axis (..., k).
        q: others of the same outcomes.
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        GradusError: as for `kl_divergence`.

    Cost: O(k) operations for each row.

    Source: Lin 1991.

    Example:
        >>> import torch
        >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> js_divergence(p, q, base=2).item()
        1.0
    """
    _check_pair(p, q)
    p, q = _together(p, q)
    middle, apart = (p + q) / 2, (p - q) / 2
    value = deviance(p, middle, difference=apart) + deviance(q, middle, difference=-apart)
    plain = _relative(p, middle) + _relative(q, middle)
    return corrected(plain.sum(-1), value.sum(-1)) / (2 * logarithm_of_base(base))


def _together(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    dtype = torch.promote_types(p.dtype, q.dtype)
    p, q = torch.broadcast_tensors(p.to(dtype), q.to(dtype))
    return p, q


def _relative(p: Tensor, q: Tensor) -> Tensor:
    """The terms p log p − p log q; where both are 0 they are 0, and have no slope."""
    some = (p > 0) | (q > 0)
    p, q = within(some, p), within(some, q)
    return within(some, -torch.special.entr(p) - torch.special.xlogy(p, q), 0.0)


def logarithm_of_base(base: float) -> float:
    """The logarithm of the base: how many nats one unit has.

    Raises:
        GradusError: it is no base of a logarithm.
    """
    base = number("base", base, above=0)
    if base == 1:
        raise GradusError(
            Text(
                "base: expected that of a logarithm (e for nats, 2 for bits), got 1",
                "base：应为对数的底（e 对应奈特，2 对应比特），得到 1",
            )
        )
    return math.log(base)


def _check_pair(p: Tensor, q: Tensor) -> None:
    sizes = Sizes()
    tensor("p", p, "*#batch k>=1", sizes)
    tensor("q", q, "*#batch k", sizes)
    same_device(p=p, q=q)
    _check_distribution("p", p)
    _check_distribution("q", q)


def _check_distribution(name: str, p: Tensor) -> None:
    if not concrete(p):
        return
    with torch.no_grad():
        if not bool((p >= 0).all()):
            raise GradusError(
                Text(
                    f"{name}: expected probabilities, got {p[~(p >= 0)][0].item():.6g}; none may be negative or NaN",
                    f"{name}：应为概率，得到 {p[~(p >= 0)][0].item():.6g}；不能为负数或 NaN",
                )
            )
        total = p.double().sum(-1)
        worst = (total - 1).abs().max().item() if total.numel() else 0.0
    # rows that were normalised in their own precision
    if worst > max(8, p.shape[-1]) * torch.finfo(p.dtype).eps:
        raise GradusError(
            Text(
                f"{name}: expected rows that sum to 1, got one that is off by {worst:.3g}; divide by the sum",
                f"{name}：每行之和应为 1，有一行相差 {worst:.3g}；请除以该和",
            )
        )
