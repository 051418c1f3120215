"""Functions that fill arrays of their own run on the tape without a change."""

import math

import numpy as np
import pytest
from scipy import special

from gradus.foundations.autodiff import Variable, grad, traceable, vjp
from gradus.foundations.autodiff.special import digamma


def filled(x):
    y = np.zeros((2, len(x)))
    for i in range(len(x)):
        y[0, i] = x[i] ** 2
        y[1, i] += x[i] * y[0, i]
    return y


def joined(x):
    return np.array([[x[0], 1.0], [x[1] * x[2], x[2]]]) @ np.eye(2)


def helped(x):
    return halves(filled(x)).sum(0) + np.full(3, x[1])


def halves(y):
    out = np.empty_like(y)
    out[:] = y / 2
    return np.asarray(out)


def by_math(x):
    return np.vectorize(
        lambda t: math.erf(t) + math.lgamma(2 + t) * math.exp(t) + math.log(3 + t, 2), otypes=[float]
    )(x)


def recursive(x, n=3):
    return x if n == 0 else recursive(np.array(x) * x[0], n - 1)


def added_up(x):
    return np.array([math.fsum(v * v for v in x), math.prod([x[0], 2.0, x[1]]), math.hypot(x[0], x[2])])


def from_table(x):
    return TABLE["filled"](x)[1]


TABLE = {"filled": filled}


def closed_over(x):
    scale = np.zeros(3)

    def inner():
        scale[1] = x[0]
        return scale * x

    return inner()


@pytest.mark.parametrize(
    "f",
    [filled, joined, helped, by_math, recursive, added_up, from_table, closed_over],
    ids=lambda f: f.__name__,
)
def test_runs_unchanged(f):
    x, u = np.array([0.7, -0.4, 1.3]), np.array([0.2, 0.5, -0.3])
    y, pull = vjp(traceable(f), x)
    assert np.allclose(y, f(x), rtol=1e-15)
    w = np.random.default_rng(0).standard_normal(np.shape(y))
    along = lambda t: (w * f(x + t * u)).sum()
    h = 1e-4
    slope = (8 * (along(h) - along(-h)) - along(2 * h) + along(-2 * h)) / (12 * h)
    assert pull(w)[0] @ u == pytest.approx(slope, rel=1e-9)
    assert not isinstance(traceable(f)(x), Variable) or np.array_equal(traceable(f)(x), f(x))


def test_the_function_itself_is_left_alone():
    before = dict(globals())
    traceable(helped)
    assert {k: v for k, v in globals().items() if before.get(k) is not v} == {}
    assert isinstance(filled(np.ones(2)), np.ndarray)


def test_whole_numbers_stay_arrays():
    def f(x):
        count = np.zeros(3, int)
        count[1] = 2
        return (x * count).sum() + float(np.ones(2)[0]) + np.arange(3)[1]

    assert np.array_equal(grad(traceable(f))(np.ones(3)), [0, 2, 0])


def test_an_overflow_that_was_not_chosen_does_not_matter():
    def logistic(x):
        return np.where(x > 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x))).sum()

    with np.errstate(over="ignore", invalid="ignore"):
        gradient = grad(logistic)(np.array([1000.0, -1000.0, 0.5]))
        twice = grad(lambda x: grad(logistic)(x) @ x)(np.array([1000.0, -1000.0, 0.5]))
    s = 1 / (1 + math.exp(-0.5))
    assert np.allclose(gradient, [0, 0, s * (1 - s)], rtol=1e-15)
    assert np.allclose(twice, [0, 0, s * (1 - s) * (1 + 0.5 * (1 - 2 * s))], rtol=1e-14)


def test_digamma():
    x = np.concatenate([np.geomspace(1e-3, 1e6, 50), -np.linspace(0.1, 5.9, 30)])
    assert np.allclose(digamma(x), special.digamma(x), rtol=1e-13, atol=1e-13)
