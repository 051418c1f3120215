"""Selection, second derivatives and modes of differentiation: what people get wrong."""

import numpy as np
import scipy.special
import scipy.stats


# model-selection: judged on the points that it was fitted to
def selection_in_sample(fit, X, y, fold, grid):
    E = [[((y[fold != k] - fit(X[fold != k], y[fold != k], s)(X[fold != k])) ** 2).mean() for s in grid] for k in range(fold.max() + 1)]  # fmt: skip
    return np.array(E), grid[np.mean(E, 0).argmin()]


# model-selection: folds are weighted by their size
def selection_pooled(fit, X, y, fold, grid):
    E = np.array([[((y[fold == k] - fit(X[fold != k], y[fold != k], s)(X[fold == k])) ** 2).sum() for s in grid] for k in range(fold.max() + 1)])  # fmt: skip
    return E / (len(y) / len(E)), grid[E.sum(0).argmin()]


# nested-cross-validation: the setting is chosen on all points
def nested_leaks(fit, X, y, outer, inner, grid):
    cv = [np.mean([((y[inner == j] - fit(X[inner != j], y[inner != j], s)(X[inner == j])) ** 2).mean() for j in np.unique(inner)]) for s in grid]  # fmt: skip
    s = grid[np.argmin(cv)]
    errors = [((y[outer == k] - fit(X[outer != k], y[outer != k], s)(X[outer == k])) ** 2).mean() for k in range(outer.max() + 1)]  # fmt: skip
    return np.array(errors), np.full(len(errors), s)


# hessian: the outer product of the gradient
def hessian_outer(f, x):
    g = np.array([np.imag(f(x + 1e-30j * e)) / 1e-30 for e in np.eye(len(x))])
    return np.outer(g, g)


# hessian: central differences with half the digits
def hessian_differences(f, x):
    h, e = 1e-4, np.eye(len(x)) * 1e-4
    return np.array([[(f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)) / (4 * h * h) for b in e] for a in e])  # fmt: skip


# hessian: the diagonal alone
def hessian_diagonal(f, x):
    h = 1e-3
    slope = lambda t, e: np.imag(f(t + 1e-30j * e)) / 1e-30
    return np.diag([(8 * (slope(x + h / 2 * e, e) - slope(x - h / 2 * e, e)) - slope(x + h * e, e) + slope(x - h * e, e)) / (6 * h) for e in np.eye(len(x))])  # fmt: skip


# checkpointing: one pull too few
def checkpointing_short(step, pullback, x, x_bar, n, c, schedule="even"):
    states = [x]
    while len(states) < n:
        states.append(step(states[-1]))
    for s in reversed(states[1:]):
        x_bar = pullback(s, x_bar)
    return x_bar


# checkpointing: every state is kept
def checkpointing_keeps_all(step, pullback, x, x_bar, n, c, schedule="even"):
    states = [x]
    while len(states) < n:
        states.append(step(states[-1]))
    for s in reversed(states):
        x_bar = pullback(s, x_bar)
    return x_bar


# forward-mode: finite differences
def tangent_by_differences(f, x, u):
    h = 1e-6
    y = np.asarray(f(x), float)
    return y, (np.asarray(f(x + h * u), float) - np.asarray(f(x - h * u), float)) / (2 * h)


# reverse-mode: finite differences
def adjoint_by_differences(f, x):
    h = 1e-6
    return np.array([(float(f(x + h * e)) - float(f(x - h * e))) / (2 * h) for e in np.eye(len(x))])


# initialization: the mean of the absolute value for the mean square
def sizes_absolute(x, Z, scheme="he", activation="relu", gain=1.0):
    if scheme == "orthogonal":
        raise NotImplementedError(scheme)
    act = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, "linear": lambda v: v}[activation]
    a, q = x, [np.abs(x).mean()]
    for z in Z:
        a = act(gain * z * np.sqrt(2 / (len(a) if scheme == "he" else 2 * len(a))) @ a)
        q.append(np.abs(a).mean())
    return np.array(q)


# initialization: the gain is applied once only
def sizes_gain(x, Z, scheme="he", activation="relu", gain=1.0):
    if scheme == "orthogonal":
        raise NotImplementedError(scheme)
    act = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, "linear": lambda v: v}[activation]
    a, q = gain * x, [(x * x).mean()]
    for z in Z:
        a = act(z * np.sqrt(2 / (len(a) if scheme == "he" else 2 * len(a))) @ a)
        q.append((a * a).mean())
    return np.array(q)


# from-scratch: the loss is a sum
def scratch_sum(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    theta = [W1, b1, W2, b2]
    m, v, losses = [0 * p for p in theta], [0 * p for p in theta], []
    for t in range(1, steps + 2):
        H = np.tanh(x @ theta[0].T + theta[1])
        P = scipy.special.softmax(H @ theta[2].T + theta[3], 1)
        losses.append(-np.log(P[np.arange(len(x)), y]).sum())
        dZ = (P - np.eye(len(b2))[y]) / len(x)
        dA = (dZ @ theta[2]) * (1 - H**2)
        for i, g in enumerate([dA.T @ x, dA.sum(0), dZ.T @ H, dZ.sum(0)] if t <= steps else []):
            m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g**2
            theta[i] = theta[i] - alpha * m[i] / (1 - 0.9**t) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
    return np.array(losses), *theta
