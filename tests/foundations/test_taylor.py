"""Power-series arithmetic beside closed forms, and the classification of critical points."""

import math

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.foundations.autodiff.rules import RULES, einsum
from gradus.foundations.critical_points import classify, classify_hessian
from gradus.foundations.taylor import taylor_coefficients, taylor_polynomial

FUNCTIONS = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "log2": np.log2, "sqrt": np.sqrt, "sin": np.sin,
    "cos": np.cos, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "arctan": np.arctan, "square": np.square,
    "power": lambda x: x**2.5, "inverse": lambda x: x**-1, "quotient": lambda x: (1 + x) / (1 + x * x),
    "exponent": lambda x: 2.0**x, "both": lambda x: x**x, "mean": lambda x: np.mean(np.stack([x, x * x]), axis=0),
    "einsum": lambda x: np.einsum("ij,jk->ik", x[:, None], np.sin(x)[None, :]).sum(axis=1) / np.sum(np.sin(x)) + x,
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_coefficients_are_those_of_cauchys_integral(name):
    f, a, r, n = FUNCTIONS[name], np.array([0.8, 1.5]), 0.4, 12
    w = np.exp(2j * np.pi * np.arange(128) / 128)
    if name == "einsum":  # not entry by entry: along the diagonal direction
        values = np.stack([f(a + r * z) for z in w], axis=-1)
    else:
        values = f(a[:, None] + r * w)
    want = np.fft.fft(values, axis=-1).real[:, : n + 1].T / 128
    got = taylor_coefficients(f, a, n) * r ** np.arange(n + 1)[:, None]
    assert np.abs(got - want).max() <= 64 * 2.0**-52 * np.abs(values).max()


def test_every_rule_has_its_series_or_says_so():
    x = np.array([0.8, 1.5])
    for function in RULES:
        if isinstance(function, np.ufunc) and function is not np.matmul:
            arguments = (lambda t: t, lambda t: 0.3 + 0 * t)[: function.nin]
            f = lambda t, u=function, g=arguments: u(*[h(t) for h in g])
            try:
                c = taylor_coefficients(f, x, 2)
            except GradusError as error:
                assert function in {
                    np.logaddexp,
                    np.remainder,
                    np.fmod,
                    np.cbrt,
                    np.log10,
                    np.exp2,
                    np.tan,
                    np.arcsin,
                    np.arccos,
                    np.arctan2,
                    np.arcsinh,
                    np.arccosh,
                    np.arctanh,
                    np.reciprocal,
                }, function
                assert "has no rule for power series" in str(error)
                continue
            slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
            assert np.allclose(c[1], slope, rtol=1e-8, atol=1e-8), function
    assert einsum in RULES


def test_along_a_direction_of_several_variables():
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    c = taylor_coefficients(lambda x: np.exp(x @ (A @ x) / 2), np.zeros(2), 6, np.array([1.0, -2.0]))
    q = np.array([1.0, -2.0]) @ A @ np.array([1.0, -2.0]) / 2
    assert np.allclose(c, [1, 0, q, 0, q**2 / 2, 0, q**3 / 6], rtol=1e-14)


def test_whole_powers_at_zero():
    assert taylor_coefficients(lambda x: x**3 - 2 * x + 1, 0.0, 4).tolist() == [1, -2, 0, 1, 0]
    assert taylor_coefficients(lambda x: x**0, 0.0, 2).tolist() == [1, 0, 0]
    assert taylor_coefficients(lambda x: 3.0, 0.0, 2).tolist() == [3, 0, 0]


def test_polynomial_converges_to_the_function():
    x = np.linspace(-1, 1, 7)
    assert np.abs(taylor_polynomial(np.exp, 0.0, x, 20) - np.exp(x)).max() <= 4e-16 * math.e
    assert taylor_polynomial(np.exp, 0.0, x, 0).tolist() == [1.0] * 7


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: taylor_coefficients(np.exp, 0.0, -1), "≥ 0, got -1"),
        (lambda: taylor_coefficients(np.exp, 1j, 2), "complex128"),
        (lambda: taylor_coefficients(np.abs, 0.0, 2), "kink"),
        (lambda: taylor_coefficients(np.sqrt, 0.0, 2), "no finite coefficient of order 1"),
        (lambda: taylor_polynomial(np.sum, np.zeros(2), np.zeros(2), 2), r"shape of a, \(2,\)"),
        (lambda: classify(np.sin, np.zeros(2), order=0), "order: expected a whole number ≥ 1"),
        (lambda: classify(np.sum, np.zeros(2)), r"shape of x, \(2,\), got \(\)"),
        (
            lambda: classify_hessian(np.ones((2, 3))),
            r"H: expected the shape .* got \(2, 3\); n is both 2 and 3",
        ),
        (lambda: classify_hessian(np.array([[1.0, 2.0], [0.0, 1.0]])), "symmetric"),
        (lambda: classify_hessian(np.full((2, 2), np.nan)), "finite"),
    ],
)
def test_wrong_calls_are_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()


def test_the_plain_second_derivative_test_leaves_a_quartic_undecided():
    assert classify(lambda x: x**4, np.zeros(1), order=3) == [3]
    assert classify(lambda x: x**4, np.zeros(1)) == [1]
    assert classify(lambda x: x**3, np.array([1e-12, 1e-3])).tolist() == [0, 2]


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_inertia_counts_the_signs_of_the_eigenvalues(n):
    rng = np.random.default_rng(n)
    Q = np.linalg.qr(rng.standard_normal((200, n, n)))[0]
    signs = rng.choice([-1.0, 0.0, 1.0], (200, n), p=[0.45, 0.1, 0.45])
    H = (Q * (signs * rng.uniform(0.1, 3, (200, n)))[:, None, :]) @ np.swapaxes(Q, 1, 2)
    low, high, none = signs.min(1), signs.max(1), (signs == 0).any(1)
    want = np.where(low * high < 0, 0, np.where(none, 3, high)).astype(int)
    assert classify_hessian((H + np.swapaxes(H, 1, 2)) / 2).tolist() == want.tolist()
