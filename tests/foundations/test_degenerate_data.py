"""Regressions, variance analysis, sums and information of data that leave something undefined, or lie far from 0 and 1."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.foundations.adaline import Adaline
from gradus.foundations.analysis_of_variance import analysis_of_variance
from gradus.foundations.compensated import two_product, two_sum
from gradus.foundations.floating_point import summation
from gradus.foundations.information import cross_entropy, js_divergence, kl_divergence
from gradus.foundations.linear_regression import linear_regression
from gradus.foundations.logistic_regression import log_likelihood, logistic_regression, separated
from gradus.foundations.mutual_information import mutual_information

mp = pytest.importorskip("mpmath")
X = np.random.default_rng(0).standard_normal((10, 2))
INF = math.inf


@pytest.mark.parametrize("level", [0.1, 1 / 3, 3.0, 1e8, -7e-5, 1e-300, 0.0])
def test_a_constant_response_has_no_r_squared_and_no_f(level):
    fit = linear_regression(X, np.full(10, level))
    assert math.isnan(fit.r_squared)
    assert math.isnan(fit.f_statistic)
    assert fit.coefficients == pytest.approx([level, 0, 0], abs=1e-15 * abs(level))


def test_f_is_never_negative():
    rng = np.random.default_rng(1)
    for _ in range(50):
        level = 10.0 ** rng.integers(-3, 12)
        fit = linear_regression(X[:, :1], level * (1 + 1e-15 * rng.integers(0, 2, 10)))
        assert not fit.f_statistic < 0
        assert not fit.r_squared < 0
    fit = linear_regression(np.array([[1.0], [-1], [1], [-1]]), np.array([1.0, 1, -1, -1]))
    assert (fit.r_squared, fit.f_statistic) == (0, 0)


@pytest.mark.parametrize("unit", [1e-200, 1e-160, 1e140])
def test_the_analysis_does_not_depend_on_the_unit_of_y(unit):
    y = X @ [1.0, 2.0] + np.random.default_rng(2).standard_normal(10)
    want, got = linear_regression(X, y), linear_regression(X, y * unit)
    assert got.r_squared == pytest.approx(want.r_squared, rel=1e-12)
    assert got.f_statistic == pytest.approx(want.f_statistic, rel=1e-11)
    assert got.standard_errors / unit == pytest.approx(want.standard_errors, rel=1e-11)


LINE, LABELS = np.arange(6.0)[:, None], np.array([0.0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("shift", [-1e4, 1e8, 1e12])
def test_a_shift_of_the_columns_changes_the_intercept_alone(penalty, shift):
    want, got = (logistic_regression(LINE + s, LABELS, penalty=penalty) for s in (0.0, shift))
    assert got.coefficients[1] == pytest.approx(want.coefficients[1], rel=1e-12)
    assert got.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-12)
    assert got.standard_errors[1] == pytest.approx(want.standard_errors[1], rel=1e-10)
    assert got.probability(LINE + shift) == pytest.approx(
        want.probability(LINE), rel=1e-3 if abs(shift) > 1e9 else 1e-6
    )
    # Var(b − cβ), c the shift, from the matrix of the unshifted fit
    covariance = np.linalg.inv(want.problem.information(want.coefficients))
    c = np.array([1.0, -shift])
    assert got.standard_errors[0] == pytest.approx(np.sqrt(c @ covariance @ c), rel=1e-9)
    assert not separated(np.column_stack([np.ones(6), LINE + min(abs(shift), 1e8)]), LABELS)


@pytest.mark.parametrize(("X", "y", "options", "said"), [
    (LINE, np.zeros(6), {}, "got 0 alone: the intercept would grow for ever, whatever the penalty"),
    (LINE, np.ones(6), {"penalty": 1.0}, "got 1 alone"),
    (np.zeros((0, 1)), np.zeros(0), {}, "at least one row"),
    (np.zeros((4, 0)), LABELS[:4], {"intercept": False}, "a column, or an intercept"),
    (np.column_stack([LINE, np.full(6, 5.0)]), LABELS, {}, "column 1 is constant, which the intercept is already"),
    (np.column_stack([LINE, 0 * LINE]), LABELS, {"intercept": False}, "column 1 is all zeros"),
    (np.column_stack([LINE, 2 * LINE + 1]), LABELS, {}, "column 0, column 1 are dependent|the intercept, column 0"),
    (LINE, LABELS, {"penalty": INF}, "penalty: expected a finite number"),
    (LINE, LABELS, {"penalty": math.nan}, "penalty: expected a finite number"),
    (LINE, LINE[:, 0] > 2.5, {}, "give a penalty > 0"),
])  # fmt: skip
def test_the_advice_fits_the_case(X, y, options, said):
    with pytest.raises(GradusError, match=said):
        logistic_regression(X, y, **options)


def test_what_a_penalty_makes_well_posed():
    alone = logistic_regression(LINE, np.zeros(6), intercept=False, penalty=1.0)
    value, gradient = log_likelihood(alone.coefficients, LINE, np.zeros(6), 1.0)
    assert abs(gradient[0]) < 1e-9
    single = logistic_regression(LINE, LABELS, penalty=1.0).coefficients[1]
    doubled = logistic_regression(np.column_stack([LINE, LINE]), LABELS, penalty=2.0).coefficients
    assert doubled[1:] == pytest.approx([single / 2] * 2, rel=1e-9)
    assert value < 0
    for labels in (2 * LABELS - 1, LABELS[:3]):
        with pytest.raises(GradusError, match="y"):
            log_likelihood(np.zeros(1), LINE, labels)
    with pytest.raises(GradusError, match="theta"):
        log_likelihood(np.zeros(3), LINE, LABELS)


def test_variances_that_no_float_holds_are_refused():
    for unit in (1e200, 1e-200):
        with pytest.raises(GradusError, match="divide y by a constant"):
            analysis_of_variance(np.array([1.0, 2, 3, 5]) * unit, [0, 0, 1, 1])
    table = analysis_of_variance([0.1] * 4, [0, 0, 1, 1])
    assert all(math.isnan(v) for v in (table.f_statistic, table.p_value, table.r_squared))
    with pytest.raises(GradusError, match="divide by a constant"):
        Adaline().fit(LINE * 1e200, LABELS)


@pytest.mark.parametrize(("dtype", "low", "high"), [(np.float64, 1e-140, 1e140), (np.float32, 1e-15, 1e15)])
def test_products_and_their_errors_in_their_own_precision(dtype, low, high):
    rng = np.random.default_rng(3)
    a, b = (
        np.exp(rng.uniform(math.log(low), math.log(high), 300)) * rng.choice([-1, 1], 300) for _ in range(2)
    )
    a, b = a.astype(dtype), (b / np.maximum(1, np.abs(a) / 1e3)).astype(dtype)
    p, e = two_product(a, b)
    assert p.dtype == e.dtype == dtype
    kept = np.abs(p) > low**2 / np.finfo(dtype).eps if dtype == np.float64 else np.abs(p) > 1e-30
    assert all(
        Fraction(float(x)) * Fraction(float(y)) == Fraction(float(u)) + Fraction(float(v))
        for x, y, u, v in zip(a[kept], b[kept], p[kept], e[kept], strict=True)
    )
    assert kept.sum() > 200


def test_errors_at_infinity_are_no_nan():
    assert two_sum(INF, 1.0) == (INF, 0.0)
    assert two_product(INF, 2.0) == (INF, 0.0)
    s, e = two_sum(np.array([INF, 1.0, 1e308]), np.array([1.0, 2.0**-60, 1e308]))
    assert s.tolist() == [INF, 1.0, INF]
    assert e.tolist() == [0.0, 2.0**-60, 0.0]
    for method in ("naive", "pairwise", "kahan"):
        assert summation([INF, 1.0], method) == INF
        assert np.isnan(summation([INF, -INF], method))


def both(p, q):
    return (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (p, q))


def test_divergences_of_near_and_of_tiny_shares():
    d = 2.0**-30
    p, q = both([0.5, 0.5], [0.5 + d, 0.5 - d])
    with mp.workdps(50):
        want = -(mp.log(1 + 2 * mp.mpf(d)) + mp.log(1 - 2 * mp.mpf(d))) / 2
        js = mp.mpf(0)
        for u, v in ((0.5, 0.5 + d), (0.5, 0.5 - d)):
            m = (mp.mpf(u) + mp.mpf(v)) / 2
            js += (mp.mpf(u) * mp.log(u / m) + mp.mpf(v) * mp.log(v / m)) / 2
    assert kl_divergence(p, q).item() == pytest.approx(float(want), rel=1e-13)
    assert js_divergence(p, q).item() == pytest.approx(float(js), rel=1e-13)
    p, q = both([1e-20, 1.0], [2e-20, 1.0])
    assert kl_divergence(p, q).item() == pytest.approx(1e-20 * (1 - math.log(2)), rel=1e-13)
    p, q = both([0.5, 0.5], [1e-310, 1.0])
    assert kl_divergence(p, q).item() == pytest.approx(155 * math.log(10) - math.log(2), rel=1e-13)


def test_gradients_at_shares_of_zero():
    """∂/∂p of p log(p/q) is log(p/q) + 1, ∂/∂q is −p/q; where both are 0 nothing changes."""
    p, q = both([0.0, 1.0, 0.0], [0.25, 0.75, 0.0])
    kl_divergence(p, q).backward()
    assert p.grad.tolist() == pytest.approx([-INF, math.log(4 / 3) + 1, 0.0])
    assert q.grad.tolist() == pytest.approx([0.0, -4 / 3, 0.0])
    p, q = both([0.0, 1.0, 0.0], [0.25, 0.75, 0.0])
    js_divergence(p, q).backward()
    assert p.grad.tolist() == pytest.approx([-INF, 0.5 * math.log(8 / 7), 0.0])
    assert q.grad.tolist() == pytest.approx([0.5 * math.log(2), 0.5 * math.log(6 / 7), 0.0])
    p, q = both([0.0, 1.0, 0.0], [0.25, 0.75, 0.0])
    cross_entropy(p, q).backward()
    assert p.grad.tolist() == pytest.approx([math.log(4), math.log(4 / 3), 0.0])


def test_information_of_nearly_independent_and_of_rare_pairs():
    d = 2.0**-30
    near = torch.tensor([[0.25 + d, 0.25 - d], [0.25 - d, 0.25 + d]], dtype=torch.float64)
    with mp.workdps(50):
        e = 4 * mp.mpf(d)
        want = ((1 + e) * mp.log(1 + e) + (1 - e) * mp.log(1 - e)) / 2
    assert mutual_information(near).item() == pytest.approx(float(want), rel=1e-12)
    rare = torch.tensor([[1e-310, 0.0], [0.0, 1.0]], dtype=torch.float64, requires_grad=True)
    value = mutual_information(rare)
    assert value.item() == pytest.approx(1e-310 * (310 * math.log(10) + 1), rel=1e-12)
    value.backward()
    assert rare.grad[0, 0].item() == pytest.approx(310 * math.log(10) - 1)
    assert mutual_information(torch.tensor([[0.5, 0.0], [0.5, 0.0]])).item() == 0
