"""Mutual information: of a joint distribution, exactly; of samples of continuous variables, by nearest neighbours.

scikit-learn's `mutual_info_score` knows nats and one table only; its `mutual_info_regression` rescales the columns, adds noise
from a random generator, cuts at 0, which biases the mean, and takes no vectors.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, array, fit, whole
from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.foundations.distributions.saddle_point import corrected, deviance, within
from gradus.foundations.information import entropy, logarithm_of_base
from gradus.text import Text

Array = np.ndarray


def mutual_information(p: Float[Tensor, "*batch k m"], base: float = math.e) -> Float[Tensor, "*batch"]:
    r"""Mutual information of a joint distribution, :math:`I(X;Y)=\sum_{ij}p_{ij}\log\frac{p_{ij}}{p_{i\cdot}p_{\cdot j}}`.

    Args:
        p: joint probabilities (..., k, m): p[i, j] is that of X = i and Y = j together.
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        GradusError: p has fewer than two axes or is no joint distribution (a negative entry, a sum that is not 1), or the base is no base.

    Cost: O(k·m) operations for each table.

    Source: Shannon 1948, §12; Cover and Thomas 2006, §2.3.

    Deviates: not computed as H(X) + H(Y) − H(X, Y), which cancels where the variables are nearly independent.

    Example:
        >>> import torch
        >>> mutual_information(torch.tensor([[0.5, 0.0], [0.0, 0.5]]), base=2).item()
        1.0
    """
    tensor("p", p, "... k>=1 m>=1")
    entropy(p.flatten(-2), base)  # refuses what is no distribution, and what is no base
    row, column = (p.sum(axis, keepdim=True).expand_as(p) for axis in (-1, -2))
    some = (row > 0) & (column > 0)
    q, row, column = within(some, p), within(some, row), within(some, column)
    log_product = row.log() + column.log()  # the product of two small marginals may underflow to 0
    plain = within(some, -torch.special.entr(q) - q * log_product, 0.0).sum((-2, -1))
    # the terms p log(p/m) + m − p are none negative, and do not cancel where the variables are nearly independent
    value = within(some, deviance(q, row * column, log_m=log_product), 0.0).sum((-2, -1))
    return corrected(plain, value) / math.log(base)


def ksg(
    x: Float[Array, "n ..."], y: Float[Array, "n ..."], neighbours: int = 3, base: float = math.e
) -> float:
    r"""Estimate of I(X;Y) from n pairs, :math:`\psi(k)+\psi(n)-\frac1n\sum_i[\psi(a_i+1)+\psi(b_i+1)]`.

    a_i and b_i count the other points that are nearer to point i in x, and in y, than its k-th neighbour is in both (greatest
    coordinate difference). Nothing is cut at 0: the estimate of independent variables is negative half of the time.

    Args:
        x: points (n, d) or (n,), of a continuous distribution.
        y: the points that go with them (n, e) or (n,).
        neighbours: k; a small one has little bias, a large one little variance.
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        GradusError: the lengths differ or are not more than k, k is not a positive whole number, a value is not finite,
            pairs are repeated (the variables are not continuous), or the base is no base.

    Cost: O(n log n) for the neighbours, and for the counts the sum of a_i + b_i at the worst.

    Source: Kraskov, Stögbauer and Grassberger 2004, algorithm 1.

    Deviates: `sklearn.feature_selection.mutual_info_regression` scales each column to variance 1, adds noise of 1e-10 and cuts at 0.

    Example:
        >>> import numpy as np
        >>> x, noise = np.random.default_rng(0).standard_normal((2, 1000))
        >>> round(ksg(x, 0.6 * x + 0.8 * noise), 2)  # exactly −½ log(1 − 0.6²) = 0.22
        0.22
    """
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    x, y = _points(x, y, neighbours)
    unit = logarithm_of_base(base)
    both = np.hstack([x, y])
    radius = cKDTree(both).query(both, [neighbours + 1], p=np.inf)[0][:, 0]
    if not (radius > 0).all():
        raise GradusError(
            Text(
                f"x, y: expected a continuous distribution, but {int((radius == 0).sum())} pairs have {neighbours} copies or more; "
                "for discrete variables count the pairs and use mutual_information",
                f"x、y：应来自连续分布，但有 {int((radius == 0).sum())} 对出现 {neighbours} 次以上的重复；离散变量请对各对计数并用 mutual_information",
            )
        )
    inside = np.nextafter(radius, 0)  # strictly nearer
    counts = [
        cKDTree(part).query_ball_point(part, inside, p=np.inf, return_length=True) for part in (x, y)
    ]  # the point itself is among them: a + 1, b + 1
    nats = digamma(neighbours) + digamma(len(x)) - np.mean(digamma(counts[0]) + digamma(counts[1]))
    return float(nats / unit)


def _points(x: Array, y: Array, neighbours: int) -> tuple[Array, Array]:
    x, y = array("x", x, finite=True), array("y", y, finite=True)
    x, y = (v[:, None] if v.ndim == 1 else v for v in (x, y))
    sizes = Sizes()
    fit("x", x.shape, "n>=2 d>=1", sizes)
    fit("y", y.shape, "n e>=1", sizes)
    whole("neighbours", neighbours, least=1, most=len(x) - 1)
    return x, y
