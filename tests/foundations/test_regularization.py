"""Penalised regression: beside scikit-learn, its optimality conditions, and the intercept that nobody penalises."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from gradus.errors import GradusError
from gradus.foundations.estimators import LinearRegression, LogisticRegression
from gradus.foundations.linear_regression import linear_regression
from gradus.foundations.logistic_regression import logistic_regression
from gradus.foundations.regularization import penalized, soft_threshold


def data(n=120, d=8, seed=0, shift=50.0):
    rng = np.random.default_rng(seed)
    scale = (
        np.logspace(-1, 1, d) if d < n else np.ones(d)
    )  # the oracle needs millions of sweeps for both at once
    X = rng.standard_normal((n, d)) * scale + (3 if d < n else 0)
    y = shift + X @ (np.where(np.arange(d) % 2, 0, 1.0) / scale) + rng.standard_normal(n)
    return X, y


PENALTIES = [("l1", 1.0), ("elasticnet", 0.3), ("l2", 0.0)]


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 1.0])
@pytest.mark.parametrize(("penalty", "ratio"), PENALTIES)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", [(120, 8), (30, 60)], ids=["tall", "wide"])
def test_linear_equals_scikit_learn(penalty, ratio, alpha, intercept, shape):
    from sklearn.linear_model import ElasticNet, Ridge

    X, y = data(*shape)
    if penalty == "l2":
        oracle = Ridge(alpha=alpha * len(X), fit_intercept=intercept, solver="svd").fit(X, y)
    else:
        oracle = ElasticNet(
            alpha=alpha, l1_ratio=ratio, fit_intercept=intercept, tol=1e-13, max_iter=10**6
        ).fit(X, y)
    ours = LinearRegression(penalty, alpha, 0.3, intercept).fit(X, y)
    assert ours.coef_ == pytest.approx(oracle.coef_, rel=1e-6, abs=1e-6)
    assert ours.intercept_ == pytest.approx(oracle.intercept_, rel=1e-6, abs=1e-6)


def logistic_oracle(ratio, C, intercept):
    from sklearn.linear_model import LogisticRegression as Oracle

    if ratio == 0.0:
        return Oracle(C=C, fit_intercept=intercept, solver="newton-cg", tol=1e-12, max_iter=2000)
    return Oracle(
        C=C,
        l1_ratio=ratio,
        fit_intercept=intercept,
        solver="saga",
        tol=1e-12,
        max_iter=200_000,
        random_state=0,
    )


@pytest.mark.parametrize(("penalty", "ratio"), PENALTIES)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_equals_scikit_learn(penalty, ratio, intercept, classes):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((150, 4))
    y = (X @ rng.standard_normal((4, classes)) + rng.gumbel(size=(150, classes)) + np.arange(classes)).argmax(
        1
    )
    oracle = logistic_oracle(ratio, 0.5, intercept).fit(X, y)
    ours = LogisticRegression(penalty, 0.5, 0.3, intercept).fit(X, y)
    assert ours.coef_ == pytest.approx(oracle.coef_, rel=1e-6, abs=1e-6)
    assert ours.predict_proba(X) == pytest.approx(oracle.predict_proba(X), abs=1e-6)
    assert np.exp(ours.predict_log_proba(X)) == pytest.approx(ours.predict_proba(X), rel=1e-12)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_optimality_conditions(loss):
    X, y = data(60, 12)
    y = y if loss == "squared" else (y > np.median(y)).astype(float)
    l1, l2 = 0.05, 0.02
    fit = penalized(X, y, l1, l2, loss)
    z = X @ fit.coefficients + fit.intercept
    p = z if loss == "squared" else 1 / (1 + np.exp(-z))
    slope = X.T @ (p - y) / len(y) + l2 * fit.coefficients
    kept = fit.coefficients != 0
    assert fit.converged
    assert 0 < kept.sum() < 12
    assert slope[kept] == pytest.approx(-l1 * np.sign(fit.coefficients[kept]), abs=1e-8)
    assert np.abs(slope[~kept]).max() <= l1 + 1e-8
    assert (p - y).mean() == pytest.approx(0, abs=1e-9)  # the intercept is free


def test_shifting_the_response_moves_the_intercept_alone():
    X, y = data()
    a, b = penalized(X, y, 0.1, 0.1), penalized(X, y + 1e3, 0.1, 0.1)
    assert b.coefficients == pytest.approx(a.coefficients, abs=1e-8)
    assert b.intercept - a.intercept == pytest.approx(1e3)


def test_large_penalty_leaves_the_mean():
    X, y = data()
    top = np.abs((X - X.mean(0)).T @ (y - y.mean())).max() / len(y)
    assert np.abs(penalized(X, y, top * 1.001).coefficients).max() == 0
    assert np.abs(penalized(X, y, top * 0.99).coefficients).max() > 0


def test_no_penalty_is_least_squares_and_separated_classes_are_warned_of():
    X, y = data()
    A = np.column_stack([np.ones(len(X)), X])
    want = np.linalg.lstsq(A, y, rcond=None)[0]
    ours = LinearRegression().fit(X, y)
    assert [ours.intercept_, *ours.coef_] == pytest.approx(want, rel=1e-9)
    fit = penalized(X, y)
    assert fit.coefficients == pytest.approx(want[1:], rel=1e-7)
    with pytest.warns(ConvergenceWarning, match="separate"):
        LogisticRegression(None).fit(np.array([[-2.0], [-1], [1], [2]]), [0, 0, 1, 1])


def test_no_more_steps_is_said():
    X, y = data()
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        LinearRegression("l1", 0.01, max_iter=2).fit(X, y)


def test_many_columns_keep_the_optimality_conditions():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((50, 2500))
    y = X[:, :3] @ [3.0, -2.0, 1.0] + 0.1 * rng.standard_normal(50)
    fit = penalized(X, y, 0.3, tolerance=1e-8)
    slope = X.T @ (X @ fit.coefficients + fit.intercept - y) / 50
    assert fit.converged
    assert np.abs(slope).max() <= 0.3 + 1e-6
    assert set(np.flatnonzero(np.abs(fit.coefficients) > 0.3)) <= {0, 1, 2}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(y=np.ones(4)), r"y: .*got \(4,\); n is 5 in X"),
        (dict(l1=-1.0), "l1: expected a number ≥ 0"),
        (dict(loss="hinge"), "loss: expected one of squared, logistic"),
        (dict(loss="logistic", y=np.arange(5.0)), "labels 0 and 1"),
        (dict(X=np.full((5, 2), np.nan)), "finite"),
    ],
)
def test_mistakes_are_refused(change, said):
    arguments = {"X": np.ones((5, 2)), "y": np.ones(5), **change}
    with pytest.raises(GradusError, match=said):
        penalized(**arguments)


def test_soft_threshold():
    assert soft_threshold(np.array([-2.0, -0.5, 0.0, 0.5, 2.0]), 1.0).tolist() == [-1, 0, 0, 0, 1]


@pytest.mark.parametrize("intercept", [True, False])
def test_estimators_agree_with_the_analyses(intercept):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((300, 6)) * np.logspace(-2, 2, 6) + 1.0
    y = X @ np.ones(6) + rng.standard_normal(300)
    ours, fit = LinearRegression(fit_intercept=intercept).fit(X, y), linear_regression(X, y, intercept)
    unit = np.abs(fit.standard_errors[intercept:])
    assert (np.abs(ours.coef_ - fit.coefficients[intercept:]) / unit).max() < 1e-9
    labels = ((X[:, 0] - 1) * 100 + rng.logistic(size=300) > 0).astype(float)
    model = LogisticRegression(C=2.0, fit_intercept=intercept).fit(X, labels)
    fit = logistic_regression(X, labels, intercept, penalty=0.5)
    unit = np.abs(fit.standard_errors[intercept:])
    assert (np.abs(model.coef_[0] - fit.coefficients[intercept:]) / unit).max() < 1e-7


def test_a_table_that_is_long_and_wide_keeps_the_optimality_conditions():
    """Beyond 2000 unknowns the steepest curvature is found by power iteration, and no Hessian is formed."""
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((2100, 2050)), rng.standard_normal(2100)
    fit = penalized(X, y, l1=0.05, l2=0.5, intercept=False, tolerance=1e-6)
    assert fit.converged
    b = fit.coefficients
    gradient = X.T @ (X @ b - y) / len(y) + 0.5 * b
    assert np.abs(gradient + 0.05 * np.sign(b))[b != 0].max() < 1e-5
    assert np.abs(gradient[b == 0]).max() < 0.05 + 1e-5
