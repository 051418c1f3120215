"""Accelerated descent, convexity, duality and online learning with the faults that people make."""

import numpy as np
import torch
from scipy.optimize import linprog


# nesterov: the velocity is updated after the step, so that it is one gradient late
def nesterov_late(gradient, theta0, steps, alpha, beta=None):
    path, v, a = [theta0], 0 * theta0, 1.0
    for _ in range(steps):
        later = (1 + np.sqrt(1 + 4 * a * a)) / 2
        b = (a - 1) / later if beta is None else beta
        path.append(path[-1] + b * v - alpha * gradient(path[-1]))
        v, a = path[-1] - path[-2], later
    return np.stack(path)


# nesterov: t/(t + 3) in place of the paper's sequence
def nesterov_simple(gradient, theta0, steps, alpha, beta=None):
    path, y = [theta0], theta0
    for t in range(steps):
        path.append(y - alpha * gradient(y))
        y = path[-1] + (t / (t + 3) if beta is None else beta) * (path[-1] - path[-2])
    return np.stack(path)


# nesterov: the parameters of PyTorch, which are the points ahead
def nesterov_ahead(gradient, theta0, steps, alpha, beta=0.9):
    theta = torch.tensor(theta0, requires_grad=True)
    optimizer, path = torch.optim.SGD([theta], lr=alpha, momentum=beta or 0.9, nesterov=True), [theta0]
    for _ in range(steps):
        theta.grad = torch.tensor(gradient(theta.detach().numpy().copy()))
        optimizer.step()
        path.append(theta.detach().numpy().copy())
    return np.stack(path)


# nesterov: looks ahead by the whole last step, whatever β is
def nesterov_whole_step(gradient, theta0, steps, alpha, beta=None):
    path, y = [theta0], theta0
    for _ in range(steps):
        path.append(y - alpha * gradient(y))
        y = 2 * path[-1] - path[-2]
    return np.stack(path)


def pairs(f, X, weight=4.0):
    i, j = np.triu_indices(len(X), 1)
    return weight * (f(X[i]) + f(X[j]) - 2 * f((X[i] + X[j]) / 2)) / ((X[i] - X[j]) ** 2).sum(1)


def raised(f, X, Y):
    return (Y @ X.T - f(X)).max(1)


# convexity: the chord's excess over the length, not over its square
def convexity_by_length(f, X, Y):
    i, j = np.triu_indices(len(X), 1)
    c = pairs(f, X) * np.linalg.norm(X[i] - X[j], axis=1)
    upper = raised(f, X, Y)
    return c.min(), c.max(), upper, raised(lambda y: upper, Y, X)


# convexity: log-sum-exp called concave, by the sign of the chord
def convexity_concave(f, X, Y):
    c, upper = -pairs(f, X), raised(f, X, Y)
    return c.min(), c.max(), upper, raised(lambda y: upper, Y, X)


# convexity: the conjugate by the slope of the nearest point, no maximum
def convexity_nearest(f, X, Y):
    c, upper = pairs(f, X), raised(f, X, Y)
    nearest = np.array([X[((X - y) ** 2).sum(1).argmin()] for y in Y])
    upper = (Y * nearest).sum(1) - f(nearest)
    return c.min(), c.max(), upper, raised(lambda y: upper, Y, X)


# convexity: curvature by absolute value
def convexity_absolute(f, X, Y):
    c, upper = np.abs(pairs(f, X)), raised(f, X, Y)
    return c.min(), c.max(), upper, raised(lambda y: upper, Y, X)


def cheapest_mixture(f, g, bounds=(0, None)):
    return linprog(
        f, A_ub=g.T, b_ub=np.zeros(g.shape[1]), A_eq=np.ones((1, len(f))), b_eq=[1.0], bounds=bounds
    )


# duality: SciPy's marginals as they come, of the wrong sign
def duality_marginals(f, g):
    best = cheapest_mixture(f, g)
    return f[(g <= 0).all(1)].min(initial=np.inf), best.fun, best.ineqlin.marginals


# duality: the dual taken over the allowed points alone, so that there is never a gap
def duality_allowed(f, g):
    best = cheapest_mixture(f, g)
    primal = f[(g <= 0).all(1)].min(initial=np.inf)
    return primal, primal, -best.ineqlin.marginals


# duality: one price for all constraints
def duality_one_price(f, g):
    total = g.sum(1, keepdims=True)
    best = cheapest_mixture(f, total)
    price = -best.ineqlin.marginals[0]
    return f[(g <= 0).all(1)].min(initial=np.inf), (f + price * total[:, 0]).min(), np.full(g.shape[1], price)


# duality: dual ascent that stops early
def duality_ascent(f, g):
    price = np.zeros(g.shape[1])
    for t in range(1, 200):
        price = np.maximum(0, price + g[(f + g @ price).argmin()] / t)
    return f[(g <= 0).all(1)].min(initial=np.inf), (f + g @ price).min(), price


def rounds(step, gradient, theta0, steps, alpha):
    path = [theta0]
    for t, a in enumerate(np.broadcast_to(alpha, (steps,))):
        path.append(step(path[-1], a * gradient(path[-1], t)))
    return np.stack(path)


def into_ball(x, radius):
    return x * min(1.0, radius / max(np.linalg.norm(x), 1e-300))


def shares(theta, g):
    weights = theta * np.exp(g.min() - g)
    return weights / weights.sum()


# online-learning: the constant step of the first round, whatever the schedule
def online_constant(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    first = np.ravel(alpha)[0]
    step = shares if simplex else lambda theta, g: into_ball(theta - g, radius)
    return rounds(step, gradient, theta0, steps, first)


# online-learning: always on the sphere, also from inside the ball
def online_sphere(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    step = shares if simplex else lambda theta, g: (theta - g) * radius / np.linalg.norm(theta - g)
    return rounds(step, gradient, theta0, steps, alpha)


# online-learning: experts by projected descent: negative shares are cut off
def online_cut_off(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    def step(theta, g):
        if not simplex:
            return into_ball(theta - g, radius)
        weights = np.maximum(theta - g, 1e-12)
        return weights / weights.sum()

    return rounds(step, gradient, theta0, steps, alpha)


# online-learning: the step of each round is of the round before
def online_late(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    late = np.broadcast_to(alpha, (steps,))[[0, *range(steps - 1)][:steps]]
    step = shares if simplex else lambda theta, g: into_ball(theta - g, radius)
    return rounds(step, gradient, theta0, steps, late)
