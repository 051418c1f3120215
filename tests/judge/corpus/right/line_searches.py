"""Line searches as users write them."""

import math

import numpy as np


# line-search: NumPy, doubling and bisection to the strong conditions
def line_search_bisection(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    f0, m = f(x), gradient(x) @ d
    if m >= 0:
        return np.nan
    low, high, t = 0.0, np.inf, first
    for _ in range(200):
        y = x + t * d
        slope = gradient(y) @ d
        if not f(y) <= f0 + c1 * t * m or slope > c2 * abs(m):
            high = t
        elif slope < -c2 * abs(m):
            low = t
        else:
            return t
        t = (low + high) / 2 if high < np.inf else 2 * t
    return np.inf if high == np.inf else t


# line-search: PyTorch, regula falsi with safeguards between a short and a long step
def line_search_torch(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    start, slope0 = float(f(x)), float(gradient(x).dot(d))
    if not slope0 < 0:
        return x.new_tensor(math.nan)
    short, long, step = (0.0, slope0), None, float(first)
    for k in range(150):
        at = x + step * d
        value, slope = float(f(at)), float(gradient(at).dot(d))
        enough = value <= start + c1 * step * slope0
        if enough and abs(slope) <= -c2 * slope0:
            break
        if enough and slope < 0:
            short = (step, slope)
        else:
            long = (step, slope)
        if long is None:
            step *= 3
            continue
        (a, p), (b, q) = short, long
        middle = (a + b) / 2
        secant = a - p * (b - a) / (q - p) if q > 0 and k % 3 else middle
        step = secant if a + 0.05 * (b - a) < secant < b - 0.05 * (b - a) else middle
    return x.new_tensor(math.inf if long is None and step > 1e20 else step)
