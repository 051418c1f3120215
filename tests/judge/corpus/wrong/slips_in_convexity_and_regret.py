"""Convexity, duality and online learning with slips of signs, of sides and of what is put back."""

import numpy as np

from gradus.catalogue import concept


def conv(f, X, Y, factor=4.0, power=2, shift=0.5, sign=1, pairs=None, both=True):
    i, j = pairs if pairs is not None else np.triu_indices(len(X), 1)
    c = (
        factor
        * (f(X[i]) + f(X[j]) - 2 * f((X[i] + X[j]) * shift))
        / (np.linalg.norm(X[i] - X[j], axis=1) ** power)
    )
    up = (Y @ X.T - sign * f(X)).max(1)
    return c.min(), c.max(), up, (X @ Y.T - up).max(1)


# convexity: 2 in place of 4
def convexity_half(f, X, Y):
    return conv(f, X, Y, factor=2.0)


# convexity: only neighbouring points
def convexity_neighbours(f, X, Y):
    k = np.arange(len(X) - 1)
    return conv(f, X, Y, pairs=(k, k + 1))


# convexity: only pairs with the first point
def convexity_from_first(f, X, Y):
    k = np.arange(1, len(X))
    return conv(f, X, Y, pairs=(0 * k, k))


# convexity: f is added in the conjugate
def convexity_plus(f, X, Y):
    return conv(f, X, Y, sign=-1)


# convexity: the second conjugate is f itself
def convexity_f_again(f, X, Y):
    mu, L, up, _ = conv(f, X, Y)
    return mu, L, up, f(X)


# convexity: the least curvature is cut off at 0
def convexity_never_negative(f, X, Y):
    mu, L, up, twice = conv(f, X, Y)
    return max(mu, 0.0), L, up, twice


# convexity: the second conjugate over the conjugate's own minimum
def convexity_minimum(f, X, Y):
    mu, L, up, _ = conv(f, X, Y)
    return mu, L, up, (X @ Y.T - up).min(1)


# convexity: L and mu exchanged
def convexity_exchanged(f, X, Y):
    mu, L, up, twice = conv(f, X, Y)
    return L, mu, up, twice


# duality: the price may be negative
def duality_free_prices(f, g):
    from scipy.optimize import linprog

    n, m = g.shape
    r = linprog(f, A_eq=np.vstack([np.ones(n), g.T]), b_eq=np.r_[1.0, np.zeros(m)])
    if r.status:
        raise ValueError(r.message)
    return f[(g <= 0).all(1)].min(initial=np.inf), r.fun, -r.eqlin.marginals[1:]


# duality: strict constraints in the primal
def duality_strict(f, g):

    _, q, lam = concept("duality").definition(f, g)
    return f[(g < 0).all(1)].min(initial=np.inf), q, lam


# duality: any constraint met is enough
def duality_any(f, g):

    _, q, lam = concept("duality").definition(f, g)
    return f[(g <= 0).any(1)].min(initial=np.inf), q, lam


# duality: a grid of prices
def duality_grid(f, g):
    from itertools import product

    grid = list(product(np.linspace(0, 4, 17), repeat=g.shape[1]))
    values = [(f + g @ np.array(p)).min() for p in grid]
    k = int(np.argmax(values))
    return f[(g <= 0).all(1)].min(initial=np.inf), values[k], np.array(grid[k])


# duality: no feasible point gives NaN
def duality_nan(f, g):

    p, q, lam = concept("duality").definition(f, g)
    return p if np.isfinite(p) else np.nan, q, lam


# duality: the prices sum to one
def duality_normalised(f, g):

    p, q, lam = concept("duality").definition(f, g)
    return p, q, lam / lam.sum() if lam.sum() > 0 else lam


# duality: g >= 0 is taken for the constraint
def duality_other_side(f, g):

    _p, q, lam = concept("duality").definition(f, g)
    return f[(g >= 0).all(1)].min(initial=np.inf), q, lam


def onl(gradient, theta0, steps, alpha, radius, simplex, ball, experts):
    path = [theta0]
    for t, a in enumerate(np.broadcast_to(alpha, (steps,))):
        g = gradient(path[-1], t)
        path.append(experts(path[-1], a * g) if simplex else ball(path[-1], a * g, radius))
    return np.stack(path)


def into(x, g, r):
    y = x - g
    return y * r / max(r, np.linalg.norm(y))


def weigh(x, g):
    w = x * np.exp(g.min() - g)
    return w / w.sum()


# online-learning: clipped coordinate by coordinate
def online_box(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    return onl(gradient, theta0, steps, alpha, radius, simplex, lambda x, g, r: np.clip(x - g, -r, r), weigh)


# online-learning: no projection
def online_unbounded(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    return onl(gradient, theta0, steps, alpha, radius, simplex, lambda x, g, r: x - g, weigh)


# online-learning: weights grow with losses
def online_rewards(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    return onl(gradient, theta0, steps, alpha, radius, simplex, into, lambda x, g: weigh(x, -g))


# online-learning: 1 − αg in place of exp(−αg)
def online_linear_weights(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    return onl(
        gradient,
        theta0,
        steps,
        alpha,
        radius,
        simplex,
        into,
        lambda x, g: x * np.maximum(1 - g, 1e-9) / (x * np.maximum(1 - g, 1e-9)).sum(),
    )


# online-learning: the weights are not normalised
def online_unnormalised(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    return onl(gradient, theta0, steps, alpha, radius, simplex, into, lambda x, g: x * np.exp(-g))


# online-learning: rounds are counted from 1
def online_from_one(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    def later(theta, t):
        return gradient(theta, min(t + 1, steps - 1))

    return onl(later, theta0, steps, alpha, radius, simplex, into, weigh)


# online-learning: a uniform start, whatever was given
def online_uniform_start(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    start = np.full(len(theta0), 1 / len(theta0)) if simplex else theta0
    path = onl(gradient, start, steps, alpha, radius, simplex, into, weigh)
    path[0] = theta0
    return path


# online-learning: the running mean of the points
def online_averages(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    path = onl(gradient, theta0, steps, alpha, radius, simplex, into, weigh)
    return path.cumsum(0) / np.arange(1, steps + 2)[:, None]
