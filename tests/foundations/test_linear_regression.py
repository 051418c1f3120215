"""Least squares: the certified values, the analysis beside SciPy's, and what it refuses."""

import json
from importlib import import_module
from importlib.resources import files

import numpy as np
import pytest
from scipy import stats

from gradus.errors import GradusError
from gradus.foundations.linear_regression import linear_regression

module = import_module("gradus.foundations.linear_regression")  # the package's name is the function's
EMBEDDED = json.loads((files("gradus") / "assets" / "nist_strd_linear.json").read_text(encoding="utf-8"))[
    "sets"
]


def design(s):
    x = np.array(s["predictors"])
    return x ** np.arange(1, s["degree"] + 1) if s["degree"] > 1 else x


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_values_are_the_published_ones(name, oracles):
    path = oracles / "nist_strd" / "linear" / "linear.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    published = json.loads(path.read_text())["sets"]
    assert set(published) == set(EMBEDDED)
    ours, theirs = EMBEDDED[name], published[name]
    assert ours["predictors"] == theirs["predictors"]
    assert ours["response"] == theirs["response"]
    assert ours["coefficients"] == theirs["coefficients"]
    assert ours["degrees_of_freedom"] == theirs["residual_degrees_of_freedom"]
    rss = float(ours["residual_deviation"]) ** 2 * ours["degrees_of_freedom"]
    assert rss == pytest.approx(float(theirs["residual_sum_of_squares"]), rel=1e-14)


def test_embedded_analysis_is_that_of_norris_file(oracles):
    path = oracles / "nist_strd" / "linear" / "Norris.dat"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    lines = path.read_text().splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[:60] if line.split()}
    norris = EMBEDDED["norris"]
    for j, name in enumerate(("B0", "B1")):
        assert [float(norris[k][j]) for k in ("coefficients", "standard_errors")] == pytest.approx(
            [float(v) for v in rows[name]], rel=1e-14
        )
    assert float(norris["r_squared"]) == pytest.approx(float(rows["R-Squared"][0]), rel=1e-14)
    assert float(norris["f_statistic"]) == pytest.approx(float(rows["Regression"][-1]), rel=1e-14)


@pytest.mark.parametrize(("name", "plain", "refined"), [
    ("norris", 11, 13), ("pontius", 11, 12), ("noint1", 14, 15), ("noint2", 14, 15), ("longley", 9, 13), ("filip", 7, 7),
    ("wampler1", 8.5, 15), ("wampler2", 11, 12), ("wampler3", 8.5, 15), ("wampler4", 7, 15), ("wampler5", 5, 15),
])  # fmt: skip
def test_refinement_wins_back_the_digits(name, plain, refined):
    s = EMBEDDED[name]
    want = np.array(s["coefficients"], float)
    for steps, bar in ((0, plain), (1, refined), (3, refined)):
        got = linear_regression(design(s), np.array(s["response"]), s["intercept"], steps).coefficients
        assert -np.log10(np.maximum(np.abs(got - want) / np.abs(want), 1e-16)).min() >= bar


def test_agrees_with_scipy_on_one_slope():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(30)
    y = 1 + 2 * x + rng.standard_normal(30)
    fit, oracle = linear_regression(x[:, None], y), stats.linregress(x, y)
    assert fit.coefficients == pytest.approx([oracle.intercept, oracle.slope], rel=1e-13)
    assert fit.standard_errors == pytest.approx([oracle.intercept_stderr, oracle.stderr], rel=1e-13)
    assert fit.p_values[1] == pytest.approx(oracle.pvalue, rel=1e-10)
    assert fit.r_squared == pytest.approx(oracle.rvalue**2, rel=1e-13)
    quantile = stats.t.ppf(0.95, 28)
    assert fit.interval(0.9)[1] == pytest.approx(
        [oracle.slope - quantile * oracle.stderr, oracle.slope + quantile * oracle.stderr], rel=1e-12
    )
    assert fit.predict(x[:, None]) == pytest.approx(y - fit.residuals, abs=1e-12)


def test_a_perfect_fit_has_infinite_t():
    x = np.arange(6.0)[:, None]
    fit = linear_regression(x, np.ones(6))
    assert fit.coefficients == pytest.approx([1, 0], abs=1e-15)
    fit = linear_regression(x, np.zeros(6), intercept=False)
    assert fit.coefficients[0] == 0


@pytest.mark.parametrize(("X", "y", "said"), [
    (np.ones((5, 1)), np.ones((5, 1)), r"y: .*got \(5, 1\); flatten it with y"),
    (np.ones((5, 1)), np.ones(4), r"y: .*got \(4,\); n is 5 in X"),
    (np.ones(5), np.ones(5), r"X: .*got \(5,\)"),
    (np.array([[1.0], [np.nan], [2.0]]), np.ones(3), r"nan at X\[1, 0\]"),
    (np.array([[1.0], [3.0], [2.0]]), np.array([1, np.inf, 0]), r"inf at y\[1\]"),
    (np.ones((2, 2)), np.ones(2), "more observations than coefficients, got n=2 and p=3"),
    (np.zeros((5, 1)), np.ones(5), "column 0 of X is all zeros"),
    (np.ones((5, 1)), np.arange(5.0), "rank 1 of 2: the intercept, column 0 are dependent"),
    (np.outer(np.arange(6.0), [1, 2, 0]) + np.outer(np.arange(6.0) ** 2, [0, 0, 1]), np.ones(6), "column 0, column 1 are dependent"),
])  # fmt: skip
def test_refuses(X, y, said):
    with pytest.raises(GradusError, match=said):
        linear_regression(X, y)


def test_refuses_a_wrong_level_and_wrong_rows():
    fit = linear_regression(np.arange(5.0)[:, None], np.array([0, 1, 1, 3, 4.0]))
    with pytest.raises(GradusError, match=r"level: .* > 0 and < 1, got 95"):
        fit.interval(95)
    with pytest.raises(GradusError, match=r"X: expected shape \(m, 1\), got \(3, 2\)"):
        fit.predict(np.ones((3, 2)))


def test_columns_of_any_scale():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((20, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.1 * rng.standard_normal(20)
    plain, wild = linear_regression(X, y), linear_regression(X * [1e200, 1.0, 1e-200], y)
    assert wild.coefficients * [1, 1e200, 1, 1e-200] == pytest.approx(plain.coefficients, rel=1e-13)
    assert wild.t_statistics == pytest.approx(plain.t_statistics, rel=1e-12)


def test_the_factor_from_the_gram_matrix_gives_what_qr_gives():
    rng = np.random.default_rng(7)
    for condition in (1.0, 1e3, 9e3, 1e5):
        left = np.linalg.qr(rng.standard_normal((400, 6)))[0]
        X = left * np.geomspace(1, 1 / condition, 6) @ np.linalg.qr(rng.standard_normal((6, 6)))[0]
        y = X @ np.ones(6) + 0.1 * rng.standard_normal(400)
        A = np.column_stack([np.ones(400), X])
        usual = module._factors(np.asfortranarray(A), True)
        want, _ = module._solve(usual, np.asfortranarray(A), y, 2)
        got = linear_regression(X, y)
        assert got.coefficients == pytest.approx(want, rel=1e-12)
    assert module._seminormal(np.asfortranarray(A)) is None  # κ = 1e5 is left to QR
