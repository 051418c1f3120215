"""Quadrature on intervals and over the image of a cube, beside SciPy and closed forms."""

import math

import numpy as np
import pytest
import scipy.integrate

from gradus.errors import GradusError
from gradus.foundations.quadrature import integral_over_image, quadrature, rule_on_unit_interval


@pytest.mark.parametrize("n", [2, 4, 10, 64])
def test_rules_are_scipys(n):
    x = np.linspace(-0.7, 1.3, n + 1)
    y = np.exp(x)
    assert quadrature(np.exp, -0.7, 1.3, n, "trapezoid") == pytest.approx(
        scipy.integrate.trapezoid(y, x), rel=1e-14
    )
    assert quadrature(np.exp, -0.7, 1.3, n, "simpson") == pytest.approx(
        scipy.integrate.simpson(y, x=x), rel=1e-14
    )
    fixed = scipy.integrate.fixed_quad(np.exp, -0.7, 1.3, n=n)[0]
    assert quadrature(np.exp, -0.7, 1.3, n) == pytest.approx(fixed, rel=1e-14)


@pytest.mark.parametrize("rule", ["left", "midpoint", "trapezoid", "simpson", "gauss"])
def test_weights_are_positive_and_sum_to_one(rule):
    t, w = rule_on_unit_interval(12, rule)
    assert (w > 0).all()
    assert (t >= 0).all()
    assert (t <= 1).all()
    assert w.sum() == pytest.approx(1, abs=1e-15)


def test_batches_of_intervals():
    a, b = np.array([[0.0], [1.0]]), np.array([1.0, 2.0, -1.0])
    got = quadrature(np.cos, a, b, 12)
    assert got.shape == (2, 3)
    assert np.allclose(got, np.sin(b) - np.sin(a), atol=1e-15)
    assert quadrature(np.cos, np.zeros(0), 1.0, 4).shape == (0,)


def test_image_of_the_cube():
    ring = lambda u: np.stack([(1 + u[0]) * np.cos(np.pi * u[1]), (1 + u[0]) * np.sin(np.pi * u[1])])
    assert integral_over_image(lambda y: y[1] ** 2, ring, 2) == pytest.approx(15 * math.pi / 8, rel=1e-14)
    assert integral_over_image(lambda y: 1 + 0 * y[0], lambda u: 3 * u, 1) == pytest.approx(3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quadrature(np.exp, 0.0, 1.0, 3, "simpson"), "even number of pieces, got 3; take 4"),
        (lambda: quadrature(np.exp, 0.0, 1.0, 0), "≥ 1 and ≤ 10000000, got 0"),
        (lambda: quadrature(np.exp, 0.0, 1.0, 3, "best"), "got 'best'"),
        (lambda: quadrature(np.exp, 0.0, np.inf, 3), "b: expected finite numbers"),
        (lambda: quadrature(np.sum, 0.0, 1.0, 3), r"expected values of shape \(3,\), got \(\)"),
        (lambda: quadrature(lambda x: np.log(x), 0.0, 1.0, 4, "trapezoid"), "not finite at 1 of the points"),
        (lambda: integral_over_image(lambda y: y[0], lambda u: u, 9, 20), "ten million|at most 10000000"),
        (lambda: integral_over_image(lambda y: y[0], lambda u: u[:1], 2), r"images of shape \(2, 400\), got \(1, 400\)"),
    ],
)  # fmt: skip
def test_wrong_calls_are_refused(call, words):
    with pytest.raises(GradusError, match=words), np.errstate(all="ignore"):
        call()
