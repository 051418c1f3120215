"""Slopes of a loss by differences, and what they tell: its gradient, its convexity, its minimum."""

import numpy as np

from gradus.page import Text
from gradus.page.differences import STEP, five_point_slope
from gradus.page.evidence import near, roundoff


def slope(f, x, i, h=STEP):
    """∂f/∂x_i by central differences whose error is $h^4f^{(5)}/480$."""
    e = np.zeros_like(x)
    e.flat[i] = 1.0
    return five_point_slope(lambda t: f(x + t * e), 0.0, h)


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
    return near(min(0.0, float(second.min())), 0.0, slack, Text("rounding of four values", "四个函数值的舍入误差"))


def lowest(f, low, high):
    """Where a convex function of one number is least, by ternary search."""
    for _ in range(100):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if f(a) < f(b) else (a, high)
    return (low + high) / 2
