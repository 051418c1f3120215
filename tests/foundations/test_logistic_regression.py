"""Logistic regression: beside scikit-learn, its analysis, and where no maximum exists."""

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.foundations.logistic_regression import (
    log_likelihood,
    logistic_regression,
    newton_ascent,
    separated,
)


def data(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3)) * [1, 10, 0.1]
    z = 0.5 + X @ [1.0, -0.1, 5.0]
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(float)


@pytest.mark.parametrize("penalty", [1e-6, 1.0, 50.0])
def test_equals_scikit_learn_with_a_free_intercept(penalty):
    from sklearn.linear_model import LogisticRegression

    X, y = data()
    oracle = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-12, max_iter=200).fit(X, y)
    fit = logistic_regression(X, y, penalty=penalty)
    assert fit.coefficients == pytest.approx([*oracle.intercept_, *oracle.coef_[0]], rel=1e-7)
    assert fit.probability(X) == pytest.approx(oracle.predict_proba(X)[:, 1], rel=1e-7)


def test_gradient_vanishes_and_errors_are_the_spread_of_the_estimates():
    X, y = data()
    fit = logistic_regression(X, y)
    A = np.column_stack([np.ones(len(X)), X])
    value, gradient = log_likelihood(fit.coefficients, A, y)
    assert np.abs(gradient).max() < 1e-10 * len(y)
    assert value == pytest.approx(fit.log_likelihood, rel=1e-14)
    rng = np.random.default_rng(1)
    p = fit.probability(X)
    again = np.array(
        [logistic_regression(X, (rng.random(len(y)) < p).astype(float)).coefficients for _ in range(300)]
    )
    assert again.std(axis=0) == pytest.approx(
        fit.standard_errors, rel=0.2
    )  # 300 draws: 4 % standard error, and a bias of order 1/n
    assert fit.interval(0.95)[:, 1] - fit.interval(0.95)[:, 0] == pytest.approx(
        2 * 1.959964 * fit.standard_errors, rel=1e-6
    )


def test_halving_rescues_a_bad_start():
    X, y = data()
    A = np.column_stack([np.ones(len(X)), X])
    want, _ = newton_ascent(A, y, np.zeros(4), 50)
    got, _ = newton_ascent(A, y, np.array([3.0, -2.0, 0.3, 8.0]), 100)
    assert got == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize(("labels", "is_separated"), [
    ([0, 0, 1, 1], True), ([0, 1, 0, 1], False), ([1, 1, 1, 1], True), ([1, 1, 0, 0], True), ([0, 1, 1, 0], False),
])  # fmt: skip
def test_separation_is_found_exactly(labels, is_separated):
    x, y = np.arange(4.0)[:, None], np.array(labels, float)
    assert separated(np.column_stack([np.ones(4), x]), y) == is_separated
    if is_separated:
        with pytest.raises(
            GradusError, match=r"separates the labels.*give a penalty > 0|whatever the penalty"
        ):
            logistic_regression(x, y)
    else:
        assert np.isfinite(logistic_regression(x, y).coefficients).all()


def test_quasi_separation_is_found():
    x = np.array([0.0, 1.0, 1.0, 2.0])[:, None]  # both labels at 1
    with pytest.raises(GradusError, match="separates"):
        logistic_regression(x, np.array([0.0, 0.0, 1.0, 1.0]))
    assert np.isfinite(logistic_regression(x, np.array([0.0, 0.0, 1.0, 1.0]), penalty=0.1).coefficients).all()


@pytest.mark.parametrize(("X", "y", "options", "said"), [
    (np.ones((4, 1)), np.ones(3), {}, r"y: .*got \(3,\); n is 4 in X"),
    (np.ones((4, 1)), np.ones((4, 1)), {}, r"y: .*got \(4, 1\); flatten"),
    (np.arange(4.0)[:, None], np.array([-1.0, 1, -1, 1]), {}, "labels 0 and 1, got -1"),
    (np.array([[np.nan], [1.0]]), np.array([0.0, 1.0]), {}, r"nan at X\[0, 0\]"),
    (np.arange(4.0)[:, None] * [1, 2], np.array([0.0, 1, 0, 1]), {}, "column 0, column 1 are dependent"),
    (np.arange(4.0)[:, None], np.array([0.0, 1, 0, 1]), {"penalty": -1.0}, "penalty: expected a number ≥ 0, got -1"),
    (data()[0], data()[1], {"steps": 1}, "no maximum after 1 Newton steps"),
])  # fmt: skip
def test_refuses(X, y, options, said):
    with pytest.raises(GradusError, match=said):
        logistic_regression(X, y, **options)


def test_refuses_wrong_rows_and_levels():
    fit = logistic_regression(*data())
    with pytest.raises(GradusError, match=r"\(m, 3\), got \(2, 2\)"):
        fit.probability(np.ones((2, 2)))
    with pytest.raises(GradusError, match=r"level: .* > 0 and < 1, got 95"):
        fit.interval(95)
    with pytest.raises(GradusError, match=r"each of the 3 columns, got shape \(2,\)"):
        newton_ascent(data()[0], data()[1], np.zeros(2), 1)


def test_many_rows_of_which_a_sample_shows_the_way():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((20_000, 3))
    y = (rng.random(20_000) < 1 / (1 + np.exp(-(X @ [1.0, -2.0, 0.5] + 0.3)))).astype(float)
    fit = logistic_regression(X, y)
    _, gradient = log_likelihood(fit.coefficients, np.column_stack([np.ones(len(X)), X]), y)
    assert np.abs(gradient * fit.standard_errors).max() < 1e-8
    assert (np.abs(fit.coefficients - [0.3, 1.0, -2.0, 0.5]) < 5 * fit.standard_errors).all()
