"""Of the other pages, what users bring."""

import numpy as np
import scipy.special
import torch


# critical-points: signs of the slope on both sides
def kinds(f, x, r=1e-3):
    slope = lambda t: np.imag(f(t + 1e-40j)) / 1e-40
    h = r * np.maximum(1, np.abs(x))
    a, b, here = slope(x - h), slope(x + h), slope(x)
    out = np.where((a < 0) & (b > 0), 1, np.where((a > 0) & (b < 0), -1, np.where(a * b > 0, 0, 3)))
    return np.where(np.abs(here) > 1e-6 * np.maximum(np.abs(a), np.abs(b)), 2, out)


# distributions: the normal distribution by its usual parameters
def normal_by_natural_parameters(x, eta, family="normal"):
    if family != "normal":
        raise NotImplementedError(family)
    variance = -0.5 / eta[1]
    mean = eta[0] * variance
    return -((x - mean) ** 2) / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)


# kmeans-plus-plus: distances kept up to date
def seeding(X, u):
    n = len(X)
    chosen = [int(np.searchsorted(np.cumsum(np.full(n, 1 / n)), u[0]))]
    d = np.full(n, np.inf)
    for draw in u[1:]:
        d = np.minimum(d, ((X - X[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(np.searchsorted(np.cumsum(d / d.sum()), draw)))
    return np.array(chosen)


# ksg: SciPy's digamma
def ksg_scipy(x, y, neighbours=3):
    psi, n, total = scipy.special.digamma, len(x), 0.0
    for i in range(n):
        dx, dy = np.abs(x - x[i]).max(1), np.abs(y - y[i]).max(1)
        e = np.sort(np.maximum(dx, dy))[neighbours]
        total += psi((dx < e).sum()) + psi((dy < e).sum())
    return psi(neighbours) + psi(n) - total / n


# nested-cross-validation: two loops
def nested(fit, X, y, outer, inner, grid):
    errors, chosen = [], []
    for k in range(outer.max() + 1):
        rest = outer != k
        A, b, folds = X[rest], y[rest], inner[rest]
        risk = [np.mean([np.mean((b[folds == j] - fit(A[folds != j], b[folds != j], s)(A[folds == j])) ** 2) for j in np.unique(folds)]) for s in grid]  # fmt: skip
        chosen.append(grid[int(np.argmin(risk))])
        errors.append(np.mean((y[~rest] - fit(A, b, chosen[-1])(X[~rest])) ** 2))
    return np.array(errors), np.array(chosen)


# hessian: Richardson's differences of a complex step
def hessian_complex(f, x):
    n = len(x)
    grad = lambda t: np.array([np.imag(f(t + 1e-40j * e)) / 1e-40 for e in np.eye(n)])
    H = np.empty((n, n))
    for j, e in enumerate(np.eye(n)):
        D = [(grad(x + h * e) - grad(x - h * e)) / (2 * h) for h in 0.08 / 2.0 ** np.arange(5)]
        for k in range(1, 5):
            D = [(4**k * D[i + 1] - D[i]) / (4**k - 1) for i in range(len(D) - 1)]
        H[:, j] = D[0]
    return H


# from-scratch: autograd and torch's Adam
def trained(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    theta = [p.detach().clone().requires_grad_() for p in (W1, b1, W2, b2)]
    optimizer, losses = torch.optim.Adam(theta, lr=alpha), []
    for t in range(steps + 1):
        h = torch.tanh(x @ theta[0].T + theta[1])
        loss = torch.nn.functional.cross_entropy(h @ theta[2].T + theta[3], y)
        losses.append(loss.detach())
        if t < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return torch.stack(losses), *[p.detach() for p in theta]


# forward-mode: the complex step along the direction
def tangent_by_complex_step(f, x, u):
    y = np.asarray(f(x + 1e-40j * u))
    return y.real, y.imag / 1e-40
