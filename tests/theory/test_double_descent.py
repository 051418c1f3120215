"""The risk of ridge regression beside what fits measure, and the curve of random features on data."""

import math

import pytest
import torch

from gradus.errors import GradusError
from gradus.theory import (
    RandomFeatures,
    descent_curve,
    kernel_spectrum,
    minimum_norm_fit,
    minimum_norm_risk,
    ridge_risk,
)

ONE = torch.ones(40, dtype=torch.float64)


def test_the_exact_risk_is_the_first_order_with_one_sample_or_feature_less():
    for n, p in ((30, 12), (30, 28), (12, 14), (12, 40)):
        exact = minimum_norm_risk(n, p, signal=2.0, noise=0.7)
        s, w = ONE[:p], 4 * ONE[:p] / p
        less = ridge_risk(s, w, n - 1, noise=0.7) if p < n else ridge_risk(s[1:], w[1:], n, noise=0.7)
        assert exact.variance == pytest.approx(float(less.variance), rel=1e-10)
        assert exact.bias == pytest.approx(float(ridge_risk(s, w, n).bias), rel=1e-10)
        assert exact.scale == pytest.approx(float(ridge_risk(s, w, n).scale), abs=1e-12)
    assert [minimum_norm_risk(9, p, noise=1.0).variance for p in (8, 9, 10)] == [math.inf] * 3
    missed = minimum_norm_risk(20, 5, missed=3.0, noise=4.0)
    assert missed.bias == 9 and missed.variance == pytest.approx(25 * 5 / 14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_risk_keeps_its_precision_and_takes_any_units(dtype):
    s = torch.tensor([3.0, 1.0, 0.2, 0.0], dtype=dtype)
    w = torch.tensor([1.0, 0.5, 0.1, 0.3], dtype=dtype)
    base = ridge_risk(s, w, 2, features=3, noise=0.1, ridge=0.01)
    assert base.bias.dtype == dtype
    for unit in (1e-25, 1e25):
        other = ridge_risk(s.double() * unit, w.double(), 2, features=3, noise=0.1, ridge=0.01 * unit)
        assert float(other.bias) == pytest.approx(float(base.bias), rel=1e-5)
        assert float(other.scale) / unit == pytest.approx(float(base.scale), rel=1e-5)


def test_the_fit_of_least_norm_is_the_limit_of_ridge_and_interpolates():
    torch.manual_seed(0)
    Z, y = torch.randn(6, 10).double(), torch.randn(6, 2).double()
    a = minimum_norm_fit(Z, y)
    assert torch.allclose(Z @ a, y) and torch.allclose(a, torch.linalg.pinv(Z) @ y)
    assert torch.allclose(minimum_norm_fit(Z, y, ridge=1e-11), a, atol=1e-7)
    b = minimum_norm_fit(Z, y[:, 0], ridge=0.3)
    assert torch.allclose(Z.mT @ (Z @ b - y[:, 0]) / 6 + 0.3 * b, torch.zeros(10).double(), atol=1e-12)
    doubled = torch.cat([Z[:, :3], Z[:, :3]], 1)  # dependent columns share their weight
    c = minimum_norm_fit(doubled, y[:, 0])
    assert torch.allclose(c[:3], c[3:])


def test_features_of_one_seed_are_nested_and_their_kernel_is_a_mean():
    x = torch.randn(5, 7).double()
    few, many = RandomFeatures(7, 4, seed=2), RandomFeatures(7, 9000, "relu", seed=2)
    assert torch.allclose(few(x) * 2, many(x)[:, :4] * math.sqrt(9000))
    K = many(x) @ many(x).mT
    assert torch.allclose(K.diagonal(), x.square().sum(1) / 14, rtol=0.1)  # E relu(u)² is half the variance
    assert RandomFeatures(7, 3, lambda h: h**2)(x.float()).dtype == torch.float32
    assert not list(many.parameters())


def test_the_curve_peaks_where_features_and_samples_are_as_many():
    torch.manual_seed(1)
    x, u = torch.randn(40, 12).double(), torch.randn(200, 12).double()
    noisy = x[:, 0] + 0.3 * torch.randn(40).double()
    curve = descent_curve((x, noisy), (u, u[:, 0]), [8, 40, 400], seed=3)
    assert curve.counts == (8, 40, 400)
    assert curve.train[0] > 0.05 and curve.train[1:].max() < 1e-12
    assert curve.test[1] > 10 * max(curve.test[0], curve.test[2]) and curve.norms[1] > curve.norms[2]
    layer = RandomFeatures(12, 8, seed=3)
    a = torch.linalg.lstsq(layer(x), noisy[:, None]).solution[:, 0]
    assert float(curve.test[0]) == pytest.approx(float((layer(u) @ a - u[:, 0]).square().mean()), rel=1e-8)
    mild = descent_curve((x, noisy), (u, u[:, 0]), [8, 40, 400], ridge=0.01, seed=3)
    assert mild.test[1] < mild.test[0] and mild.test[2] < mild.test[1] + 0.1


def relu_kernel(x):
    size = x.norm(dim=1)
    c = (x @ x.mT / size[:, None] / size).clamp(-1, 1)
    angle = torch.arccos(c)
    return size[:, None] * size * (angle.sin() + (math.pi - angle) * c) / (2 * math.pi) / x.shape[1]


def test_with_a_ridge_relu_features_come_within_a_third_of_the_formula():
    generator = torch.Generator().manual_seed(0)

    def draw(m):
        x = torch.randn(m, 10, generator=generator, dtype=torch.float64)
        return x, x[:, 0] + 0.5 * x[:, 1] * x[:, 2]

    pool, goal = draw(800)
    values, weights = kernel_spectrum(relu_kernel(pool), goal)
    assert float(weights.sum()) == pytest.approx(float(goal.square().mean()))
    u, v = draw(800)
    predicted, measured = {}, {}
    for k, lam in ((15, 0.003), (60, 0.003), (400, 0.003)):
        found = ridge_risk(values, weights, 60, features=k, noise=0.3, ridge=lam)
        predicted[k] = float(found.bias + found.variance)
        errors = []
        for seed in range(12):
            x, y = draw(60)
            noise = 0.3 * torch.randn(60, generator=generator, dtype=torch.float64)
            layer = RandomFeatures(10, k, seed=seed)
            a = minimum_norm_fit(layer(x), y + noise, ridge=lam)
            errors.append(float((layer(u) @ a - v).square().mean()))
        measured[k] = sum(errors) / len(errors)
    for k in predicted:
        assert measured[k] == pytest.approx(predicted[k], rel=1 / 3), (k, measured, predicted)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ridge_risk(-ONE, ONE, 3), "values"),
        (lambda: ridge_risk(ONE, -ONE, 3), "weights"),
        (lambda: ridge_risk(0 * ONE, ONE, 3), "at least one above 0"),
        (lambda: kernel_spectrum(torch.ones(2, 2).triu(), torch.ones(2)), "symmetric"),
        (lambda: kernel_spectrum(-torch.eye(2), torch.ones(2)), "positive semidefinite"),
        (lambda: descent_curve((ONE[:, None], ONE), (torch.ones(3, 2).double(), ONE[:3]), [2]), "test"),
        (lambda: descent_curve((ONE[:, None], ONE), (ONE[:, None], ONE), []), "counts"),
        (lambda: RandomFeatures(2, 3)(torch.ones(4)), "2 numbers"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()
