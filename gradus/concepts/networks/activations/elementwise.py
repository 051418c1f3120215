"""Cases, symbols and the slope of elementwise activations."""

import numpy as np

from gradus.page import Symbol
from gradus.page.differences import STEP, five_point_slope
from gradus.page.evidence import roundoff


def slope_is(f, x, want):
    """The slopes of `f` at `x` are `want`, up to the rounding of f divided by the step (truncation lies below it)."""
    return roundoff(five_point_slope(f, x), want, terms=4, scale=max(1.0, float(np.abs(f(x)).max())) / STEP)


def points(rng):
    """Inputs on which every elementwise activation is tried: both tails, the middle, both zeros."""
    yield "random", dict(x=2 * rng.standard_normal((3, 5)))
    yield "one number", dict(x=np.array([0.7]))
    yield "around zero", dict(x=np.array([-1e-2, -1e-4, 1e-4, 1e-2]))
    yield "at zero", dict(x=np.array([0.0, -0.0]))
    yield "moderate", dict(x=np.linspace(-8, 8, 32))
    yield "far tails", dict(x=np.array([-1000.0, -100.0, 100.0, 1000.0]))
    yield "long", dict(x=3 * rng.standard_normal(1500))
    yield "square", dict(x=2 * rng.standard_normal((4, 4)))


def not_numbers(rng):
    """What every implementation refuses: an elementwise function takes numbers of any shape, so only what is no
    number."""
    yield "text for numbers", dict(x=np.array(["0.5", "1.0"]))


X = Symbol("x", "x", "... n", "pre-activations, taken one by one")


MIDDLE = np.linspace(-6, 6, 49)


def minimum(f, low, high):
    """Place and value of the minimum of a unimodal function, by ternary search (the place to about √ε)."""
    for _ in range(80):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        va, vb = f(np.array([a, b]))
        low, high = (low, b) if va < vb else (a, high)
    return (low + high) / 2, float(f(np.array([(low + high) / 2]))[0])
