"""Perceptron, ADALINE and Hopfield's networks as functions and as estimators."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import ConvergenceWarning

from gradus.errors import GradusError
from gradus.foundations.adaline import Adaline, lms
from gradus.foundations.hopfield import Hopfield, ModernHopfield, energy, modern_recall, recall
from gradus.foundations.perceptron import Perceptron, perceptron

XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])


def one_by_one(X, y, epochs):
    """The rule row by row, without looking ahead."""
    A = np.column_stack([np.ones(len(X)), X])
    w, mistakes = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        for a, t in zip(A, y, strict=True):
            if t * (w @ a) <= 0:
                w, mistakes = w + t * a, mistakes + 1
    return w, mistakes


def test_skipping_to_the_next_mistake_changes_nothing():
    rng = np.random.default_rng(0)
    X = rng.integers(-8, 9, (700, 5)).astype(float)  # integers: no rounding, so ties are ties
    y = np.where(X @ rng.standard_normal(5) + rng.standard_normal(700) > 0, 1.0, -1.0)
    fit = perceptron(X, y, epochs=7)
    w, mistakes = one_by_one(X, y, 7)
    assert fit.coefficients.tolist() == w.tolist()
    assert fit.mistakes == mistakes
    assert not fit.converged


def test_perceptron_separates_and_says_when_it_cannot():
    X, labels = make_blobs(200, centers=3, random_state=2, cluster_std=0.5)
    model = Perceptron().fit(X, labels)
    assert model.converged_
    assert model.score(X, labels) == 1.0
    assert model.coef_.shape == (3, 2)
    with pytest.warns(ConvergenceWarning, match="no hyperplane"):
        model = Perceptron(max_iter=50).fit(XOR, [0, 1, 1, 0])
    assert model.n_iter_ == 50


def test_averaging_helps_where_classes_overlap():
    X, y = make_blobs(400, centers=2, random_state=0, cluster_std=2.5)
    with pytest.warns(ConvergenceWarning):
        last = Perceptron(max_iter=20).fit(X[:200], y[:200])
    with pytest.warns(ConvergenceWarning):
        mean = Perceptron(max_iter=20, averaged=True).fit(X[:200], y[:200])
    assert mean.score(X[200:], y[200:]) > last.score(X[200:], y[200:])


def test_averaged_weights_are_the_mean_of_those_held():
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((60, 3)), rng.integers(0, 2, 60)
    with pytest.warns(ConvergenceWarning):
        model = Perceptron(max_iter=5, averaged=True).fit(X, y)
    A, w, held = np.column_stack([np.ones(60), X]), np.zeros(4), []
    for _ in range(5):
        for a, t in zip(A, 2.0 * y - 1, strict=True):
            if t * (w @ a) <= 0:
                w = w + 2 * t * a  # both classes move
            held.append(w)
    assert [*model.intercept_, *model.coef_[0]] == pytest.approx(np.mean(held, 0), abs=1e-12)


def test_adaline_approaches_least_squares():
    X, y = make_blobs(150, centers=2, random_state=1, cluster_std=3.0)
    X = (X - X.mean(0)) / X.std(0)
    model = Adaline(max_iter=400, tol=1e-6).fit(X, y)
    want = np.linalg.lstsq(np.column_stack([np.ones(150), X]), 2.0 * y - 1, rcond=None)[0]
    assert [*model.intercept_, *model.coef_[0]] == pytest.approx(want, abs=0.01)
    with pytest.raises(GradusError, match="step_size=10"):
        Adaline(step_size=10.0).fit(X, y)


def test_adaline_learns_digits():
    X, y = load_digits(return_X_y=True)
    model = Adaline(max_iter=40, tol=0.05).fit(X[:1200] / 16, y[:1200])
    assert model.score(X[1200:] / 16, y[1200:]) > 0.85


@pytest.mark.parametrize(
    "wrong",
    [
        dict(y=np.ones(4)),
        dict(start=np.ones(3)),
        dict(step_size=-0.1),
        dict(step_size=np.ones(4)),
        dict(X=np.ones((2, 5, 2)), y=np.ones((3, 5))),
    ],
)
def test_lms_refuses(wrong):
    arguments = {"X": np.ones((5, 2)), "y": np.ones(5), "step_size": 0.1, "start": np.zeros(2), **wrong}
    with pytest.raises(GradusError):
        lms(**arguments)


def test_hopfield_completes_digits():
    X, _ = load_digits(return_X_y=True)
    stored = X[[0, 1, 2]]
    memory = Hopfield(threshold=7.5).fit(stored)
    assert memory.n_iter_ == 1, "the stored patterns are fixed points"
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(stored.shape) < 0.15, 16 - stored, stored)
    assert (memory.recall(noisy) == memory.patterns_).mean() > 0.95
    assert (memory.energy(memory.recall(noisy) * 16) <= memory.energy(noisy)).all()
    assert (memory.predict(noisy) == memory.transform(noisy)).all()


def test_recall_updates_the_overlaps_rightly():
    rng = np.random.default_rng(1)
    xi, s = rng.choice([-1, 1], (6, 40)), rng.choice([-1, 1], (3, 40))
    order = rng.integers(0, 40, 300)
    W = xi.T @ xi - 6 * np.eye(40, dtype=int)
    want = s.copy()
    for i in order:
        h = want @ W[i]
        want[:, i] = np.where(h == 0, want[:, i], np.sign(h))
    assert (recall(xi, s, order) == want).all()
    assert energy(xi, want) == pytest.approx(-np.einsum("bi,ij,bj->b", want, W, want) / 80)


def test_modern_hopfield_stores_more_than_the_classical():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 48))
    noisy = X + 0.3 * rng.standard_normal(X.shape)
    memory = ModernHopfield(beta=4.0).fit(X)
    found = ((memory.recall(noisy)[:, None] - X) ** 2).sum(-1).argmin(1)
    assert (found == np.arange(500)).mean() > 0.99  # the classical network keeps 0.138·48 = 7


@pytest.mark.parametrize(
    "call",
    [
        lambda: recall(np.ones((2, 3), int), np.ones(4, int), np.arange(3)),
        lambda: recall(np.zeros((2, 3), int), np.ones(3, int), np.arange(3)),
        lambda: recall(np.ones((2, 3), int), np.ones(3, int), np.array([3])),
        lambda: energy(np.ones((2, 3), int), np.ones(4, int)),
        lambda: modern_recall(np.ones((2, 3)), np.ones(4)),
        lambda: modern_recall(np.ones((2, 3)), np.ones(3), beta=0.0),
        lambda: modern_recall(np.full((2, 3), np.nan), np.ones(3)),
        lambda: perceptron(np.ones((3, 2)), np.array([0.0, 1, 1])),
        lambda: perceptron(np.ones((3, 2)), np.ones(4)),
        lambda: perceptron(np.full((3, 2), np.inf), np.ones(3)),
        lambda: Perceptron().fit(np.ones((3, 2)), [1, 1, 1]),
    ],
)
def test_mistakes_are_refused(call):
    with pytest.raises(GradusError):
        call()
