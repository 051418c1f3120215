"""Any optimiser, driven by a gradient function: the points that it visits."""

import math

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.optimization.trajectory import trajectory


def sgd(**options):
    return lambda parameters: torch.optim.SGD(parameters, **options)


def test_descent_on_a_quadratic_is_a_geometric_sequence():
    points = trajectory(sgd(lr=0.25), quadratic([1.0, 2.0]), np.array([8.0, -4.0]), 5)
    assert points.dtype == torch.float64
    k = np.arange(6)[:, None]
    np.testing.assert_array_equal(points, np.array([8.0, -4.0]) * np.array([0.75, 0.5]) ** k)


@pytest.mark.parametrize(
    ("name", "options"),
    [("Adam", dict(lr=0.1)), ("AdamW", dict(lr=0.1)), ("RMSprop", dict(lr=0.05)), ("Adagrad", dict(lr=0.5)),
     ("Adadelta", dict(lr=1.0)), ("NAdam", dict(lr=0.1)), ("RAdam", dict(lr=0.1)), ("Adamax", dict(lr=0.1)),
     ("Rprop", dict(lr=0.1)), ("ASGD", dict(lr=0.1)), ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True))],
)  # fmt: skip
def test_every_optimiser_equals_the_usual_loop(name, options):
    H = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    theta = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    optimizer, want = getattr(torch.optim, name)([theta], **options), [theta.detach().clone()]
    for _ in range(20):
        optimizer.zero_grad()
        (0.5 * theta @ H @ theta).backward()
        optimizer.step()
        want.append(theta.detach().clone())
    made = lambda parameters: getattr(torch.optim, name)(parameters, **options)
    points = trajectory(made, quadratic(H.numpy()), want[0], 20)
    torch.testing.assert_close(points, torch.stack(want), rtol=1e-13, atol=1e-13)


def test_a_closure_lets_lbfgs_search_its_line():
    H = torch.tensor([1.0, 30.0], dtype=torch.float64)
    points = trajectory(
        lambda p: torch.optim.LBFGS(p, line_search_fn="strong_wolfe", tolerance_change=0.0),
        lambda theta: H * theta,
        np.array([3.0, -1.0]),
        3,
        function=lambda theta: 0.5 * (H * theta**2).sum(),
    )
    assert points[-1].abs().max() < 1e-6


def test_step_sizes_follow_the_schedule():
    rates = 1 / np.arange(1.0, 6.0)
    points = trajectory(sgd(lr=9.9), scripted(np.ones((5, 1))), np.zeros(1), 5, step_sizes=rates)
    np.testing.assert_allclose(points[:, 0], -np.r_[0, np.cumsum(rates)], rtol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype_and_shape_are_the_starts(dtype):
    start = torch.ones(2, 3, dtype=dtype)
    points = trajectory(sgd(lr=0.5), lambda theta: theta, start, 4)
    assert points.dtype == dtype
    assert points.shape == (5, 2, 3)
    assert torch.equal(start, torch.ones(2, 3, dtype=dtype)), "the start is left unchanged"


def test_a_gradient_that_returns_its_argument_shares_no_memory():
    points = trajectory(sgd(lr=0.5, momentum=0.5), lambda theta: theta, np.ones(2), 2)
    np.testing.assert_array_equal(points[:, 0], [1.0, 0.5, 0.0])


def test_divergence_is_returned_not_raised():
    points = trajectory(sgd(lr=3.0), quadratic([10.0]), np.ones(1), 400)
    assert math.isinf(points[-1, 0].abs()) or math.isnan(points[-1, 0])


def test_no_global_state_is_touched():
    before = (torch.is_grad_enabled(), torch.get_default_dtype(), torch.random.get_rng_state().clone())
    trajectory(sgd(lr=0.1), quadratic([1.0]), np.ones(1), 3)
    assert torch.is_grad_enabled() == before[0]
    assert torch.get_default_dtype() == before[1]
    assert torch.equal(torch.random.get_rng_state(), before[2])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(theta0=np.array([1, 2])), "floating-point"),
        (dict(steps=-1), "steps: expected a whole number ≥ 0"),
        (dict(steps=2.5), "steps: expected a whole number ≥ 0"),
        (dict(steps=True), "steps: expected a whole number ≥ 0"),
        (dict(gradient=lambda theta: theta[:1]), r"shape \(2,\), got \(1,\)"),
        (dict(make_optimizer=lambda p: "adam"), "torch.optim.Optimizer, got str"),
        (dict(step_sizes=[0.1]), "step_sizes: expected one for each of 3 steps"),
    ],
)
def test_misuse_is_named(arguments, said):
    good = dict(make_optimizer=sgd(lr=0.1), gradient=quadratic([1.0, 1.0]), theta0=np.ones(2), steps=3)
    with pytest.raises(GradusError, match=said):
        trajectory(**{**good, **arguments})


def test_problems_take_every_framework():
    H, centre = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -1.0])
    gradient = quadratic(H, centre)
    assert gradient.__name__ == "quadratic([[2.0, 1.0], [1.0, 3.0]], [1.0, -1.0])"
    want = H @ (np.array([3.0, 4.0]) - centre)
    np.testing.assert_array_equal(gradient(np.array([3.0, 4.0])), want)
    assert gradient(torch.tensor([3.0, 4.0])).dtype == torch.float32
    np.testing.assert_array_equal(gradient(torch.tensor([3.0, 4.0])), want)
    assert as_like([1.0], torch.ones(1, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_scripted_gradients_come_in_turn_and_the_last_stays():
    gradient = scripted([[1.0], [2.0]])
    assert [float(gradient(np.zeros(1))[0]) for _ in range(4)] == [1.0, 2.0, 2.0, 2.0]
    for wrong in ([1.0, 2.0], np.zeros((0, 3))):
        with pytest.raises(GradusError, match="gradients: expected the shape"):
            scripted(wrong)
    with pytest.raises(GradusError, match="square matrix"):
        quadratic(np.ones((2, 3)))
