"""One-way analysis of variance, exact up to the last digits whatever constant the observations share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float

from gradus.arguments import fit, real_array, refusal, require_plain
from gradus.errors import GradusError
from gradus.foundations.compensated import product_with_error, sum_with_error
from gradus.text import Text

Array = np.ndarray


@dataclass(frozen=True)
class AnalysisOfVariance:
    r"""The table of a one-way analysis of variance: :math:`\mathrm{TSS}=\mathrm{SSB}+\mathrm{SSW}`.

    Attributes:
        between: sum of squares between the groups, SSB.
        within: sum of squares within the groups, SSW.
        degrees_between: k − 1.
        degrees_within: n − k.
        means: of the groups (k,), in the order of the sorted labels.
        groups: the labels, sorted.

    Example:
        >>> table = analysis_of_variance([1.0, 2.0, 4.0, 5.0], ["a", "a", "b", "b"])
        >>> round(table.p_value, 4), table.r_squared
        (0.0513, 0.9)
    """

    between: float
    within: float
    degrees_between: int
    degrees_within: int
    means: Float[Array, " k"]
    groups: tuple[Any, ...]

    @property
    def f_statistic(self) -> float:
        """Mean square between over mean square within; infinite where nothing varies within, NaN where nothing varies."""
        if self.within == 0:
            return math.nan if self.between == 0 else math.inf
        return (self.between / self.degrees_between) / (self.within / self.degrees_within)

    @property
    def p_value(self) -> float:
        """Probability of an F at least as large where all groups have one mean."""
        from scipy import stats

        return float(stats.f.sf(self.f_statistic, self.degrees_between, self.degrees_within))

    @property
    def r_squared(self) -> float:
        """Share of the variation that lies between the groups; NaN where nothing varies."""
        total = self.between + self.within
        return self.between / total if total else math.nan

    @property
    def residual_deviation(self) -> float:
        """Standard deviation within the groups, with n − k degrees of freedom."""
        return math.sqrt(self.within / self.degrees_within)


def analysis_of_variance(y: Any, group: Any) -> AnalysisOfVariance:
    r"""One-way analysis of variance.

    :math:`\mathrm{SSB}=\sum_i n_i(\bar y_i-\bar y)^2,\quad \mathrm{SSW}=\sum_i\sum_j(y_{ij}-\bar y_i)^2,\quad
    F=\frac{\mathrm{SSB}/(k-1)}{\mathrm{SSW}/(n-k)}`. The first observation is subtracted from all, with what the
    subtraction loses; means are kept in twice the working precision, deviations are formed from them, and all sums
    are rounded once. Leading digits that the observations share therefore cost nothing: the result is that of exact
    arithmetic on the stored observations, to a few units in the last place. What the storing itself loses, 10⁻⁴ of
    a number near 10¹², no later computation wins back: give such observations as `decimal.Decimal` (or Fraction), and
    they are subtracted before they are stored.

    Args:
        y: observations (n,), floats or exact numbers (Decimal, Fraction, decimals as text).
        group: the group of each (n,), any labels that can be sorted.

    Raises:
        GradusError: the shapes do not fit, a value is not finite, there are fewer than two groups, or no group holds
            two observations.

    Cost: O(n log n) to sort the labels, about 60n operations.

    Source: Fisher 1925, Statistical Methods for Research Workers; Ogita, Rump and Oishi 2005 (error-free sums).

    Example:
        >>> table = analysis_of_variance([1.0, 2.0, 4.0, 5.0], ["a", "a", "b", "b"])
        >>> table.between, table.within, table.f_statistic
        (9.0, 1.0, 18.0)
    """
    first, high, low = _shifted(y)
    _require_squares(high)
    labels, index = _checked(high, group)
    k, n = len(labels), len(high)
    members = [np.flatnonzero(index == i) for i in range(k)]
    sums = [_exact_sum(high[m], low[m]) for m in members]
    counts = [len(m) for m in members]
    means = [_divide(*s, c) for s, c in zip(sums, counts, strict=True)]
    grand = _divide(*_exact_sum(np.array([s for s, _ in sums]), np.array([s for _, s in sums])), n)
    within = [_squares(high[m], low[m], mean) for m, mean in zip(members, means, strict=True)]
    between = [
        c * _squares(np.array(mean[:1]), np.array(mean[1:]), grand)
        for mean, c in zip(means, counts, strict=True)
    ]
    return AnalysisOfVariance(
        math.fsum(between),
        math.fsum(within),
        k - 1,
        n - k,
        np.array([math.fsum([first, *mean]) for mean in means]),
        tuple(labels.tolist()),
    )


def _require_squares(high: Array) -> None:
    largest = float(np.abs(high).max())
    if largest and not 1e-140 <= largest <= 1e150:
        raise GradusError(
            Text(
                f"y: expected observations that differ by 1e-140 to 1e150, whose squares have a sum, got {largest:.3g}; "
                "divide y by a constant",
                f"y：观测值之差应在 1e-140 与 1e150 之间，使平方和可表示，实为 {largest:.3g}；请除以一个常数",
            )
        )


def _shifted(y: Any) -> tuple[float, Array, Array]:
    """The first observation, and all of them less the first, as high + low."""
    decimals = (
        np.asarray(y)
        if isinstance(y, (list, tuple, np.ndarray)) and all(isinstance(v, str) for v in y)
        else None
    )
    observations = decimals if decimals is not None and decimals.size else real_array("y", y)
    fit("y", observations.shape, "n>=1")
    if observations.dtype.kind in "OU":
        return _shifted_exactly(observations.tolist())
    values = observations.astype(float)
    if not np.isfinite(values).all():
        i = int(np.flatnonzero(~np.isfinite(values))[0])
        raise GradusError(
            Text(
                f"y: expected finite observations, got y[{i}] = {values[i]}; leave missing ones out",
                f"y：应为有限的观测值，得到 y[{i}] = {values[i]}；请去掉缺失值",
            )
        )
    return float(values[0]), *sum_with_error(values, -values[0])  # exactly y − y₀


def _shifted_exactly(y: list[Any]) -> tuple[float, Array, Array]:
    try:
        exact = [Fraction(v) for v in y]
    except (TypeError, ValueError, OverflowError) as error:
        raise GradusError(
            Text(
                f"y: expected finite numbers as observations, got {error}; leave missing ones out",
                f"y：观测值应为有限的数，得到 {error}；请去掉缺失值",
            )
        ) from None
    differences = [v - exact[0] for v in exact]
    high = [float(d) for d in differences]
    low = [float(d - Fraction(h)) for d, h in zip(differences, high, strict=True)]
    return float(exact[0]), np.array(high), np.array(low)


def _checked(y: Array, group: Any) -> tuple[Array, Array]:
    """The sorted labels, and for each observation the number of its own."""
    group = _labels(group)
    if group.shape != y.shape:
        raise GradusError(
            Text(
                f"group: expected y and group of one shape (n,), got {y.shape} and {group.shape}; give each observation its group",
                f"group：y 与 group 应同为形状 (n,)，得到 {y.shape} 与 {group.shape}；请为每个观测值指明所在的组",
            )
        )
    labels, index = np.unique(group, return_inverse=True)
    if len(labels) < 2:
        raise GradusError(
            Text(
                f"group: expected at least 2 groups, got {len(labels)}; one mean has nothing to be compared with",
                f"group：至少应有 2 组，得到 {len(labels)} 组；单个均值无从比较",
            )
        )
    if len(y) == len(labels):
        raise GradusError(Text(f"group: expected one with at least 2 observations, got {len(y)} groups of one each; nothing varies within", f"group：至少应有一组含 2 个以上观测值，得到 {len(y)} 组、每组一个；组内没有变差"))  # fmt: skip
    return labels, index


def _labels(group: Any) -> Array:
    group = require_plain("group", group)
    if group is None or isinstance(group, (str, bytes, dict, set)):
        raise refusal("group", ("one label for each observation", "每个观测各一个标签"), group, kind=True)
    try:
        labels = np.asarray(group)
        sorted(set(labels.ravel().tolist()))
    except (TypeError, ValueError, RuntimeError) as error:
        raise refusal(
            "group", ("labels that can be sorted", "可以排序的标签"), Text(str(error), str(error)), kind=True
        ) from None
    if labels.dtype.kind in "fc" and not np.isfinite(labels).all():
        raise refusal(
            "group",
            ("labels without NaN and ∞", "不含 NaN 与 ∞ 的标签"),
            labels[~np.isfinite(labels)][0].item(),
        )
    return labels


def _exact_sum(high: Array, low: Array) -> tuple[float, float]:
    """Σ(high + low) as a rounded sum and what the rounding left."""
    terms = [*high.tolist(), *low.tolist()]
    total = math.fsum(terms)
    return total, math.fsum([*terms, -total])


def _divide(high: float, low: float, n: int) -> tuple[float, float]:
    """(high + low)/n in twice the precision."""
    q = high / n
    product, lost = product_with_error(q, float(n))
    return q, ((high - product) - lost + low) / n


def _squares(high: Array, low: Array, mean: tuple[float, float]) -> float:
    """Σ(high + low − mean)²: each deviation is rounded once, and so is their sum."""
    difference, lost = sum_with_error(high, -mean[0])
    deviation = difference + (lost + (low - mean[1]))
    return math.fsum((deviation * deviation).tolist())
