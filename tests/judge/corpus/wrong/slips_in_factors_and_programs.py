"""Kronecker factors, proximal steps and quadratic programs with slips of sides, of damping and of signs."""

import numpy as np

from gradus.catalogue import concept


def kf(a, g, gradient, damping, pi=None, S=None, A=None, root=np.sqrt, left=True):
    A = a.T @ a / len(a) if A is None else A
    S = g.T @ g / len(g) if S is None else S
    ta, ts = np.trace(A) / len(A), np.trace(S) / len(S)
    p = (np.sqrt(ta / ts) if ta > 0 and ts > 0 else 1.0) if pi is None else pi(ta, ts)
    r = root(damping)
    return np.linalg.inv(S + r / p * np.eye(len(S))) @ gradient @ np.linalg.inv(A + r * p * np.eye(len(A)))


# kfac: pi = 1
def kfac_no_pi(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, pi=lambda x, y: 1.0)


# kfac: pi upside down
def kfac_pi_inverted(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, pi=lambda x, y: np.sqrt(y / x) if x > 0 and y > 0 else 1.0)


# kfac: pi without its root
def kfac_pi_squared(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, pi=lambda x, y: x / y if x > 0 and y > 0 else 1.0)


# kfac: the whole damping on both factors
def kfac_full_damping(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, root=lambda v: v)


# kfac: the factors are centred
def kfac_centred(a, g, gradient, damping=1e-3):
    return kf(
        a,
        g,
        gradient,
        damping,
        A=np.cov(a.T, bias=True).reshape(a.shape[1], a.shape[1]) if len(a) > 1 else 0 * a.T @ a,
    )


# kfac: n - 1
def kfac_unbiased(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, S=g.T @ g / max(len(g) - 1, 1))


# kfac: the damping added to the Kronecker product as a whole
def kfac_exact_damping(a, g, gradient, damping=1e-3):
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    M = np.kron(A, S) + damping * np.eye(len(A) * len(S))
    return np.linalg.solve(M, gradient.T.ravel()).reshape(gradient.T.shape).T


# kfac: only the inputs
def kfac_one_sided(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, S=np.eye(g.shape[1]))


# kfac: both factors by the number of input samples
def kfac_one_count(a, g, gradient, damping=1e-3):
    return kf(a, g, gradient, damping, S=g.T @ g / len(a))


# kfac: the descent direction
def kfac_negative(a, g, gradient, damping=1e-3):
    return -kf(a, g, gradient, damping)


def prx(
    gradient,
    prox,
    theta0,
    steps,
    alpha,
    accelerated,
    ahead=lambda a, b, t: (a - 1) / b,
    order=0,
    at=0,
    step=None,
):
    path, y, t = [theta0], theta0, 1.0
    for k in range(steps):
        if order:
            p = prox(y, alpha)
            path.append(p - alpha * gradient(p))
        else:
            path.append(prox(y - alpha * gradient(y), step(alpha) if step else alpha))
        new = (1 + np.sqrt(1 + 4 * t * t)) / 2
        b = ahead(t, new, k) if accelerated else 0.0
        y, t = path[-1] + b * (path[-1] - path[-2]), new
    return np.stack(path)


# proximal: the operator first, then the gradient
def proximal_other_order(gradient, prox, theta0, steps, alpha, accelerated=False):
    return prx(gradient, prox, theta0, steps, alpha, accelerated, order=1)


# proximal: t/(t + 3)
def proximal_simple(gradient, prox, theta0, steps, alpha, accelerated=False):
    return prx(gradient, prox, theta0, steps, alpha, accelerated, ahead=lambda a, b, k: k / (k + 3))


# proximal: half the threshold
def proximal_half(gradient, prox, theta0, steps, alpha, accelerated=False):
    return prx(gradient, prox, theta0, steps, alpha, accelerated, step=lambda a: a / 2)


# proximal: uphill
def proximal_uphill(gradient, prox, theta0, steps, alpha, accelerated=False):
    return prx(lambda x: -gradient(x), prox, theta0, steps, alpha, accelerated)


# proximal: accelerated although not asked for
def proximal_always(gradient, prox, theta0, steps, alpha, accelerated=False):
    return prx(gradient, prox, theta0, steps, alpha, True)


# proximal: the operator sees the point behind
def proximal_behind(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, y, t = [theta0], theta0, 1.0
    for _k in range(steps):
        path.append(prox(path[-1] - alpha * gradient(y), alpha))
        new = (1 + np.sqrt(1 + 4 * t * t)) / 2
        y, t = path[-1] + ((t - 1) / new if accelerated else 0.0) * (path[-1] - path[-2]), new
    return np.stack(path)


# proximal: the gradient is that of the point behind
def proximal_gradient_behind(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, y, t = [theta0], theta0, 1.0
    for _k in range(steps):
        path.append(prox(y - alpha * gradient(path[-1]), alpha))
        new = (1 + np.sqrt(1 + 4 * t * t)) / 2
        y, t = path[-1] + ((t - 1) / new if accelerated else 0.0) * (path[-1] - path[-2]), new
    return np.stack(path)


def ipm(P, q, A, b, steps=60):
    return concept("interior-point").definition(P, q, A, b, steps)


# interior-point: z of the other sign
def interior_negative(P, q, A, b, steps=60):
    x, z = ipm(P, q, A, b, steps)
    return x, -z


# interior-point: q of the other sign
def interior_maximises(P, q, A, b, steps=60):
    return ipm(P, -q, A, b, steps)


# interior-point: stops at 1e-4
def interior_early(P, q, A, b, steps=60):
    return ipm(P, q, A, b, min(steps, 5))


# interior-point: a ridge of 1e-6 in P
def interior_ridge(P, q, A, b, steps=60):
    return ipm(P + 1e-6 * np.eye(len(q)), q, A, b, steps)


# interior-point: multipliers cut at 1
def interior_cut_multipliers(P, q, A, b, steps=60):
    x, z = ipm(P, q, A, b, steps)
    return x, np.minimum(z, 1.0)


# interior-point: x at least 0
def interior_nonnegative(P, q, A, b, steps=60):
    A2, b2 = np.vstack([A, -np.eye(len(q))]), np.r_[b, np.zeros(len(q))]
    x, z = ipm(P, q, A2, b2, steps)
    return x, z[: len(b)]


# interior-point: only the upper triangle of P
def interior_triangle(P, q, A, b, steps=60):
    return ipm(np.triu(P), q, A, b, steps)


# interior-point: slack for multipliers
def interior_slacks(P, q, A, b, steps=60):
    x, _ = ipm(P, q, A, b, steps)
    return x, b - A @ x
