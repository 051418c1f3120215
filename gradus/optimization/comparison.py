"""How optimisers compare: the loss that a budget of trials leads to, and the profile of their costs over a set of problems."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import array, refusal, whole
from gradus.errors import GradusError
from gradus.text import Text


def expected_best(losses: Any, budget: int) -> Any:
    r"""The expected smallest loss of k trials, estimated without bias from the losses of n.

    .. math:: \hat e_k=\sum_{i=1}^{n-k+1}\frac{\binom{n-i}{k-1}}{\binom nk}\,x_{(i)},\qquad x_{(1)}\le\dots\le x_{(n)}

    the mean of the smallest over all choices of k among the n. A trial that diverged, +∞ or NaN, counts as +∞.

    Args:
        losses: x (…, n), the final loss of each trial; for accuracies give their negative.
        budget: k, 1 ≤ k ≤ n.

    Returns:
        An array (…); +∞ while k trials may all have diverged.

    Raises:
        GradusError: there is no trial, or k is not within 1 to n.

    Cost: a sort, O(n log n).

    Source: Tang et al. 2020; Chen et al. 2021, §2.1, for losses 0 and 1.

    Example:
        >>> [float(expected_best([0.4, 0.1, 0.3], k)) for k in (1, 2, 3)]
        [0.26666666666666666, 0.16666666666666666, 0.1]
    """
    x = array("losses", losses, "... trials>=1")
    n, k = x.shape[-1], whole("budget", budget, least=1)
    if k > n:
        raise GradusError(
            Text(
                f"budget: expected at most {n}, the number of trials in losses, got {k}; run more trials, or ask for fewer",
                f"budget：不能超过 losses 中的试验次数 {n}，得到 {k}；请多做试验，或减小 budget",
            )
        )
    left = np.arange(n - k + 1)  # trials that may be the smallest of k
    # w_i = C(n−i, k−1) / C(n, k): each from the one before
    ratios = (n - k - left[:-1]) / (n - 1 - left[:-1])
    weights = k / n * np.concatenate([[1.0], np.cumprod(ratios)])
    return (np.sort(x, axis=-1)[..., : n - k + 1] * weights).sum(-1)


def performance_profile(costs: Any, factors: Any) -> Any:
    r"""The share of problems that each solver solves at no more than τ times the cost of the best, Dolan and Moré's profile.

    .. math:: \rho_s(\tau)=\frac1P\,\Bigl|\Bigl\{p:\ \frac{t_{ps}}{\min_{s'}t_{ps'}}\le\tau\Bigr\}\Bigr|

    Where no solver solves a problem it counts in P and for none of them.

    Args:
        costs: t > 0 (problems, solvers): evaluations, seconds; +∞ where a solver did not solve a problem.
        factors: τ ≥ 1, finite: one, or a vector (k,).

    Returns:
        An array (solvers,), or (solvers, k): it rises with τ from the share won to the share solved.

    Raises:
        GradusError: a cost is not positive or no number, or a factor is below 1 or not finite.

    Cost: a sort of each column, and O(log P) a factor.

    Source: Dolan and Moré 2002, eq. 2.1.

    Example:
        >>> performance_profile([[10, 20], [30, 10], [5, float("inf")]], [1.0, 2.0, 3.0]).round(2).tolist()
        [[0.67, 0.67, 1.0], [0.33, 0.67, 0.67]]
    """
    t = array("costs", costs, "problems>=1 solvers>=1")
    tau = array("factors", factors, finite=True)
    if not (t > 0).all():
        raise refusal(
            "costs", ("positive numbers, +∞ where unsolved", "正数，未解出者为 +∞"), float(t[~(t > 0)][0])
        )
    if tau.ndim > 1 or (tau < 1).any():
        told = float(tau.min()) if tau.ndim < 2 else Text(f"the shape {tau.shape}", f"形状 {tau.shape}")
        raise refusal("factors", ("one or a vector, none below 1", "一个数或一个向量，均不小于 1"), told)
    best = t.min(axis=1, keepdims=True)
    ratios = np.sort(np.divide(t, best, where=np.isfinite(best), out=np.full_like(t, np.inf)), axis=0)
    return np.stack([np.searchsorted(column, tau, side="right") for column in ratios.T]) / len(t)
