"""The G² test of conditional independence of two variables, by counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradus.inference.structure.cases import Cases

__all__ = ["GTest", "g_test"]


class GTest(NamedTuple):
    """A test that two variables are independent given others.

    Attributes:
        statistic: G² = 2 n Î(x; y | z), Î in nats.
        degrees: of freedom.
        p: probability of so large a value under independence, by the χ² distribution, to which it tends with many cases; 1 without a degree.
    """

    statistic: float
    degrees: int
    p: float


def g_test(cases: Cases, x: int, y: int, given: Sequence[int]) -> GTest:
    r"""G² over the strata of z, a degree of freedom less for each state of x or y that a stratum lacks.

    .. math:: G^2=2\sum_{x,y,z}N_{xyz}\ln\frac{N_{xyz}N_z}{N_{xz}N_{yz}},\qquad
        \mathrm{df}=\sum_z(\lvert\{x:N_{xz}>0\}\rvert-1)(\lvert\{y:N_{yz}>0\}\rvert-1)

    Source: Spirtes, Glymour and Scheines 2000, section 5.5; Bishop, Fienberg and Holland 1975 (the degrees).
    """
    from scipy.special import gammaincc

    r, c = int(cases.sizes[x]), int(cases.sizes[y])
    z, strata = cases.combined(given)
    codes = (z * r + cases.codes[x]) * c + cases.codes[y]
    counts = np.bincount(codes, minlength=strata * r * c).reshape(strata, r, c).astype(float)
    rows, columns = counts.sum(2), counts.sum(1)
    statistic = 2 * (_n_log_n(counts) - _n_log_n(rows) - _n_log_n(columns) + _n_log_n(rows.sum(1)))
    degrees = int((np.maximum((rows > 0).sum(1) - 1, 0) * np.maximum((columns > 0).sum(1) - 1, 0)).sum())
    statistic = max(float(statistic), 0.0)
    return GTest(statistic, degrees, float(gammaincc(degrees / 2, statistic / 2)) if degrees else 1.0)


def _n_log_n(counts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float((counts * np.log(np.maximum(counts, 1.0))).sum())
