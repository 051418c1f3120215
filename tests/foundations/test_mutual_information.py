"""Mutual information: beside scikit-learn and closed forms, at the edges, and what it refuses."""

import math

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.foundations.information import entropy
from gradus.foundations.mutual_information import ksg, mutual_information


def test_agrees_with_scikit_learn():
    from sklearn.metrics import mutual_info_score

    counts = np.random.default_rng(0).integers(0, 9, (4, 6))
    p = torch.from_numpy(counts / counts.sum())
    assert mutual_information(p).item() == pytest.approx(
        mutual_info_score(None, None, contingency=counts), rel=1e-13
    )


def test_independent_variables_have_none_and_equal_ones_all_of_it():
    p, q = (torch.from_numpy(np.random.default_rng(s).dirichlet(np.ones(5))) for s in (1, 2))
    assert abs(mutual_information(torch.outer(p, q)).item()) < 1e-15
    assert mutual_information(torch.diag(p), base=2).item() == pytest.approx(
        entropy(p, base=2).item(), rel=1e-14
    )


def test_products_of_marginals_that_underflow():
    p = torch.zeros(2, 2, dtype=torch.float64)
    p[0, 0], p[1, 1] = 1.0, 1e-200
    assert mutual_information(p).item() == pytest.approx(1e-200 * 200 * math.log(10), rel=1e-12)


def test_gradient_is_finite_where_whole_rows_are_empty():
    p = torch.tensor([[0.5, 0.25, 0.0], [0.0, 0.0, 0.0], [0.125, 0.125, 0.0]], dtype=torch.float64, requires_grad=True)  # fmt: skip
    mutual_information(p).backward()
    assert torch.isfinite(p.grad).all()


@pytest.mark.parametrize(
    ("p", "base", "said"),
    [
        (torch.ones(3) / 3, 2, r"p: expected the shape \(…, k, m\) .* got \(3,\)"),
        (torch.ones(2, 2), 2, "sum to 1"),
        (torch.tensor([[1.5, -0.5]]), 2, "none may be negative"),
        (torch.ones(2, 2) / 4, 1, "base: .* logarithm"),
    ],
)
def test_refuses(p, base, said):
    with pytest.raises(GradusError, match=said):
        mutual_information(p, base)


def gaussian(n, rho, seed):
    x, noise = np.random.default_rng(seed).standard_normal((2, n))
    return x, rho * x + math.sqrt(1 - rho**2) * noise


@pytest.mark.parametrize("k", [1, 3, 10])
def test_ksg_equals_scikit_learn(k):
    from sklearn.feature_selection import mutual_info_regression

    x, y = (v / v.std() for v in gaussian(600, 0.8, 3))
    oracle = mutual_info_regression(x[:, None], y, n_neighbors=k, random_state=0)[0]
    assert ksg(x, y, k) == pytest.approx(oracle, rel=1e-12)


def test_ksg_of_vectors_and_units():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, 2000, 2))
    assert ksg(np.c_[x, y], x + 0.1 * y) > 1.5
    assert abs(ksg(x, y)) < 0.05
    x, y = gaussian(400, 0.9, 5)
    assert ksg(x, y, base=2) * math.log(2) == pytest.approx(ksg(x[:, None], y), rel=1e-15)


def test_ksg_counts_strictly_nearer_points():
    # On a grid of powers of two every distance is exact and many are equal.
    x = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    harmonic = lambda m: sum(1 / j for j in range(1, m + 1))
    y = np.array([0.0, 1.0, 3.0, 7.0, 15.0])
    distance = np.maximum(np.abs(x[:, None] - x), np.abs(y[:, None] - y)) + np.diag(np.full(5, np.inf))
    nearest = distance.min(1)[:, None]
    a, b = ((np.abs(v[:, None] - v) < nearest).sum(1) - 1 for v in (x, y))
    want = harmonic(4) - np.mean([harmonic(m) for m in a] + [harmonic(m) for m in b]) * 2
    assert ksg(x, y, 1) == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize(
    ("x", "y", "k", "base", "said"),
    [
        (np.arange(5.0), np.arange(4.0), 1, math.e, "y: .* n is 5 in x"),
        (np.arange(5.0), np.arange(5.0), 5, math.e, "neighbours: .* ≤ 4, got 5"),
        (np.arange(5.0), np.arange(5.0), 1.5, math.e, "whole number"),
        (np.array([0.0, 1.0, math.nan]), np.arange(3.0), 1, math.e, "x: expected finite numbers, got nan"),
        (np.array([0.0, 0, 0, 1]), np.array([1.0, 1, 1, 0]), 2, math.e, "3 pairs have 2 copies"),
        (np.arange(5.0), np.arange(5.0), 1, 1.0, "base: .* logarithm"),
    ],
)
def test_ksg_refuses(x, y, k, base, said):
    with pytest.raises(GradusError, match=said):
        ksg(x, y, k, base)
