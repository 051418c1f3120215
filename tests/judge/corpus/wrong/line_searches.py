"""Line searches with the faults that people make."""

import warnings

import numpy as np
from scipy import optimize


# line-search: Armijo's rule by halves alone
def line_search_armijo(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    slope, t = gradient(x) @ d, first
    if slope >= 0:
        return np.nan
    while f(x + t * d) > f(x) + c1 * t * slope:
        t *= 0.5
    return t


# line-search: the weak conditions, where the strong ones are asked for
def line_search_weak(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    slope, low, high, t = gradient(x) @ d, 0.0, np.inf, first
    if slope >= 0:
        return np.nan
    for _ in range(200):
        if not f(x + t * d) <= f(x) + c1 * t * slope:
            high = t
        elif gradient(x + t * d) @ d < c2 * slope:
            low = t
        else:
            return t
        t = (low + high) / 2 if high < np.inf else 2 * t
    return np.inf if high == np.inf else t


# line-search: SciPy's, whose warning is not read
def line_search_scipy(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = optimize.line_search(f, gradient, x, d * first, c1=c1, c2=c2)[0]
    return np.nan if step is None else step * first


# line-search: the lowest point along the direction, by Brent's method, whatever the first step was
def line_search_exact(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    if gradient(x) @ d >= 0:
        return np.nan
    return optimize.minimize_scalar(lambda t: f(x + t * d), bounds=(0, 1e3), method="bounded").x
