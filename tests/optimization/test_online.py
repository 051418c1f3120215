"""Online descent beside its recursion, in every precision; what is outside of its sets is refused."""

import math

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import online_descent


def rows(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_projected_descent_is_its_recursion():
    g, rates = rows(30, 3), 1 / np.sqrt(np.arange(1, 31))
    theta, points = np.array([0.2, -0.1, 0.3]), []
    for t in range(30):
        theta = theta - rates[t] * g[t].numpy()
        theta = theta * min(1.0, 0.5 / np.linalg.norm(theta))
        points.append(theta)
    got = online_descent(
        lambda _, t: g[t], torch.tensor([0.2, -0.1, 0.3], dtype=torch.float64), 30, rates, radius=0.5
    )
    assert np.allclose(got[1:].numpy(), points, rtol=0, atol=1e-14)


def test_weights_are_the_product_of_exponentials():
    losses = rows(40, 4).abs()
    got = online_descent(lambda _, t: losses[t], torch.full((4,), 0.25).double(), 40, 0.3, simplex=True)
    want = torch.softmax(-0.3 * losses.cumsum(0), 1)
    assert torch.allclose(got[1:], want, rtol=1e-13, atol=1e-15)


def test_an_expert_returns_from_beyond_the_smallest_number():
    losses = torch.zeros(4000, 2, dtype=torch.float64)
    losses[:2000, 0], losses[2000:, 1] = 1.0, 1.0
    got = online_descent(lambda _, t: losses[t], torch.full((2,), 0.5).double(), 4000, 1.0, simplex=True)
    assert got[2000, 0] == 0 and abs(got[4000, 0].item() - 0.5) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtype_stays(dtype):
    got = online_descent(lambda theta, _: theta, torch.ones(2, dtype=dtype), 3, 0.5, radius=math.sqrt(2))
    assert got.dtype == dtype and got[:, 0].tolist() == [1, 0.5, 0.25, 0.125]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (dict(step_sizes=[0.1]), "step_sizes"),
        (dict(step_sizes=-0.1), "step_sizes"),
        (dict(radius=0.1), "theta0"),
        (dict(simplex=True), "theta0"),
        (dict(simplex=True, radius=1.0), "radius"),
        (dict(gradient=lambda theta, t: theta[:1]), "gradient"),
    ],
)
def test_what_does_not_fit_is_refused(options, name):
    given = dict(gradient=lambda theta, t: theta, theta0=torch.ones(2), steps=3, step_sizes=0.1) | options
    with pytest.raises(GradusError, match=name):
        online_descent(**given)
