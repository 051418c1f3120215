"""Limits of descent with the faults that people make."""

import numpy as np


def _results(x, y, start, w, point=None):
    u = w / np.linalg.norm(w)
    m = y * (x @ u)
    if m.min() <= 0:
        raise ValueError("not separable")
    first = np.zeros(x.shape[1]) if start is None else start
    if point is None:
        point = first + np.linalg.pinv(x) @ (y - x @ first)
    return u, m.min(), m <= m.min() * (1 + 1e-9), point


def _checked(x, y):
    if len(y) != len(x) or set(np.unique(y)) - {-1.0, 1.0}:
        raise ValueError("labels")


# implicit-bias: descent on the logistic loss, taken to have arrived after 20,000 steps
def bias_finite_descent(x, y, start=None):
    _checked(x, y)
    z = y[:, None] * x
    w = np.zeros(x.shape[1]) if start is None else np.array(start, float)
    for _ in range(20000):
        w = w + z.T @ np.exp(-np.logaddexp(0, z @ w)) / (z**2).sum()
    return _results(x, y, start, w)


# implicit-bias: the perceptron, which separates but does not care by how much
def bias_perceptron(x, y, start=None):
    _checked(x, y)
    z, w = y[:, None] * x, np.zeros(x.shape[1])
    for _ in range(5000):
        wrong = np.flatnonzero(z @ w <= 0)
        if not len(wrong):
            break
        w = w + z[wrong[0]]
    return _results(x, y, start, w)


# implicit-bias: least squares on centred samples in place of the largest margin
def bias_centred(x, y, start=None):
    _checked(x, y)
    middle = x.mean(0) if len(x) > 2 and x.shape[1] > 1 else 0.0
    w = np.linalg.lstsq(x - middle, y, rcond=None)[0] if len(x) > 2 else np.linalg.pinv(x) @ y
    return _results(x, y, start, w)


# implicit-bias: the interpolant from 0 with the start's null part left out
def bias_min_norm(x, y, start=None):
    from scipy.optimize import minimize

    _checked(x, y)
    z = y[:, None] * x
    found = minimize(
        lambda w: w @ w / 2,
        np.linalg.pinv(z) @ np.ones(len(z)),
        jac=lambda w: w,
        constraints=dict(type="ineq", fun=lambda w: z @ w - 1, jac=lambda w: z),
        method="SLSQP",
        options=dict(ftol=1e-15, maxiter=500),
    )
    return _results(x, y, None, found.x)
