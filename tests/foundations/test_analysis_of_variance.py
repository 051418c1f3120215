"""Analysis of variance: the certified values, decimals, and what it refuses."""

import json
import math
from decimal import Decimal
from importlib.resources import files

import numpy as np
import pytest
from scipy import stats

from gradus.concepts.foundations.hypothesis_test.analysis_of_variance import exact_f, nist
from gradus.errors import GradusError
from gradus.foundations.analysis_of_variance import analysis_of_variance

EMBEDDED = json.loads((files("gradus") / "assets" / "nist_strd_anova.json").read_text(encoding="utf-8"))[
    "sets"
]


def published(name, oracles):
    """Groups, observations as they are printed, and certified values of a reference set."""
    path = oracles / "nist_strd" / "anova" / f"{name}.dat"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    lines = path.read_text().splitlines()
    rows = [line.split() for line in lines[60:] if line.split()]
    between = next(line.split() for line in lines if line.startswith("Between"))
    within = next(line.split() for line in lines if line.startswith("Within"))
    certified = {
        "f_statistic": between[-1],
        "between": between[-3],
        "within": within[-2],
        "r_squared": next(line.split()[-1] for line in lines if "Certified R-Squared" in line),
        "residual_deviation": next(line.split()[-1] for line in lines if "Standard Deviation" in line),
    }
    return [int(r[0]) for r in rows], [r[1] for r in rows], certified


def relative(got, want):
    return abs(got - want) / abs(want)


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_sets_are_the_published_ones(name, oracles):
    groups, values, certified = published(name, oracles)
    _, y, g, f = next(s for s in nist() if s[0] == name)
    assert (g + 1).tolist() == groups
    assert y.tolist() == [float(v) for v in values]
    assert {k: EMBEDDED[name][k] for k in certified} == certified
    assert f == float(certified["f_statistic"])


@pytest.mark.parametrize("name", EMBEDDED)
def test_decimals_reach_every_certified_digit(name, oracles):
    groups, values, certified = published(name, oracles)
    found = analysis_of_variance([Decimal(v) for v in values], groups)
    assert found.f_statistic == analysis_of_variance(values, groups).f_statistic  # as text
    for part, value in certified.items():
        # 15 digits are certified; those of AtmWtAg and SiRstv end in a rounded one
        assert relative(getattr(found, part), float(value)) < 10**-14.4, part


@pytest.mark.parametrize(("name", "digits"), [
    ("AtmWtAg", 10), ("SiRstv", 13), ("SmLs01", 15), ("SmLs02", 15), ("SmLs03", 15), ("SmLs04", 10), ("SmLs05", 10),
    ("SmLs06", 10), ("SmLs07", 4), ("SmLs08", 4), ("SmLs09", 4),
])  # fmt: skip
def test_floats_keep_what_storing_leaves(name, digits):
    _, y, g, certified = next(s for s in nist() if s[0] == name)
    found = analysis_of_variance(y, g)
    assert relative(found.f_statistic, exact_f(name)) < 4 * 2**-52
    assert relative(found.f_statistic, certified) < 10.0**-digits


@pytest.mark.parametrize("constant", [0.0, 1e8, 1e15, -1e15])
def test_a_shared_constant_costs_nothing(constant):
    rng = np.random.default_rng(1)
    g = np.arange(60) % 7
    y = np.round(8 * rng.standard_normal(60) + g)  # exact whatever is added
    assert analysis_of_variance(y + constant, g).f_statistic == analysis_of_variance(y, g).f_statistic


def test_values_of_very_unlike_size():
    from fractions import Fraction

    y = [1e20, 1.0, -1e20, 3.0, 1e-3, 5.0]
    found = analysis_of_variance(y, [0, 0, 0, 1, 1, 1])
    exact = [Fraction(v) for v in y]
    means = [sum(part) / 3 for part in (exact[:3], exact[3:])]
    within = sum((v - means[i // 3]) ** 2 for i, v in enumerate(exact))
    between = sum(3 * (m - sum(exact) / 6) ** 2 for m in means)
    assert found.within == pytest.approx(float(within), rel=1e-15)
    assert found.between == pytest.approx(float(between), rel=1e-12)


def test_agrees_with_scipy_and_takes_any_labels():
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b", "c"])[rng.integers(0, 3, 40)]
    y = rng.standard_normal(40)
    found = analysis_of_variance(y, labels)
    want = stats.f_oneway(*[y[labels == c] for c in "abc"])
    assert found.f_statistic == pytest.approx(want.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(want.pvalue, rel=1e-12)
    assert found.groups == ("a", "b", "c")
    assert found.means == pytest.approx([y[labels == c].mean() for c in "abc"])
    assert (found.degrees_between, found.degrees_within) == (2, 37)


def test_nothing_varies():
    still = analysis_of_variance([1.0, 1.0, 2.0, 2.0], [0, 0, 1, 1])
    assert still.f_statistic == math.inf and still.p_value == 0.0 and still.r_squared == 1.0
    same = analysis_of_variance([2.0, 2.0, 2.0], [0, 0, 1])
    assert math.isnan(same.f_statistic) and math.isnan(same.r_squared)


@pytest.mark.parametrize(("y", "group", "said"), [
    ([1.0, 2.0, 3.0], [0, 1], r"one shape \(n,\), got \(3,\) and \(2,\)"),
    (np.ones((2, 2)), [0, 1], r"shape \(n,\) with n ≥ 1, got \(2, 2\)"),
    ([], [], r"got \(0,\)"),
    ([1.0, math.nan, 2.0], [0, 0, 1], r"y\[1\] = nan"),
    ([Decimal("NaN"), Decimal(1), Decimal(2)], [0, 0, 1], "finite numbers"),
    ([Decimal(1), None, Decimal(2)], [0, 0, 1], "y: expected real numbers, got None"),
    ([1.0, 2.0], [0, 0], "at least 2 groups, got 1"),
    ([1.0, 2.0], [0, 1], "2 groups of one each"),
    (["a", "b", "c"], [0, 0, 1], "finite numbers"),
])  # fmt: skip
def test_refuses_what_makes_no_sense(y, group, said):
    with pytest.raises(GradusError, match=said):
        analysis_of_variance(y, group)


def test_exact_numbers_are_subtracted_before_they_are_stored():
    levels = [Decimal(10**15) + Decimal(v) / 10 for v in (1, 2, 4, 5)]
    table = analysis_of_variance(levels, ["a", "a", "b", "b"])
    assert table.f_statistic == pytest.approx(18, rel=1e-15)  # as of 1, 2 | 4, 5
    stored = analysis_of_variance([float(v) for v in levels], ["a", "a", "b", "b"])
    assert abs(stored.f_statistic - 18) > 0.1, "what storing loses, no later computation wins back"
