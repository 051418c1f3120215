"""Gaussian mixtures beside scikit-learn's, at the edges where EM collapses, cancels or underflows."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.utils.estimator_checks import check_estimator

from gradus.errors import GradusError
from gradus.inference import GaussianMixture
from gradus.inference.mixtures.normal_components import Components, moments

KINDS = ("full", "tied", "diag", "spherical")


def rows(n=200, d=3, k=3, seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
        + 3 * rng.normal(size=(k, d))[rng.integers(k, size=n)]
    )


def start(kind, k=3, d=3):
    C = {
        "full": np.tile(2 * np.eye(d), (k, 1, 1)),
        "tied": 2 * np.eye(d),
        "diag": np.full((k, d), 2.0),
        "spherical": np.full(k, 2.0),
    }[kind]
    return C, np.linalg.inv(C) if kind in ("full", "tied") else 1 / C


def quietly(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_every_kind_equals_scikit_learn_step_for_step(kind, offset):
    X = rows() + offset
    C, precisions = start(kind)
    common = dict(tol=0.0, reg_covar=0.0, max_iter=10, weights_init=[0.2, 0.3, 0.5], means_init=X[:3])
    ours = quietly(GaussianMixture(3, kind, covariances_init=C, **common), X)
    theirs = quietly(Theirs(3, covariance_type=kind, precisions_init=precisions, **common), X)
    tolerance = 1e-10 if not offset else 1e-6
    for name in ("weights_", "means_", "covariances_"):
        assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=0, atol=tolerance * (1 + offset), err_msg=name
        )
    far = np.concatenate([X, X * 100])
    assert_allclose(ours.predict_proba(far), theirs.predict_proba(far), atol=1e-6)
    assert_allclose([ours.score(X), ours.bic(X)], [theirs.score(X), theirs.bic(X)], rtol=1e-7)
    assert np.array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("kind", KINDS)
def test_the_penalised_sum_never_falls_and_is_what_it_says(kind):
    for seed in range(4):
        X = rows(60, 2, 3, seed)
        model = quietly(GaussianMixture(5, kind, tol=0, reg_covar=0.05, max_iter=40, random_state=seed), X)
        assert np.diff(model.lower_bounds_).min() > -1e-12
        C = model.covariances_
        traces = {
            "full": lambda C=C: np.linalg.inv(C).trace(axis1=1, axis2=2).sum(), "tied": lambda C=C: np.linalg.inv(C).trace(),
            "diag": lambda C=C: (1 / C).sum(), "spherical": lambda C=C: 2 * (1 / C).sum(),
        }[kind]()  # fmt: skip
        assert_allclose(model.lower_bounds_[-1], model.score(X) - 0.05 / 2 * traces, rtol=1e-11)


@pytest.mark.parametrize("square", [True, False])
def test_both_ways_of_a_pass_agree_and_one_stands_cancellation(square):
    X, rng = rows(2300, 4), np.random.default_rng(1)
    C = np.array([np.cov(X.T)] * 3) if square else rng.uniform(1, 3, (3, 4))
    mixture = Components(np.array([0.2, 0.3, 0.5]), X[:3] - X.mean(0), C)
    fast, careful = (moments(X, X.mean(0), mixture, how) for how in (False, True))
    move = careful.about
    assert_allclose(fast.log_likelihood, careful.log_likelihood, rtol=1e-12)
    assert_allclose(fast.counts, careful.counts, rtol=1e-11)
    assert_allclose(fast.first, careful.first + careful.counts[:, None] * move, atol=1e-8)


def test_clusters_far_apart_and_narrow():
    """Deviations of 1e-5 at distances of 1e3: squares would lose all of them."""
    rng = np.random.default_rng(2)
    X = np.concatenate([1e-5 * rng.normal(size=(50, 2)) + c for c in ([0, 0], [1e3, 0], [0, 1e3])])
    model = quietly(
        GaussianMixture(3, reg_covar=0.0, means_init=[[0, 0], [1e3, 0], [0, 1e3]], random_state=0, tol=1e-9),
        X,
    )
    for j in range(3):
        assert_allclose(
            model.covariances_[j], np.cov(X[50 * j : 50 * j + 50].T, bias=True), rtol=1e-4, atol=1e-14
        )


def test_a_collapse_is_named():
    X = np.concatenate([rows(30, 2, 1), [[500.0, 500.0]]])
    model = GaussianMixture(
        2,
        reg_covar=0.0,
        weights_init=[0.5, 0.5],
        means_init=X[[0, 30]],
        covariances_init=[np.eye(2), np.eye(2)],
    )
    with pytest.raises(GradusError, match="component 1 has shrunk onto row 30"):
        model.fit(X)
    with pytest.warns(ConvergenceWarning, match=r"components \[1\] have shrunk until only the penalty"):
        model.set_params(reg_covar=1e-3).fit(X)


def test_a_starved_component_is_named_and_not_taken_for_one_that_shrank():
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    model = GaussianMixture(
        2, reg_covar=10.0, tol=1e-9, weights_init=[0.6, 0.4], means_init=[[0, 0], [4, 4]],
        covariances_init=[np.eye(2)] * 2,
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(np.concatenate([square, square + 4]))
    assert model.weights_.min() < 1e-9
    assert np.diff(model.lower_bounds_).min() > -1e-12
    assert any("lower reg_covar" in str(w.message) for w in said)
    assert not any("raise reg_covar" in str(w.message) for w in said)


def test_far_rows_have_an_owner_and_those_too_far_are_refused():
    model = GaussianMixture(2, random_state=0).fit(rows(80, 2, 2))
    shares = model.predict_proba([[1e8, -1e8], [-1e100, 3.0]])
    assert_allclose(shares.sum(1), 1, rtol=1e-15)
    with pytest.raises(GradusError, match="further away"):
        model.predict_proba([[1e200, 0.0]])


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_the_mixtures_moments(kind):
    model = GaussianMixture(2, kind, random_state=0).fit(rows(100, 2, 2))
    X, labels = model.sample(40_000)
    assert np.bincount(labels).tolist() == [int((labels == j).sum()) for j in (0, 1)]
    error = X.std(0) / 200
    assert (np.abs(X.mean(0) - model.weights_ @ model.means_) < 5 * error).all()
    again = GaussianMixture(
        2,
        kind,
        random_state=1,
        weights_init=model.weights_,
        means_init=model.means_,
        covariances_init=model.covariances_,
        max_iter=0,
    ).fit(X)
    assert_allclose(again.score(X), model.score(X), rtol=1e-12)


def test_the_best_of_several_starts_counts():
    X = rows(60, 2, 6, seed=3)
    one = [quietly(GaussianMixture(4, random_state=s), X).lower_bounds_[-1] for s in range(4)]
    many = quietly(GaussianMixture(4, n_init=8, random_state=0), X).lower_bounds_[-1]
    assert many >= one[0]
    assert len({round(x, 6) for x in one}) > 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(n_components=9), "at least 9 rows"),
        (dict(n_components=2, weights_init=[0.5, 0.6]), "weights that sum to 1"),
        (dict(n_components=2, means_init=[[0.0], [1.0]]), "means_init"),
        (dict(n_components=2, covariance_type="diag", covariances_init=[1.0, 1.0]), "covariances_init"),
    ],
)
def test_what_does_not_fit_is_refused(options, words):
    with pytest.raises(GradusError, match=words):
        GaussianMixture(**options).fit(rows(8, 2))


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "diag" else [pytest.mark.slow]) for kind in KINDS]
)
def test_it_keeps_scikit_learns_contract(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(GaussianMixture(covariance_type=kind), on_skip=None, on_fail=None)
    assert [
        (r["check_name"], r["exception"]) for r in results if r["status"] not in ("passed", "skipped")
    ] == []
    assert len(results) > 35
