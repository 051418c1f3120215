"""What the pages of this family share."""

import numpy as np

from gradus.page import Symbol, Text
from gradus.page.evidence import near, roundoff

STEP = 2.0**-10


def slope(f, x, i, h=STEP):
    """∂f/∂x_i by central differences whose error is $h^4f^{(5)}/480$."""
    e = np.zeros_like(x)
    e.flat[i] = h
    return (8 * (f(x + e / 2) - f(x - e / 2)) - (f(x + e) - f(x - e))) / (6 * h)


def gradient(f, x):
    """All partial derivatives of a scalar function, in the shape of x."""
    return np.array([slope(f, x, i) for i in range(x.size)]).reshape(x.shape)


def gradient_is(f, x, want):
    """The gradient of `f` at `x` is `want`, up to the rounding of f divided by the step."""
    return roundoff(gradient(f, x), want, terms=4, scale=max(1.0, abs(float(f(x)))) / STEP)


def convex_along(f, x, y, points=33):
    """Least second difference of f on the segment from x to y, which a convex f keeps ≥ 0, up to rounding."""
    values = np.array([float(f(x + t * (y - x))) for t in np.linspace(0, 1, points)])
    second = values[2:] - 2 * values[1:-1] + values[:-2]
    slack = 16 * 2.0**-52 * np.abs(values).max()
    return near(
        min(0.0, float(second.min())), 0.0, slack, Text("rounding of four values", "四个函数值的舍入误差")
    )


def lowest(f, low, high):
    """Where a convex function of one number is least, by ternary search."""
    for _ in range(100):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if f(a) < f(b) else (a, high)
    return (low + high) / 2


PREDICTION = Symbol(r"\hat y", "y_hat", "n", "predictions")


TARGET = Symbol("y", "y", "n", "targets")


COUNT = Symbol("n", "", "", "number of samples")


def pairs(rng):
    """Predictions and targets on which every regression loss is tried."""
    yield "random", dict(y_hat=rng.standard_normal(7), y=rng.standard_normal(7))
    yield "one sample", dict(y_hat=np.array([2.0]), y=np.array([-1.0]))
    yield "large errors", dict(y_hat=1e3 * rng.standard_normal(5), y=rng.standard_normal(5))


def unequal(rng):
    """Inputs that every regression loss refuses."""
    yield "more targets than predictions", dict(y_hat=np.ones(3), y=np.ones(4))
    yield "two rows against three", dict(y_hat=np.ones((2, 3)), y=np.ones((3, 2)))


def sample():
    """Eleven skewed targets for the figures."""
    return np.array([0.1, 0.2, 0.35, 0.5, 0.6, 0.8, 1.0, 1.3, 1.8, 2.4, 3.2])


LABELS = Symbol("y", "y", "n", "true classes, 0 … k−1", "index")
