"""Difference quotients, dual numbers, Jacobians and the gradient check, beside PyTorch and closed forms."""

import numpy as np
import pytest
import torch
from autodiff_calls import CALLS, SAFE

from gradus.errors import GradusError
from gradus.foundations.autodiff import grad, jacobian, jvp
from gradus.foundations.autodiff.composed import COMPOSED
from gradus.foundations.autodiff.rules import RULES
from gradus.foundations.differentiation import derivative, step_size
from gradus.foundations.gradient_check import check_gradient


@pytest.mark.parametrize("method", ["forward", "central", "complex"])
@pytest.mark.parametrize("x", [0.3, -2.0, np.linspace(-1, 1, 6).reshape(2, 3)])
def test_the_default_step_is_a_good_one(method, x):
    error = np.abs(derivative(np.sin, x, method=method) - np.cos(x)).max()
    size = max(1.0, np.abs(x).max())
    assert error <= {"forward": 4e-8, "central": 2e-10, "complex": 3e-16}[method] * size


def test_a_negative_step_gives_the_slope_from_the_left():
    assert derivative(np.abs, 0.0, -1e-3, "forward") == -1.0
    assert derivative(np.abs, 0.0, 1e-3, "forward") == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.sin, 1.0, 0.0), "not 0"),
        ((np.sin, 1.0, np.inf), "finite"),
        ((np.sin, 1.0, 1e-3, "backward"), "forward, central, complex, got 'backward'"),
        ((np.sin, 1e20, 1.0), "lost in x of size 1e\\+20"),
        ((np.sin, 1j), "real numbers, got complex128"),
        ((np.sum, np.ones(3), 0.1), r"shape of x, \(3,\), got \(\)"),
        ((lambda x: x / 0.0, np.ones(2), 0.1), "not finite within 0.1 of x"),
    ],
)
def test_wrong_differences_are_refused(arguments, words):
    with pytest.raises(GradusError, match=words), np.errstate(all="ignore"):
        derivative(*arguments)
    with pytest.raises(GradusError, match="forward, central, complex"):
        step_size("backward")


@pytest.mark.parametrize(
    "function",
    [f for f in {**RULES, **COMPOSED} if isinstance(f, np.ufunc) or f in COMPOSED],
    ids=lambda f: f.__name__,
)
def test_each_rule_forwards_equals_the_rule_backwards(function):
    rng = np.random.default_rng(3)
    z, u = rng.standard_normal((2, 2, 2, 3))
    z = np.abs(z) + 0.5 if function in SAFE else z
    if function in CALLS:
        f = lambda z: CALLS[function](z[0], z[1])
    else:
        f = lambda z: function(z[0]) if function.nin == 1 else function(z[0], z[1, :1])
    y, slope = jvp(f, z, u)
    assert np.allclose(y, f(z), rtol=1e-13, atol=1e-14)
    assert slope.shape == y.shape
    w = rng.standard_normal(y.shape)
    assert (w * slope).sum() == pytest.approx(
        (grad(lambda z: (w * f(z)).sum())(z) * u).sum(), rel=1e-12, abs=1e-13
    )


def test_nested_duals_are_not_confused():
    assert jvp(lambda x: x * jvp(lambda y: x + y, 1.0, 1.0)[1], 5.0, 1.0)[1] == 1.0
    second = lambda x: jvp(lambda y: np.sin(y) * x, x, 1.0)[1]  # x cos x, with the outer x held
    assert jvp(second, 0.7, 1.0)[1] == pytest.approx(np.cos(0.7) - 0.7 * np.sin(0.7), rel=1e-15)
    assert jvp(lambda x: jvp(np.exp, x, 1.0)[1], 0.5, 1.0)[1] == pytest.approx(np.exp(0.5), rel=1e-15)


def test_reverse_over_forward_gives_hessian_times_vector():
    rng = np.random.default_rng(0)
    A, x, u = rng.standard_normal((3, 3)), rng.standard_normal(3), rng.standard_normal(3)
    f = lambda x: np.exp(x @ (A @ x) / 4) + np.sin(x).sum()
    got = grad(lambda x: jvp(f, x, u)[1])(x)
    t = torch.tensor(x)
    g = lambda x: torch.exp(x @ (torch.tensor(A) @ x) / 4) + torch.sin(x).sum()
    want = torch.func.jacrev(torch.func.grad(g))(t).numpy() @ u
    assert np.allclose(got, want, rtol=1e-13, atol=1e-13)


def test_forward_over_reverse_is_refused_not_wrong():
    with pytest.raises(GradusError, match="inside jvp"):
        jvp(lambda x: x * grad(lambda y: y * y * x)(2.0), 3.0, 1.0)
    with pytest.raises(GradusError, match="inside jvp"):
        jvp(grad(lambda x: x * x), 3.0, 1.0)


def test_wrong_directions_are_refused():
    with pytest.raises(GradusError, match=r"shape \(2,\), expected that of the argument, \(3,\)"):
        jvp(np.sin, np.ones(3), np.ones(2))
    with pytest.raises(GradusError, match="tuple of 2"):
        jvp(lambda x: (x, x), 1.0, 1.0)
    with pytest.raises(GradusError, match="x: expected real numbers, got complex128"):
        jvp(np.sin, 1j, 1j)


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
def test_jacobians_equal_torch(mode):
    rng = np.random.default_rng(2)
    A, x = rng.standard_normal((4, 3)), rng.standard_normal((3, 2))
    got = jacobian(lambda x: np.tanh(A @ x) * x.sum(), x, mode)
    want = torch.func.jacrev(lambda x: torch.tanh(torch.tensor(A) @ x) * x.sum())(torch.tensor(x))
    assert got.shape == (4, 2, 3, 2)
    assert np.allclose(got, want, rtol=1e-14, atol=1e-14)
    assert jacobian(lambda x: x[:0], np.ones(3), mode).shape == (0, 3)
    assert jacobian(lambda x: np.ones(2), np.ones(3), mode).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_jacobian_refuses_an_unknown_mode():
    with pytest.raises(GradusError, match="one of None, forward, reverse, got 'backward'"):
        jacobian(np.sin, 1.0, "backward")


def test_the_check_names_the_entry_that_is_wrong():
    x = np.random.default_rng(0).standard_normal((2, 3))
    right = lambda x: np.cos(x) * np.exp(np.sin(x))

    def wrong(x):
        g = right(x)
        g[1, 2] *= 1 + 1e-4
        return g

    f = lambda x: np.exp(np.sin(x)).sum()
    assert check_gradient(f, right, x).holds
    found = check_gradient(f, wrong, x)
    assert not found.holds
    assert found.place == (1, 2)
    assert found.wrong == 1
    assert str(found).startswith("wrong in 1 entries; entry [1, 2]: ")


def test_any_slope_between_the_two_sides_is_right_at_a_kink():
    x = np.array([0.0, 1.0, -1.0])
    f = lambda x: np.maximum(x, 0).sum()
    for slope, right in ((0.0, True), (0.5, True), (1.0, True), (1.1, False), (-0.1, False)):
        found = check_gradient(f, lambda x, s=slope: np.array([s, 1.0, 0.0]), x)
        assert found.holds is right
        assert found.kinks == 1


def test_a_function_that_is_zero_has_a_right_gradient_of_zero():
    f = lambda x: np.maximum(x, 0).sum()
    assert check_gradient(f, lambda x: np.zeros(3), -np.ones(3)).holds
    assert not check_gradient(f, lambda x: np.full(3, 1e-9), -np.ones(3)).holds


def test_the_check_leaves_no_trace_and_sees_nan():
    x = np.ones(3)
    assert not check_gradient(lambda x: (x**2).sum(), lambda x: np.array([2.0, np.nan, 2.0]), x).holds

    def careless(x):
        x *= 2
        return x

    assert check_gradient(lambda x: (x**2).sum(), careless, x).holds
    assert np.array_equal(x, np.ones(3))
    assert check_gradient(lambda x: 1.0, lambda x: x, np.zeros((0, 2))).holds


def test_the_check_refuses_what_it_cannot_judge():
    with pytest.raises(GradusError, match=r"expected the shape of x, \(3,\), got \(2,\)"):
        check_gradient(np.sum, lambda x: x[:2], np.ones(3))
    with pytest.raises(GradusError, match=r"one finite real number, got shape \(3,\)"):
        check_gradient(lambda x: x, lambda x: x, np.ones(3))
    with pytest.raises(GradusError, match="one finite"):
        check_gradient(lambda x: np.nan, lambda x: x, np.ones(3))
