"""Gradient flows with slips of time, direction and accuracy."""

import numpy as np
import scipy.integrate


def _flow(gradient, theta0, times, **options):
    path, theta, now = [], np.asarray(theta0, float), 0.0
    for t in times:
        if t > now:
            found = scipy.integrate.solve_ivp(
                lambda _, x: -gradient(x), (now, t), theta, **{"method": "DOP853", "rtol": 1e-11, "atol": 1e-13} | options
            )  # fmt: skip
            theta, now = found.y[:, -1], t
        path.append(theta)
    return np.stack(path)


# training-dynamics: SciPy's default tolerance, three digits
def flow_with_default_tolerance(gradient, theta0, times):
    return _flow(gradient, theta0, times, method="RK45", rtol=1e-3, atol=1e-6)


# training-dynamics: the times are taken for steps of one hundredth, and rounded
def flow_in_hundredths(gradient, theta0, times):
    path, theta, done = [], np.asarray(theta0, float), 0
    for t in times:
        for _ in range(round(100 * t) - done):
            theta = theta - 0.01 * gradient(theta)
        done = round(100 * t)
        path.append(theta)
    return np.stack(path)


# training-dynamics: the direction of the gradient alone, in a hundred steps an interval
def flow_of_directions(gradient, theta0, times):
    path, theta, now = [], np.asarray(theta0, float), 0.0
    for t in times:
        for _ in range(100):
            g = gradient(theta)
            theta = theta - (t - now) / 100 * g / (np.linalg.norm(g) + 1e-12)
        path.append(theta)
        now = t
    return np.stack(path)


# training-dynamics: the midpoint rule with a hundred steps an interval
def flow_by_midpoints(gradient, theta0, times):
    path, theta, now = [], np.asarray(theta0, float), 0.0
    for t in times:
        h = (t - now) / 100
        for _ in range(100):
            theta = theta - h * gradient(theta - h / 2 * gradient(theta))
        path.append(theta)
        now = t
    return np.stack(path)
