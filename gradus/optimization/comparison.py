"""How optimisers compare whose settings had to be searched: the loss that a budget of trials leads to."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import array, whole
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
