"""Accelerated descent, convexity, duality and online learning in other styles."""

import math

import numpy as np
import torch
from scipy.optimize import linprog


# nesterov: two sequences, of points and of weighted gradients
def nesterov_by_weights(gradient, theta, steps, lr, momentum=None):
    path, z, a = [theta], theta, 1.0
    if momentum is not None:
        v = np.zeros_like(theta)
        for _ in range(steps):
            g = gradient(path[-1] + momentum * v)
            v = momentum * v - lr * g
            path.append(path[-1] + v)
        return np.array(path)
    for _ in range(steps):
        y = path[-1] + (z - path[-1]) / a
        g = gradient(y)
        path.append(y - lr * g)
        z = z - lr * a * g
        a = 0.5 + math.sqrt(0.25 + a * a)
    return np.array(path)


# nesterov: torch
def nesterov_torch(gradient, theta, steps, lr, beta=None):
    old = y = theta
    path, a = [theta], 1.0
    for _ in range(int(steps)):
        new, later = y - lr * gradient(y), (1 + math.sqrt(1 + 4 * a * a)) / 2
        y = new + ((a - 1) / later if beta is None else beta) * (new - old)
        old, a = new, later
        path.append(new)
    return torch.stack(path)


# convexity: loops over pairs and slopes
def convexity_loops(f, points, slopes):
    n, values = len(points), f(points)
    c = []
    for i in range(n):
        for j in range(i):
            middle = f((points[i] + points[j])[None] / 2)[0]
            c.append(4 * (values[i] + values[j] - 2 * middle) / np.sum((points[i] - points[j]) ** 2))
    upper = np.array([max(y @ x - v for x, v in zip(points, values, strict=True)) for y in slopes])
    again = np.array([max(x @ y - u for y, u in zip(slopes, upper, strict=True)) for x in points])
    return min(c), max(c), upper, again


# convexity: torch, all pairs at once
def convexity_torch(f, points, slopes):
    n = len(points)
    first, second = torch.triu_indices(n, n, 1)
    x, z = points[first], points[second]
    c = 4 * (f(x) + f(z) - 2 * f((x + z) / 2)) / (x - z).pow(2).sum(-1)
    upper = (slopes @ points.T - f(points)).amax(-1)
    return c.amin(), c.amax(), upper, (points @ slopes.T - upper).amax(-1)


# duality: the dual problem itself as a linear program in the prices and their bound
def duality_prices(f, g):
    n, m = g.shape
    if len(f) != n:
        raise ValueError("one value a point")
    least = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.column_stack([-g, np.ones(n)]),
        b_ub=f,
        bounds=[(0, None)] * m + [(None, None)],
    )
    if least.status:
        raise ValueError(least.message)
    return f[(g <= 0).all(1)].min(initial=np.inf), -least.fun, least.x[:m]


# duality: mixtures of the points by another method of HiGHS
def duality_mixtures(values, constraints):
    n, m = constraints.shape
    best = linprog(
        values, constraints.T, np.zeros(m), np.ones((1, n)), np.ones(1), method="highs-ds", bounds=(0, None)
    )
    if not best.success:
        raise ValueError("no mixture is allowed")
    allowed = [v for v, row in zip(values, constraints, strict=True) if max(row) <= 0]
    return min(allowed, default=math.inf), best.fun, 0.0 - best.ineqlin.marginals


# online-learning: shares by softmax of the sums of losses
def online_sums(gradient, theta, steps, rates, radius=1.0, simplex=False):
    rates, path, logits = np.broadcast_to(rates, (steps,)), [theta], np.log(np.maximum(theta, 1e-320))
    logits[theta == 0] = -np.inf
    for t in range(steps):
        g = gradient(path[-1], t)
        if simplex:
            logits = logits - rates[t] * g
            share = np.exp(logits - logits.max())
            path.append(share / share.sum())
            continue
        x = path[-1] - rates[t] * g
        length = math.sqrt(float(x @ x))
        path.append(x if length <= radius else x / length * radius)
    return np.array(path)


# online-learning: torch
def online_torch(gradient, theta, steps, alpha, radius=1.0, simplex=False):
    alpha = torch.as_tensor(alpha, dtype=theta.dtype).expand(int(steps))
    path, total = [theta], torch.zeros_like(theta)
    for t in range(int(steps)):
        step = alpha[t] * gradient(path[-1], t)
        total = total + step
        if simplex:
            path.append(torch.softmax(theta.log() - total, 0))
        else:
            x = path[-1] - step
            path.append(torch.where(x.norm() > radius, radius * x / x.norm(), x))
    return torch.stack(path)
