"""Evidence: one measured number beside what it must be, and the ways in which a claim may judge it.

A claim returns what one of the functions below gives, or yields several. Each gives an `Evidence` whose tolerance
is derived, and says in words from what.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gradus.errors import GradusError
from gradus.numbers import figure
from gradus.text import Text

EPSILON = 2.0**-52  # spacing of float64 at 1

Kind = Literal["identical", "roundoff", "rate", "bound", "optimal", "statistical", "invariance", "metric"]
Relation = Literal["=", "≤", "≥"]


@dataclass(frozen=True)
class Evidence:
    """A measurement and its judgement: `measured relation expected`, within `tolerance`.

    Attributes:
        kind: how it is judged (see the functions of this module).
        measured: the number that was measured.
        relation: "=", "≤" or "≥".
        expected: the number it is held against.
        tolerance: by how much it may miss.
        because: where the tolerance, or the bound, comes from.
        note: what else the reader should know (margin, smallest detectable bias, place of the largest error).
    """

    kind: Kind
    measured: float
    relation: Relation
    expected: float
    tolerance: float
    because: Text
    note: Text = Text("", "")

    @property
    def holds(self) -> bool:
        """Whether the measurement stands in the relation; a NaN never does."""
        if math.isnan(self.measured) or math.isnan(self.tolerance):
            return False
        if self.relation == "≤":
            return self.measured <= self.expected + self.tolerance
        if self.relation == "≥":
            return self.measured >= self.expected - self.tolerance
        return self.measured == self.expected or abs(self.measured - self.expected) <= self.tolerance

    @property
    def margin(self) -> float:
        """How far inside the tolerance it lies: negative when it fails; comparable within one relation."""
        if self.relation == "≤":
            return self.expected + self.tolerance - self.measured
        if self.relation == "≥":
            return self.measured - self.expected + self.tolerance
        return self.tolerance - abs(self.measured - self.expected)

    def __str__(self) -> str:
        return comparison(self.measured, self.relation, self.expected, self.tolerance)


def comparison(measured: float, relation: str, expected: float, tolerance: float) -> str:
    """`measured relation expected ± tolerance`, as plain text."""
    within = f" ± {tolerance:.2g}" if tolerance else ""
    return f"{figure(measured)} {relation} {figure(expected)}{within}"


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype == object:
        raise GradusError(
            Text(f"expected numbers to compare, got {value!r}", f"应为可比较的数，得到 {value!r}")
        )
    return array


def _difference(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """|got − want|, zero where both are the same infinity or both NaN, infinite where only one is finite."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(np.subtract(got, want, dtype=np.result_type(got, want, np.float64)))
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))


def _place(got: np.ndarray, want: np.ndarray, difference: np.ndarray) -> Text:
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(difference)), difference.shape))
    where = f"[{', '.join(map(str, index))}]" if index else ""
    a, b = got[index].item(), want[index].item()
    return Text(
        f"largest at {where or 'the value'}: {a:.17g} for {b:.17g}",
        f"最大误差在 {where or '该值'}：{a:.17g}，应为 {b:.17g}",
    )


def _shapes_differ(kind: Kind, got: np.ndarray, want: np.ndarray) -> Evidence:
    note = Text(f"shape {got.shape}, expected {want.shape}", f"形状为 {got.shape}，应为 {want.shape}")
    return Evidence(kind, math.inf, "=", 0.0, 0.0, Text("the shapes must agree", "形状必须一致"), note)


def identical(got: Any, want: Any, because: Text | None = None) -> Evidence:
    """Every entry is the same, bit for bit: the measured number counts those that differ."""
    a, b = _array(got), _array(want)
    if a.shape != b.shape:
        return _shapes_differ("identical", a, b)
    differs = (a != b) & ~((a != a) & (b != b))
    note = Text("", "")
    if differs.any():
        note = _place(a, b, differs.astype(float))
    why = because or Text("exact: no rounding takes part", "精确：不涉及舍入")
    return Evidence("identical", float(differs.sum()), "=", 0.0, 0.0, why, note)


def roundoff(
    got: Any, want: Any, terms: int = 1, c: float = 4.0, scale: float | None = None, epsilon: float = EPSILON
) -> Evidence:
    """`got` equals `want` up to rounding: max|got − want| ≤ c·n·ε·s.

    Args:
        got: what the implementation gave.
        want: what it must give.
        terms: n, the length of the longest sum or chain of operations behind one entry.
        c: a small constant for the operations per term.
        scale: s, the size of the quantities that are rounded; the largest |want| unless given
            (give it when large terms cancel).
        epsilon: the spacing of the arithmetic at 1.
    """
    return _close("roundoff", got, want, terms, c, scale, epsilon)


def invariance(
    got: Any, want: Any, terms: int = 1, c: float = 4.0, scale: float | None = None, epsilon: float = EPSILON
) -> Evidence:
    """The result does not change under a transformation: as `roundoff`, of kind invariance."""
    return _close("invariance", got, want, terms, c, scale, epsilon)


def _close(
    kind: Kind, got: Any, want: Any, terms: int, c: float, scale: float | None, epsilon: float
) -> Evidence:
    a, b = _array(got), _array(want)
    if a.shape != b.shape:
        return _shapes_differ(kind, a, b)
    if scale is None:
        finite = np.abs(b[np.isfinite(b)])
        scale = float(finite.max()) if finite.size else 0.0
    tolerance = c * terms * epsilon * scale
    why = f"c·n·ε·s: c={c:g}, n={terms}, ε={epsilon:.3g}, s={scale:.3g}"
    if b.size == 0:
        return Evidence(kind, 0.0, "=", 0.0, tolerance, Text(why, why))
    difference = _difference(a, b)
    return Evidence(
        kind, float(difference.max()), "=", 0.0, tolerance, Text(why, why), _place(a, b, difference)
    )


def rate(sizes: Sequence[float], errors: Sequence[float], order: float, tolerance: float = 0.05) -> Evidence:
    """The error scales as size^order: slope of log error against log size, fitted by least squares over ≥ 4 sizes."""
    x, y = np.asarray(sizes, float), np.asarray(errors, float)
    if x.size < 4 or x.shape != y.shape:
        raise GradusError(
            Text(
                f"a rate needs at least 4 sizes with one error each, got {x.size} and {y.size}",
                f"收敛速度至少需要 4 种规模，各有一个误差，得到 {x.size} 与 {y.size}",
            )
        )
    slope = math.nan
    if (y > 0).all() and np.isfinite(y).all():
        slope = float(np.polyfit(np.log(x), np.log(y), 1)[0])
    why = Text(
        f"slope fitted over {x.size} sizes from {x.min():.3g} to {x.max():.3g}",
        f"在 {x.min():.3g} 到 {x.max():.3g} 之间的 {x.size} 个尺度上拟合的斜率",
    )
    return Evidence("rate", slope, "=", order, tolerance, why)


def bound(value: float, limit: float, relation: Relation = "≤", because: Text | None = None) -> Evidence:
    """A proved bound is kept; the margin is recorded, and a bound that is uselessly slack says so."""
    value, limit = float(value), float(limit)
    if value >= 0 < limit:
        ratio = value / limit
        fraction = ratio if relation == "≤" else (1 / ratio if ratio else math.inf)
        note = Text(f"reaches {fraction:.3g} of the bound", f"达到界的 {fraction:.3g}")
        if fraction < 1e-3:
            note = Text(note.en + ": slack, says little", note.zh + "：过于宽松，说明不了什么")
    else:  # a share says nothing of a bound at or below 0
        apart = abs(limit - value)
        note = Text(f"{apart:.3g} from the bound", f"距界 {apart:.3g}")
    rounding = 8 * EPSILON * abs(limit)
    return Evidence(
        "bound", value, relation, limit, rounding, because or Text("proved bound", "已证明的界"), note
    )


def optimal(residual: float, tolerance: float, because: Text) -> Evidence:
    """An optimality condition (gradient, KKT) is met: its residual vanishes within `tolerance`."""
    return Evidence("optimal", float(residual), "=", 0.0, tolerance, because)


def statistical(samples: Any, expected: float, standard_error: float | None = None) -> Evidence:
    """The mean of n independent samples equals `expected`: |z| ≤ 5, with n fixed in advance.

    Args:
        samples: independent draws; or their mean, when `standard_error` is given.
        expected: the true mean.
        standard_error: of the mean; s/√n unless given.
    """
    draws = np.asarray(samples, float).ravel()
    mean = float(draws.mean())
    if standard_error is None:
        if draws.size < 2:
            raise GradusError(
                Text(
                    "a statistical claim needs at least 2 samples or a standard error",
                    "统计断言至少需要 2 个样本，或给出标准误",
                )
            )
        standard_error = float(draws.std(ddof=1) / math.sqrt(draws.size))
    tolerance = 5 * standard_error
    n = f", n={draws.size}" if draws.size > 1 else ""
    why = Text(f"5 standard errors of {standard_error:.3g}{n}", f"5 倍标准误，标准误 {standard_error:.3g}{n}")
    detectable = 8 * standard_error  # |z| > 5 with probability 0.9987 when the bias is 8 standard errors
    note = Text(f"a bias of {detectable:.2g} would be detected", f"可检出 {detectable:.2g} 的偏差")
    return Evidence("statistical", mean, "=", float(expected), tolerance, why, note)


def metric(value: float, target: float, relation: Relation = "≥", because: Text | None = None) -> Evidence:
    """A trained system reaches its target."""
    why = because or Text("the stated target", "既定的目标值")
    return Evidence("metric", float(value), relation, target, 0.0, why)


def near(value: float, expected: float, tolerance: float, because: Text, kind: Kind = "bound") -> Evidence:
    """A number is `expected` within a tolerance that `because` derives; the last resort, when no other kind fits."""
    return Evidence(kind, float(value), "=", float(expected), tolerance, because)


def all_of(*evidence: Evidence) -> Evidence:
    """Several measurements of one claim: the first that fails, or else the one that came nearest to failing."""
    if not evidence:
        raise GradusError(Text("a claim measured nothing", "断言没有测量任何量"))

    def relative(e: Evidence) -> float:
        size = max(abs(e.expected), e.tolerance)
        return e.margin / size if size else math.inf  # exact: nothing that could be near

    failing = [e for e in evidence if not e.holds]
    return failing[0] if failing else min(evidence, key=relative)


def raises(call: Callable[[], Any], *errors: type[BaseException]) -> Evidence:
    """`call` raises one of `errors`: the measured number is 1 when it did, 0 when it returned."""
    why = Text("must be rejected, not computed", "必须拒绝，而不是计算")
    try:
        got = call()
    except errors as error:
        return Evidence("identical", 1.0, "=", 1.0, 0.0, why, Text(str(error), str(error)))
    first = np.asarray(got[0] if isinstance(got, (tuple, list)) and got else got).ravel()[:3]
    note = Text(f"returned {first} …", f"返回了 {first} ……")
    return Evidence("identical", 0.0, "=", 1.0, 0.0, why, note)
