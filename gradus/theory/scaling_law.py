"""Scaling laws: power laws with a floor, fitted to losses, with intervals for what they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import Sizes, array, number, refusal
from gradus.text import Text
from gradus.theory.power_law_fit import PowerLaw, fitted, standard_errors, starts, value_and_shares
from gradus.theory.scaling_evidence import Evidence, Interval, require_enough, require_terms

__all__ = ["Extrapolation", "ScalingLaw", "fit_scaling_law"]

Array = np.ndarray
FOLLOWED = 20.0  # natural logarithms, or exponents times the range of the sizes' logarithms, that an interval may reach


class Extrapolation(NamedTuple):
    """What a law says of sizes.

    Attributes:
        loss: at each of the sizes (m).
        low: lower ends of the intervals of the law's value (m).
        high: their upper ends.
        run_low: lower ends of the intervals of one more run's loss, which scatters about the law (m).
        run_high: their upper ends.

    Example:
        >>> Extrapolation([2.0], [1.9], [2.1], [1.8], [2.2]).loss
        [2.0]
    """

    loss: Any
    low: Any
    high: Any
    run_low: Any
    run_high: Any


@dataclass(frozen=True, eq=False)
class ScalingLaw:
    r"""A sum of power laws and a floor.

    .. math:: L=E+\sum_jA_jx_j^{-\alpha_j}

    Attributes:
        irreducible: E ≥ 0, the floor.
        coefficients: A_j.
        exponents: α_j.
        errors: standard errors of the exponents, by the curvature of the fit; empty for a law without data.
        scatter: standard deviation of the losses' logarithms about the law, robustly; 0 for a law without data.
        delta: the residual of the logarithm from which on Huber's loss is linear.
        confidence: of the intervals.

    Example:
        >>> law = ScalingLaw(1.69, (406.4, 410.7), (0.34, 0.28))  # as printed by Hoffmann et al. 2022
        >>> round(float(law.predict([[70e9, 1.4e12]])[0]), 3)
        1.937
    """

    irreducible: float
    coefficients: tuple[float, ...]
    exponents: tuple[float, ...]
    errors: tuple[float, ...] = ()
    scatter: float = 0.0
    delta: float = 0.0
    confidence: float = 0.95
    _evidence: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        number("irreducible", self.irreducible, least=0)
        sizes = Sizes()
        for name in ("coefficients", "exponents"):
            given = array(name, getattr(self, name), "v>=1", sizes, finite=True)
            if not (given > 0).all():
                raise refusal(name, ("numbers above 0", "正数"), str(given.min()))
            object.__setattr__(self, name, tuple(given.tolist()))

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """(low, high) by "irreducible", "coefficients[0]", "exponents[0]" …, made when first asked for; empty for a law without data."""
        return {} if self._evidence is None else _intervals(self._evidence, self.confidence)

    def predict(self, sizes: Any) -> Array:
        """The law's loss at sizes, (m) for one kind of size or (m, v).

        Raises:
            GradusError: another number of columns, or sizes that are not above 0.
        """
        x = np.log(_columns(sizes, len(self.exponents)))
        terms = np.log(self.coefficients) - np.asarray(self.exponents) * x
        return self.irreducible + np.exp(terms).sum(1)  # type: ignore[no-any-return]

    def extrapolate(self, sizes: Any, confidence: float | None = None) -> Extrapolation:
        """The law's loss at sizes with its interval, by the profile of the fit; they may lie far beyond the data.

        The interval is right if the law is: that the same power goes on is what no fit can tell.

        Args:
            sizes: (m) or (m, v).
            confidence: that of the law unless given.

        Raises:
            GradusError: a law without data, or sizes that do not fit.
        """
        level = self.confidence if confidence is None else number("confidence", confidence, above=0, below=1)
        evidence = evidence_of(self)
        x = np.log(_columns(sizes, len(self.exponents)))
        M = evidence.law.features(x - evidence.law.middle)
        rows = []
        for i in range(len(x)):
            log_loss = float(value_and_shares(M[i : i + 1], evidence.fit.theta)[0][0])
            low, high = evidence.interval(_value_at(M[i]), FOLLOWED, level)
            run = self.scatter * evidence.quantile(level)
            spread = [math.hypot(log_loss - low, run), math.hypot(high - log_loss, run)]
            ends = np.array([log_loss, low, high, log_loss - spread[0], log_loss + spread[1]])
            rows.append(np.exp(ends + evidence.law.unit))
        return Extrapolation(*np.array(rows).T)


def evidence_of(law: ScalingLaw) -> Evidence:
    if law._evidence is None:
        raise refusal(
            "law", ("one that was fitted", "拟合得到的定律"), Text("numbers alone", "只有数值"),
            ("use fit_scaling_law", "请用 fit_scaling_law"),
        )  # fmt: skip
    return law._evidence  # type: ignore[no-any-return]


def _entry(i: int, count: int) -> Callable[[Array], tuple[float, Array]]:
    unit = np.eye(count)[i]
    return lambda theta: (float(theta[i]), unit)


def _value_at(M: Array) -> Callable[[Array], tuple[float, Array]]:
    def value(theta: Array) -> tuple[float, Array]:
        f, p = value_and_shares(M[None], theta)
        return float(f[0]), p[0] @ M

    return value


def fit_scaling_law(
    sizes: Any, losses: Any, *, delta: float | None = None, confidence: float = 0.95
) -> ScalingLaw:
    r"""A power law with a floor, fitted to losses at several sizes, with intervals for all that it says.

    .. math:: L(N)=E+\frac A{N^\alpha},\qquad L(N,D)=E+\frac A{N^\alpha}+\frac B{D^\beta},\qquad
        \min\sum_i\rho_\delta\bigl(\log L(x_i)-\log L_i\bigr)

    with Huber's loss ρ, by Newton's method to the end from the best of many starts. An interval holds every value of its number at which the rest, fitted
    anew, gets no worse than chance allows: by Student's law with m − p degrees of freedom for m runs and p parameters.

    Args:
        sizes: (m), or (m, v) for several kinds of size, such as parameters and tokens; above 0.
        losses: (m), above 0; one for each run.
        delta: δ, residuals of the logarithm above which count by their size only; None for 1.345 standard deviations, estimated robustly.
            Hoffmann et al. took 0.001.
        confidence: of each interval by itself.

    Returns:
        The `ScalingLaw`. An end of an interval may be 0 or infinite: the data then do not bound the number on that side.

    Raises:
        GradusError: fewer than p + 1 runs or three sizes; sizes of which one follows from the other, such as twenty tokens for each parameter in every run; a term without
            which the law fits the losses about as well, so that its exponent could be any.

    Cost: some Newton steps of O(m p²) for each of the p intervals.

    Source: Hoffmann et al. 2022, section 3.3 and appendix D.2, for the loss; Besiroglu, Erdil, Barnett and You 2024; Bates and Watts 1988 for the
        intervals.

    Example:
        >>> N = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8]
        >>> law = fit_scaling_law(N, [2 + 100 * n**-0.3 for n in N])
        >>> round(law.irreducible, 6), round(law.exponents[0], 6)
        (2.0, 0.3)
    """
    together = Sizes()
    x = _columns(sizes, None)
    array("sizes", x, "m v", together)
    v = x.shape[1]
    L = array("losses", losses, "m", together, finite=True)
    if not (L > 0).all():
        raise refusal("losses", ("numbers above 0", "正数"), str(L.min()))
    if np.ptp(np.log(L)) > 60:
        raise refusal(
            "losses",
            ("losses within a factor of 1e26 of one another", "相差不超过 1e26 倍的损失"),
            str(L.max()),
        )
    width = None if delta is None else number("delta", delta, above=0)
    level = number("confidence", confidence, above=0, below=1)
    law = PowerLaw(np.log(x), np.log(L))
    require_enough(law, x)
    fit, used, scatter = fitted(law, width, starts(law, 4))
    evidence = Evidence(law, fit, used, scatter if scatter > 1e-10 else 0.0)
    require_terms(evidence, level)
    values = law.natural(fit.theta)
    return ScalingLaw(
        irreducible=0.0 if values[0] < 1e-6 * L.min() else float(values[0]),
        coefficients=tuple(values[1 : 1 + v].tolist()),
        exponents=tuple(values[1 + v :].tolist()),
        errors=standard_errors(law, fit, used)[1 + v :],
        scatter=evidence.scatter,
        delta=used,
        confidence=level,
        _evidence=evidence,
    )


def _columns(sizes: Any, count: int | None) -> Array:
    x = array("sizes", sizes, finite=True)
    if x.ndim == 1 and count in (None, 1):
        x = x[:, None]
    if x.ndim != 2 or x.size == 0 or (count is not None and x.shape[1] != count):
        columns = "v" if count is None else count
        raise refusal("sizes", (f"(m, {columns}) numbers", f" (m, {columns}) 个数"), Text(f"shape {x.shape}", f"形状 {x.shape}"))  # fmt: skip
    if not (x > 0).all():
        raise refusal("sizes", ("numbers above 0", "正数"), str(x.min()))
    return x


def _exp(exponent: float) -> float:
    """The exponential, infinite beyond what double precision holds."""
    return math.exp(exponent) if exponent < 700 else math.inf


def _intervals(evidence: Evidence, level: float) -> dict[str, Interval]:
    law, v = evidence.law, evidence.law.columns
    p = law.count
    spans = np.ptp(law.x, axis=0)
    low, high = evidence.interval(_entry(0, p), FOLLOWED, level)
    found = {"irreducible": (_exp(low + law.unit), _exp(high + law.unit))}
    for j in range(v):

        def amount(at: Array, j: int = j) -> tuple[float, Array]:
            slope = np.zeros(p)
            slope[1 + j], slope[1 + v + j] = 1.0, law.middle[j]
            return float(slope @ at), slope

        low, high = evidence.interval(amount, FOLLOWED * (1 + abs(law.middle[j]) / spans[j]), level)
        found[f"coefficients[{j}]"] = (_exp(low + law.unit), _exp(high + law.unit))
    for j in range(v):
        low, high = evidence.interval(_entry(1 + v + j, p), FOLLOWED / spans[j], level)
        found[f"exponents[{j}]"] = (max(low, 0.0), high)
    return found
