"""The curvature at the end of a step, against cubics whose second derivative is known, and its use by the methods."""

import numpy as np
import pytest
import torch

from gradus.optimization import LogisticLoss, minimize
from gradus.optimization.minimize.pairs import curved, end_curvature

EPS = np.finfo(float).eps


def test_of_a_cubic_it_is_the_second_derivative_at_the_end(a=0.7, b=-1.3, c=2.0, d=0.4):
    f = np.polynomial.Polynomial([d, c, b, a])
    slope = f.deriv()
    end = end_curvature(f(np.zeros(1)), f(np.ones(1)), slope(np.zeros(1)), slope(np.ones(1)) - slope(np.zeros(1)), 5 * EPS)  # fmt: skip
    assert end[0] == pytest.approx(f.deriv(2)(1.0), rel=1e-13)
    assert end[0] != pytest.approx(slope(1.0) - slope(0.0), rel=0.1), "the mean curvature is another"


def test_of_a_quadratic_it_is_the_mean_to_the_last_bit():
    f = np.polynomial.Polynomial([1e6, -3.0, 0.1])  # whose values round
    zero, one = np.zeros(1), np.ones(1)
    sy = f.deriv()(one) - f.deriv()(zero)
    assert end_curvature(f(zero), f(one), f.deriv()(zero), sy, 5 * EPS)[0] == sy[0]


@pytest.mark.parametrize("unit", [1e-150, 1.0, 1e150])
def test_what_counts_as_curved_has_no_unit(unit):
    sy, ss, yy = np.array([1e-3, -1.0, 1e-16, 0.0]) * unit, np.ones(4), np.ones(4) * unit**2
    assert curved(sy, ss, yy).tolist() == [True, False, False, False]


def test_the_first_step_is_by_the_curvature_that_an_objective_knows():
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(2000, 5, generator=generator, dtype=torch.float64)
    y = (torch.rand(2000, generator=generator, dtype=torch.float64) < 0.5).double()
    loss = LogisticLoss(X, y)
    start = torch.zeros(5, dtype=torch.float64)
    gradient = loss.value_and_gradient(start)[1]
    first = minimize(loss, start, "lbfgs", max_iterations=1, keep_points=True).history.points[1]
    newton = gradient @ gradient / loss.curvature(start, -gradient)
    assert torch.allclose(first, -newton * gradient, rtol=1e-12)
