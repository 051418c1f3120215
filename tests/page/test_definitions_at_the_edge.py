"""Definitions of pages where something is absent: a cluster, a word, a class; and for integers and labels of another coding."""

import numpy as np
import pytest

from gradus.concepts.foundations.classification_metrics.classification_metrics import classification_metrics
from gradus.concepts.foundations.classification_metrics.proper_scores import proper_scores
from gradus.concepts.foundations.classification_metrics.roc_auc import roc_auc
from gradus.concepts.foundations.clustering.clustering import k_means
from gradus.concepts.foundations.naive_bayes import naive_bayes
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.concepts.networks.activations.silu import silu
from gradus.concepts.networks.activations.softmax import softmax
from gradus.concepts.networks.activations.tanh import tanh
from gradus.concepts.networks.losses.hinge import hinge
from gradus.concepts.networks.losses.nll import nll
from gradus.concepts.networks.losses.softmax_cross_entropy import softmax_cross_entropy
from gradus.concepts.networks.pooling import pooling

INF = np.inf


@pytest.mark.parametrize(("X", "C", "want"), [
    ([0.0, 1, 2, 10], [0.0, 100, 200], [0.5, 10, 2]),
    ([0.0, 1, 2, 50], [0.0, 40, 1000], [0.5, 50, 2]),  # the worst served is alone in its cluster, and stays
    ([0.0, 1, 2, 3], [-5.0, -6, -7, -8], [0, 3, 2, 1]),
])  # fmt: skip
def test_centres_without_points_each_take_a_point_of_their_own(X, C, want):
    X, C = np.array(X)[:, None], np.array(C)[:, None]
    assert k_means(X, C, 1)[0].ravel().tolist() == want
    centres, labels = k_means(X, C)
    assert np.isfinite(centres).all()
    assert set(labels.tolist()) == set(range(len(C)))


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_naive_bayes_without_smoothing():
    X, y = np.array([[7.0, 0.0], [2.0, 1.0]]), np.array([0, 1])
    assert naive_bayes(X, y, np.array([[0.0, 1.0]]), alpha=0.0).tolist() == [[-INF, 0.0]]
    assert naive_bayes(X[::-1], y, np.array([[5.0, 2.0]]), alpha=0.0).tolist() == [[0.0, -INF]]
    absent = naive_bayes(X, y, np.array([[3.0, 0.0]]), alpha=0.0)  # 1³ against (2/3)³
    assert absent[0] == pytest.approx(np.log([27 / 35, 8 / 35]))


@pytest.mark.parametrize("call", [
    lambda: naive_bayes(np.ones((2, 1)), np.array([0, 1]), np.ones((1, 1)), event="poisson"),
    lambda: naive_bayes(np.ones((2, 1)), np.array([-1, 1]), np.ones((1, 1))),
    lambda: naive_bayes(np.ones((2, 1)), np.array([0, 1]), np.ones((1, 1)), alpha=-1.0),
    lambda: roc_auc(np.array([0, 1, 1]), np.array([0.1, np.nan, 0.3])),
    lambda: roc_auc(np.array([1, 1]), np.array([0.1, 0.3])),
    lambda: roc_auc(np.array([-1, 1]), np.array([0.1, 0.3])),
    lambda: classification_metrics(np.array([0, 1]), np.array([0, 1]), average="weighted"),
    lambda: proper_scores(np.array([-1, 1]), np.array([0.5, 0.5])),
    lambda: nll(np.log([[0.5, 0.5]]), np.array([-1])),
    lambda: softmax_cross_entropy(np.zeros((1, 2)), np.array([-1])),
    lambda: hinge(np.array([1.0]), np.array([0.0])),
])  # fmt: skip
def test_labels_of_another_coding_and_unknown_options_are_refused(call):
    with pytest.raises((ValueError, IndexError)):
        call()


@pytest.mark.parametrize("kind", [np.uint8, np.uint64, np.int8, np.int64])
def test_integers_are_numbers(kind):
    x = np.array([[0, 3, 5]], kind)
    for f in (sigmoid, silu, tanh, softmax):
        assert f(x) == pytest.approx(f(x.astype(float)), rel=1e-15)
    assert pooling(np.array([[[[0, 3], [5, 1]]]], kind), kind="average").item() == 2.25
    assert pooling(np.array([[[[0, 3], [5, 1]]]], kind), kind="max").item() == 5
