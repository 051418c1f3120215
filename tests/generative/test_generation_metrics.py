"""Metrics of generated samples beside SciPy, closed forms, enumeration and brute force."""

from __future__ import annotations

import itertools
import math
import re
from typing import Literal

import numpy as np
import pytest
import scipy.linalg
import torch

from gradus.errors import GradusError
from gradus.generative import (
    density_coverage,
    frechet_distance,
    frechet_limit,
    kernel_distance,
    precision_recall,
)
from gradus.generative.metrics import features


def normal(seed: int, n: int, d: int, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_square_root(x: np.ndarray, y: np.ndarray) -> float:
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = np.real(scipy.linalg.sqrtm(a @ b))
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(root))


def test_frechet_is_scipys_square_root() -> None:
    mixed = normal(2, 6, 6)
    a, b = normal(0, 40, 6) @ mixed, normal(1, 30, 6) * 2 + 1
    found = frechet_distance(a, b)
    assert found.value == pytest.approx(by_square_root(a.numpy(), b.numpy()), rel=1e-10)
    assert found.value == pytest.approx(found.of_means + found.of_covariances, rel=1e-15)
    moments = [(x.mean(0), torch.cov(x.mT)) for x in (a, b)]
    assert frechet_distance(*moments).value == pytest.approx(found.value, rel=1e-10)
    assert frechet_distance(a, moments[1]).value == pytest.approx(found.value, rel=1e-10)
    assert frechet_distance(b, a).value == pytest.approx(found.value, rel=1e-10)
    assert frechet_distance(a.float(), b.float()).value == pytest.approx(found.value, rel=1e-5)


def test_commuting_covariances_have_a_closed_form() -> None:
    q = torch.linalg.qr(normal(0, 5, 5)).Q
    s, t = torch.tensor([1.0, 4, 9, 0, 2]).double(), torch.tensor([4.0, 1, 0, 0, 2]).double()
    mean = torch.arange(5.0, dtype=torch.float64)
    found = frechet_distance((mean, q * s @ q.mT), (mean + 1, q * t @ q.mT))
    assert found.value == pytest.approx(5 + float((s.sqrt() - t.sqrt()).square().sum()), rel=1e-12)


def test_fewer_samples_than_dimensions_have_their_exact_rank() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((4, 9)), rng.standard_normal((3, 9))
    f, g = ((x - x.mean(0)) / math.sqrt(len(x) - 1) for x in (a, b))
    root = np.linalg.svd(f @ g.T, compute_uv=False).sum()
    want = ((a.mean(0) - b.mean(0)) ** 2).sum() + (f**2).sum() + (g**2).sum() - 2 * root
    found = frechet_distance(torch.as_tensor(a), torch.as_tensor(b))
    assert found.value == pytest.approx(want, rel=1e-13)
    assert found.singular == "ab" and "dimensions in a and b" in repr(found)
    many = np.repeat(b, 5, 0)  # the same rank from more rows than dimensions
    found = frechet_distance(torch.as_tensor(a), torch.as_tensor(many))
    assert found.singular == "a"
    assert found.of_covariances == pytest.approx(
        (f**2).sum() + (g**2).sum() * 10 / 14 - 2 * root * math.sqrt(10 / 14), rel=1e-12
    )


def test_equal_moments_are_at_distance_0_and_near_ones_lose_no_digits() -> None:
    a = normal(0, 50, 7)
    assert frechet_distance(a, a).value < 1e-28
    assert frechet_distance(a, a.flip(0) + 1e-9).of_means == pytest.approx(7e-18, rel=1e-6)
    for e in (1e-3, 1e-6, 1e-9):  # Gelbrich: the map x → (1 + e) x moves by e² tr Σ
        want = e * e * float(a.var(0).sum())
        assert frechet_distance(a, a.mean(0) + (1 + e) * (a - a.mean(0))).of_covariances == pytest.approx(
            want, rel=1e-5
        )


def test_the_limit_is_freed_of_the_bias() -> None:
    misses, held, biased = [], 0, []
    for seed in range(24):
        a, b = normal(seed, 200, 4), normal(seed + 1000, 200, 4)
        found = frechet_limit(a, b, groups=4, seed=seed)
        misses.append(found.value)
        held += found.interval[0] <= 0 <= found.interval[1]
        biased.append(found.distances[3])
    error = np.std(misses) / math.sqrt(24)
    assert abs(np.mean(misses)) <= 4 * error
    assert np.mean(biased) > 10 * error  # (1/50 + 1/50)(4 + 5) = 0.36 by expansion
    assert np.mean(biased) == pytest.approx(0.36, abs=0.15)
    assert held >= 18  # of 23 expected; fewer than 18 with a probability under 1e-3


def direct_mmd(x: torch.Tensor, y: torch.Tensor, k) -> float:  # type: ignore[no-untyped-def]
    n, m = len(x), len(y)
    xx = sum(float(k(x[i], x[j])) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(float(k(y[i], y[j])) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(float(k(u, v)) for u in x for v in y) / (n * m)


def test_kernel_distance_is_its_sum_in_any_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(0, 6, 3), normal(1, 5, 3) + 0.5

    def cubic(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return (u @ v / 3 + 1) ** 3

    def gaussian(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return torch.exp(-(u - v).square().sum() / (2 * 0.7**2))

    want = kernel_distance(x, y, permutations=50)
    assert want.value == pytest.approx(direct_mmd(x, y, cubic), rel=1e-12)
    found = kernel_distance(x, y, "rbf", bandwidth=0.7)
    assert found.value == pytest.approx(direct_mmd(x, y, gaussian), rel=1e-12)
    left = [direct_mmd(x[torch.arange(6) != i], y, cubic) for i in range(6)]
    right = [direct_mmd(x, y[torch.arange(5) != i], cubic) for i in range(5)]
    error = math.sqrt(5 * np.var(left) + 4 * np.var(right))
    assert want.standard_error == pytest.approx(error, rel=1e-12)
    monkeypatch.setattr(features, "ENTRIES", 100)
    again = kernel_distance(x, y, permutations=50)
    assert again.value == pytest.approx(want.value, rel=1e-13) and again.p_value == want.p_value


def test_kernel_distance_is_unbiased_by_enumeration() -> None:
    """All samples of two, with replacement, from three and from two points: the mean is the population's own distance."""
    p, q = torch.tensor([[0.0], [1.0], [3.0]]).double(), torch.tensor([[1.0], [-2.0]]).double()
    mean = np.mean(
        [
            kernel_distance(p[list(i)], q[list(j)]).value
            for i in itertools.product(range(3), repeat=2)
            for j in itertools.product(range(2), repeat=2)
        ]
    )
    k = [[float(((u @ v.mT + 1) ** 3).mean()) for v in (p, q)] for u in (p, q)]
    assert mean == pytest.approx(k[0][0] + k[1][1] - 2 * k[0][1], rel=1e-12)


@pytest.mark.parametrize("kernel", ["polynomial", "rbf"])
def test_the_test_keeps_its_level_and_finds_a_difference(
    kernel: Literal["polynomial", "rbf"],
) -> None:
    p = [
        kernel_distance(normal(s, 6, 2), normal(s + 10**6, 4, 2), kernel, permutations=4, seed=s).p_value
        or 0.0
        for s in range(200)
    ]
    # without ties p is uniform on 1/5, …, 1
    assert abs(np.mean(p) - 0.6) <= 5 * math.sqrt(0.08 / 200)
    assert abs(np.mean(np.array(p) <= 0.2) - 0.2) <= 5 * math.sqrt(0.16 / 200)
    far = kernel_distance(normal(0, 20, 2), normal(1, 20, 2) + 3, kernel, permutations=99)
    assert far.p_value == 0.01 and far.rejected


def brute(x: np.ndarray, y: np.ndarray, k: int) -> tuple[float, float, float, float]:
    def reach(z: np.ndarray) -> np.ndarray:
        return np.sort(((z[:, None] - z) ** 2).sum(-1), 1)[:, k]

    d = ((x[:, None] - y) ** 2).sum(-1)
    real, made = d <= reach(x)[:, None], d <= reach(y)
    return real.any(0).mean(), made.any(1).mean(), real.sum() / (k * len(y)), real.any(1).mean()


def test_neighbours_by_brute_force_ties_included(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x, y = (rng.integers(0, 3, (n, 3)) + 1000.0 for n in (12, 9)) if seed % 2 else (
            rng.standard_normal((12, 3)), rng.standard_normal((9, 3)))  # fmt: skip
        if seed > 3:
            monkeypatch.setattr(features, "ENTRIES", 100)
        for k in (1, 3):
            a, b = precision_recall(torch.as_tensor(x), torch.as_tensor(y), k), density_coverage(
                torch.as_tensor(x), torch.as_tensor(y), k
            )  # fmt: skip
            found = (a.precision, a.recall, b.density, b.coverage)
            assert found == pytest.approx(brute(x, y, k), rel=1e-14)


def test_equal_distributions_have_the_expected_density_and_coverage() -> None:
    found = [density_coverage(normal(s, 10, 2), normal(s + 999, 15, 2), 3) for s in range(200)]
    for values, want in (
        ([f.coverage for f in found], found[0].expected_coverage),
        ([f.density for f in found], 1.0),
    ):
        assert abs(np.mean(values) - want) <= 5 * np.std(values) / math.sqrt(200)


def test_bad_features_are_refused_by_name() -> None:
    x = normal(0, 5, 2)
    for call, words in (
        (lambda: frechet_distance(x[:1], x), "a: expected the shape (n, d) with n ≥ 2"),
        (lambda: frechet_distance(x, normal(0, 5, 3)), "b: expected"),
        (lambda: frechet_distance(x, x * math.nan), "b: expected finite"),
        (lambda: frechet_distance((x[0], -torch.eye(2).double()), x), "covariance"),
        (lambda: frechet_limit(x, x), "in the smallest part"),
        (lambda: kernel_distance(x * 0, x * 0, "rbf"), "bandwidth"),
        (lambda: frechet_distance(x * 1e300, x), "divide both"),
        (lambda: kernel_distance(x * 1e120, x), "smaller scale"),
        (lambda: precision_recall(x, x, 5), "more than k = 5"),
    ):
        with pytest.raises(GradusError, match=re.escape(words)):
            call()
