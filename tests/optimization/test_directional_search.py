"""One line search: the conditions at the step, SciPy's judgement of it, and why a search ends."""

import math

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import nn
from torch.func import functional_call

from gradus.errors import GradusError
from gradus.optimization import LineSearch, line_search, mgh_problems, minimize

DOUBLE = torch.float64


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def point(*numbers, dtype=DOUBLE):
    return torch.tensor(numbers, dtype=dtype)


def gradient_of(f, x):
    leaf = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf)[0]


def holds(f, x, d, search, c1, c2):
    """Both conditions, computed anew."""
    value0, slope0 = f(x), gradient_of(f, x) @ d
    at = x + search.step * d
    enough = f(at) <= value0 + c1 * search.step * slope0
    return bool(enough), bool((gradient_of(f, at) @ d).abs() <= c2 * slope0.abs())


@pytest.mark.parametrize("first", [1e-6, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize(("c1", "c2"), [(1e-4, 0.9), (0.1, 0.2), (0.3, 0.31)])
def test_both_conditions_hold_on_the_problems_of_more_garbow_and_hillstrom(first, c1, c2):
    accepted = 0
    for problem in mgh_problems():
        x = problem.start().detach()
        d = -gradient_of(problem, x)
        search = line_search(problem, x, d / d.norm(), decrease=c1, curvature=c2, first=first)
        if search.reason == "accepted":
            accepted += 1
            assert holds(problem, x, d / d.norm(), search, c1, c2) == (True, True), problem
            assert search.decrease and search.curvature
        assert search.evaluations <= 60
    assert accepted >= 33


def test_scipy_accepts_its_steps_as_first_ones():
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = rng.standard_normal(2)
        g = optimize.rosen_der(x)
        step = line_search(rosenbrock, torch.tensor(x), torch.tensor(-g), curvature=0.3).step
        theirs = optimize.line_search(optimize.rosen, optimize.rosen_der, x, -g * step, c1=1e-4, c2=0.3)
        assert theirs[0] == 1.0  # the first step that SciPy tries


def test_what_it_returns_belongs_to_the_step():
    x, d = point(-1.2, 1.0), point(1.0, 0.5)
    search = line_search(rosenbrock, x, d, gradient=lambda x: gradient_of(rosenbrock, x))
    assert isinstance(search, LineSearch)
    torch.testing.assert_close(search.x, x + search.step * d, rtol=0, atol=0)
    torch.testing.assert_close(search.gradient, gradient_of(rosenbrock, search.x), rtol=1e-14, atol=0)
    assert search.value == pytest.approx(float(rosenbrock(search.x)), rel=1e-14)
    assert search.slope == pytest.approx(float(search.gradient @ d), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_small_curvature_leads_to_the_minimum_along_the_direction(dtype):
    search = line_search(
        lambda x: (x**4).sum() - x.sum(), point(0.0, dtype=dtype), point(1.0, dtype=dtype), curvature=1e-3
    )
    assert search.step == pytest.approx(4 ** (-1 / 3), rel=1e-3)
    assert search.x.dtype == dtype


def test_trees_arguments_and_networks():
    model, x = nn.Linear(3, 1), torch.ones(5, 3)
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def loss(weights, target):
        return (functional_call(model, weights, (x,)) - target).square().mean()

    leaves = {name: p.clone().requires_grad_() for name, p in weights.items()}
    slopes = torch.autograd.grad(loss(leaves, 2.0), list(leaves.values()))
    direction = {name: -g for name, g in zip(leaves, slopes, strict=True)}
    search = line_search(loss, weights, direction, args=(2.0,), curvature=0.1)
    assert search.reason == "accepted" and set(search.x) == {"weight", "bias"}
    assert float(loss(search.x, 2.0)) == pytest.approx(search.value) and search.value < float(
        loss(weights, 2.0)
    )


@pytest.mark.parametrize(
    ("f", "x", "d", "reason"),
    [
        (lambda x: -x.sum(), 0.0, 1.0, "unbounded"),
        (lambda x: -torch.exp(x).sum(), 0.0, 1.0, "unbounded"),
        (lambda x: x.sum(), 0.0, 1.0, "not descent"),
        (lambda x: x.square().sum(), 1.0, 0.0, "not descent"),
        (lambda x: torch.log(x).sum(), -1.0, 1.0, "not finite"),
        (lambda x: torch.where(x < 1, -x, math.nan).sum(), 0.0, 1.0, "edge"),
        (lambda x: x.abs().sum(), -1.0, 1.0, "failed"),
    ],
)
def test_why_it_ends(f, x, d, reason):
    search = line_search(f, point(x), point(d), first=0.75)
    assert search.reason == reason
    assert not (search.decrease and search.curvature)
    assert math.isnan(search.value) or search.value <= float(f(point(x)))


def test_at_the_edge_of_the_domain_it_goes_up_to_it():
    search = line_search(lambda x: torch.where(x < 1, -x, math.nan).sum(), point(0.0), point(1.0), first=8.0)
    assert 1 - 1e-9 < search.step < 1


def test_near_the_minimum_the_slopes_decide():
    f = lambda x: 1e8 + (x - 1).square().sum()  # beyond 1e-4 the values differ by rounding only
    search = line_search(f, point(1 + 1e-5), point(-1e-5), curvature=0.5)
    assert search.reason == "accepted" and search.decrease and search.curvature


def test_it_is_the_search_of_minimize():
    x = point(-1.2, 1.0)
    one = minimize(rosenbrock, x, "gradient-descent", max_iterations=1, tolerance=0.0, keep_points=True)
    d = -gradient_of(rosenbrock, x)
    step = float((one.x - x) @ d / (d @ d))
    assert holds(rosenbrock, x, d, line_search(rosenbrock, x, d, first=step), 1e-4, 0.9) == (True, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"direction": torch.ones(3)}, "direction: expected the shape (2,)"),
        ({"direction": torch.ones(2, dtype=torch.int64)}, "direction"),
        ({"decrease": 0.5, "curvature": 0.4}, "curvature: expected more than decrease"),
        ({"first": 0.0}, "first"),
        ({"args": [1]}, "args: expected a tuple"),
        ({"f": lambda x: x}, "a real scalar"),
    ],
)
def test_wrong_arguments_are_refused(given, words):
    with pytest.raises(GradusError) as error:
        line_search(**{"f": rosenbrock, "x": torch.zeros(2), "direction": torch.ones(2), **given})
    assert words in error.value.text.en
