"""Mean field: the maps against closed forms, their limits, the critical line."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from gradus.errors import GradusError
from gradus.theory import critical_weights, mean_field, mean_field_limit


def sine(w, b, q, c, layers):
    """The recursion for φ = sin, whose Gaussian means are closed."""
    k, q, rows = w * c * q + b, w * q + b, []
    for _ in range(layers):
        rows.append((q, k / q, w * (1 + math.exp(-2 * q)) / 2))
        k, q = w * math.exp(-q) * math.sinh(k) + b, w * (1 - math.exp(-2 * q)) / 2 + b
    return np.array(rows).T


@pytest.mark.parametrize(
    ("sigma_w", "sigma_b", "q", "c"), [(1.3, 0.2, 1.0, 0.4), (0.5, 0.0, 3.0, -1.0), (2.5, 1.0, 0.1, 1.0)]
)
def test_sine_in_closed_form(sigma_w, sigma_b, q, c):
    got = torch.stack(mean_field(torch.sin, sigma_w, sigma_b, q, c, 6)).numpy()
    assert np.allclose(got, sine(sigma_w**2, sigma_b**2, q, c, 6), rtol=1e-11)


def test_steep_tanh_as_scipys_integral():
    q = 16.0
    density = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    square = quad(lambda z: density(z) * math.tanh(4 * z) ** 2, -12, 12, epsabs=1e-13)[0]
    slope = quad(lambda z: density(z) * (1 - math.tanh(4 * z) ** 2) ** 2, -12, 12, epsabs=1e-13, points=[0])[
        0
    ]
    got = mean_field(torch.tanh, 1.0, 0.0, q, 0.0, 2)
    assert float(got.variance[1]) == pytest.approx(square, abs=1e-10)
    assert float(got.factor[0]) == pytest.approx(slope, abs=1e-10)


def test_rectifier_halves_and_its_correlation_is_the_arc_cosine_kernels():
    got = mean_field(torch.relu, 2**0.5, 0.0, 3.0, 0.3, 2)
    assert got.variance.tolist() == pytest.approx([6.0, 6.0]) and got.factor.tolist() == pytest.approx(
        [1.0, 1.0]
    )
    angle = math.acos(0.3)
    kernel = (math.sin(angle) + (math.pi - angle) * 0.3) / math.pi
    assert float(got.correlation[1]) == pytest.approx(kernel, abs=2e-3), "a kink costs the grid digits"


def test_limits_are_fixed_points():
    for sigma_w, sigma_b in ((0.8, 0.1), (1.7, 0.2), (3.0, 0.0)):
        limit = mean_field_limit(torch.tanh, sigma_w, sigma_b)
        moved = mean_field(torch.tanh, sigma_w, sigma_b, (limit.variance - sigma_b**2) / sigma_w**2, layers=2)
        assert moved.variance.tolist() == pytest.approx([limit.variance] * 2, rel=1e-9)
        assert (limit.factor > 1) == (limit.correlation < 1)


def test_critical_weights_have_an_infinite_depth_scale():
    sigma_w, sigma_b = critical_weights(torch.tanh, 0.5)
    limit = mean_field_limit(torch.tanh, sigma_w, sigma_b)
    assert limit.variance == pytest.approx(0.5) and limit.factor == pytest.approx(1.0)
    assert limit.depth_scale == math.inf
    below = mean_field_limit(torch.tanh, 0.99 * sigma_w, sigma_b)
    assert 20 < below.depth_scale < 200


def test_what_has_no_limit_is_refused():
    with pytest.raises(GradusError, match="second moment"):
        mean_field_limit(torch.relu, 2.0, 0.1)
    with pytest.raises(GradusError, match="second moment"):
        mean_field_limit(torch.tanh, 0.5, 0.0)
    with pytest.raises(GradusError, match="line"):
        critical_weights(torch.sigmoid, 0.01)
    with pytest.raises(GradusError, match="elementwise"):
        mean_field(lambda x: x.sum(), 1.0, 0.0)
    with pytest.raises(GradusError, match="finite"):
        mean_field(lambda x: x.log(), 1.0, 0.0, layers=2)


def test_inside_of_inference_mode_too():
    with torch.inference_mode():
        assert float(mean_field(torch.tanh, 1.0, 0.0, layers=2).factor[0]) < 1
