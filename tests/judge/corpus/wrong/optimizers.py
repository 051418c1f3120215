"""Optimisers with the faults that people make."""

import math

import numpy as np
import torch


# gradient-descent: uphill
def descent_uphill(gradient, theta0, steps, alpha):
    path = [theta0]
    for _ in range(steps):
        path.append(path[-1] + alpha * gradient(path[-1]))
    return np.stack(path)


# gradient-descent: all points are the last one, updated in place
def descent_aliased(gradient, theta0, steps, alpha):
    theta = theta0.copy()
    path = [theta]
    for _ in range(steps):
        theta -= alpha * gradient(theta)
        path.append(theta)
    return np.stack(path)


# gradient-descent: the start is missing
def descent_without_start(gradient, theta0, steps, alpha):
    path = [theta0 - alpha * gradient(theta0)]
    for _ in range(steps):
        path.append(path[-1] - alpha * gradient(path[-1]))
    return np.stack(path)


# gradient-descent: the step shrinks
def descent_decays(gradient, theta0, steps, alpha):
    path = [theta0]
    for t in range(steps):
        path.append(path[-1] - alpha / (1 + 0.001 * t) * gradient(path[-1]))
    return np.stack(path)


# gradient-descent: the gradient is clipped at 10
def descent_clips(gradient, theta0, steps, alpha):
    path = [theta0]
    for _ in range(steps):
        path.append(path[-1] - alpha * np.clip(gradient(path[-1]), -10, 10))
    return np.stack(path)


# gradient-descent: changes its start
def descent_changes_start(gradient, theta0, steps, alpha):
    path = [theta0.copy()]
    for _ in range(steps):
        theta0 -= alpha * gradient(theta0)
        path.append(theta0.copy())
    return np.stack(path)


# gradient-ascent: downhill
def ascent_downhill(gradient, theta0, steps, alpha):
    return descent_uphill(gradient, theta0, steps, -alpha)


# momentum: the averaged gradient, 1 − β
def momentum_averaged(gradient, theta0, steps, alpha, beta=0.9):
    path, v = [theta0], 0 * theta0
    for _ in range(steps):
        v = beta * v + (1 - beta) * gradient(path[-1])
        path.append(path[-1] - alpha * v)
    return np.stack(path)


# momentum: Nesterov's
def momentum_nesterov(gradient, theta0, steps, alpha, beta=0.9):
    path, v = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        v = beta * v + g
        path.append(path[-1] - alpha * (g + beta * v))
    return np.stack(path)


class Rolling:
    def __init__(self):
        self.v = {}

    def __call__(self, gradient, theta0, steps, alpha, beta=0.9):
        path, v = [theta0], self.v.get(theta0.shape, 0 * theta0)
        for _ in range(steps):
            v = beta * v + gradient(path[-1])
            path.append(path[-1] - alpha * v)
        self.v[theta0.shape] = v
        return np.stack(path)


# momentum: the velocity of one run goes on in the next
rolling = Rolling()


# momentum: the step size of the past is rescaled
def momentum_inside(gradient, theta0, steps, alpha, beta=0.9):
    path, v = [theta0], 0 * theta0
    for _ in range(steps):
        path.append(path[-1] - alpha * v)
        v = beta * v + gradient(path[-1])
    return np.stack(path)


def adam(gradient, theta, steps, alpha, beta1, beta2, epsilon, correct=True, first=1, inside=False):
    m = v = 0 * theta
    path = [theta]
    for t in range(first, steps + first):
        g = gradient(theta)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if correct else (1, 1)
        root = np.sqrt(v / c2 + epsilon) if inside else np.sqrt(v / c2) + epsilon
        theta = theta - alpha * m / c1 / root
        path.append(theta)
    return np.stack(path)


# adam: no correction of the bias
def adam_biased(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return adam(gradient, theta0, steps, alpha, beta1, beta2, epsilon, correct=False)


# adam: ε inside the root
def adam_inside(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return adam(gradient, theta0, steps, alpha, beta1, beta2, epsilon, inside=True)


# adam: time begins at 2
def adam_late(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return adam(gradient, theta0, steps, alpha, beta1, beta2, epsilon, first=2)


# adam: the two decays exchanged
def adam_exchanged(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return adam(gradient, theta0, steps, alpha, beta2, beta1, epsilon)


# adam: ε of 1e-7, as in Keras
def adam_keras(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999):
    return adam(gradient, theta0, steps, alpha, beta1, beta2, 1e-7)


# adam: ε is added before the correction
def adam_epsilon_hat(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        rate = alpha * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        path.append(path[-1] - rate * m / (np.sqrt(v) + epsilon))
    return np.stack(path)


# adam: torch's RAdam
RAdam = torch.optim.RAdam

# adam: torch's NAdam
NAdam = torch.optim.NAdam


class Decayed(torch.optim.AdamW):
    """AdamW with its own decay of the weights."""


# adam: a decay of the weights is left on
adam_decayed = Decayed


# sgd: the sum over the batch
def sgd_sum(gradient, theta0, batches, alpha):
    path = [theta0]
    for rate, batch in zip(np.broadcast_to(alpha, len(batches)), batches, strict=True):
        path.append(path[-1] - rate * sum(gradient(path[-1], int(i)) for i in batch))
    return np.stack(path)


# sgd: a sample drawn twice counts once
def sgd_without_repetition(gradient, theta0, batches, alpha):
    path = [theta0]
    for rate, batch in zip(np.broadcast_to(alpha, len(batches)), batches, strict=True):
        path.append(path[-1] - rate * np.mean([gradient(path[-1], int(i)) for i in set(batch)], axis=0))
    return np.stack(path)


# sgd: the first sample of each batch alone
def sgd_first(gradient, theta0, batches, alpha):
    path = [theta0]
    for rate, batch in zip(np.broadcast_to(alpha, len(batches)), batches, strict=True):
        path.append(path[-1] - rate * gradient(path[-1], int(batch[0])))
    return np.stack(path)


# sgd: updates after every sample
def sgd_online(gradient, theta0, batches, alpha):
    path = [theta0]
    for rate, batch in zip(np.broadcast_to(alpha, len(batches)), batches, strict=True):
        theta = path[-1]
        for i in batch:
            theta = theta - rate / len(batch) * gradient(theta, int(i))
        path.append(theta)
    return np.stack(path)


# gradient-clipping: each array by its own norm
def clip_apart(g, c, epsilon=0.0):
    return tuple(part * min(1.0, c / (np.linalg.norm(part) + epsilon + 1e-300)) for part in g)


# gradient-clipping: entry by entry
def clip_entries(g, c, epsilon=0.0):
    return tuple(np.clip(part, -c, c) for part in g)


# gradient-clipping: short gradients are lengthened
def clip_always(g, c, epsilon=0.0):
    n = np.sqrt(sum((part**2).sum() for part in g)) + epsilon
    return tuple(part * (c / n) if n else part for part in g)


# gradient-clipping: torch's ε, not asked for
def clip_torch_epsilon(g, c, epsilon=0.0):
    n = np.sqrt(sum((part**2).sum() for part in g)) + 1e-6
    return tuple(part * min(1.0, c / n) for part in g)


# gradient-clipping: multiplies in place
def clip_in_place(g, c, epsilon=0.0):
    n = np.sqrt(sum((part**2).sum() for part in g)) + epsilon
    for part in g:
        part *= c / n if n > c else 1.0
    return tuple(g)


# bfgs: the factors stand the wrong way round
def bfgs_transposed(H, s, y):
    rho = 1 / (s @ y)
    V = np.eye(len(s)) - rho * np.outer(s, y)
    return V.T @ H @ V + rho * np.outer(s, s)


# bfgs: the step's own term is not scaled
def bfgs_unscaled(H, s, y):
    rho = 1 / (s @ y)
    V = np.eye(len(s)) - rho * np.outer(y, s)
    return V.T @ H @ V + np.outer(s, s)


# bfgs: the update of the Hessian itself
def bfgs_direct(H, s, y):
    Hs = H @ s
    return H - np.outer(Hs, Hs) / (s @ Hs) + np.outer(y, y) / (s @ y)


def _path_following(P, q, A, b, steps, slope=1.0, shrink=0.1):
    """Newton's method on the central path, all unknowns at once."""
    m, n = A.shape
    x, s, z = np.zeros(n), np.maximum(b, 1.0), np.ones(m)
    for _ in range(4 * steps):
        mu = shrink * (s @ z) / m if shrink else 1e-2
        rest = np.concatenate([slope * P @ x + q + A.T @ z, A @ x + s - b, s * z - mu])
        if np.abs(rest).max() < 1e-13 or np.abs(rest).max() > 1e12:
            break
        K = np.block(
            [
                [slope * P, np.zeros((n, m)), A.T],
                [A, np.eye(m), np.zeros((m, m))],
                [np.zeros((m, n)), np.diag(z), np.diag(s)],
            ]
        )
        d = np.linalg.solve(K, -rest)
        ratios = np.concatenate([-d[n : n + m] / s, -d[n + m :] / z])
        a = 0.9 / max(0.9, ratios.max())
        x, s, z = x + a * d[:n], s + a * d[n : n + m], z + a * d[n + m :]
    return x, z


# interior-point: the slope of ½ xᵀPx taken for 2 Px
def interior_double_slope(P, q, A, b, steps=60):
    return _path_following(P, q, A, b, steps, slope=2.0)


# interior-point: the barrier stays at one hundredth
def interior_one_barrier(P, q, A, b, steps=60):
    return _path_following(P, q, A, b, steps, shrink=0)


# interior-point: the minimiser without constraints, cut off row by row
def interior_cut(P, q, A, b, steps=60):
    x = -np.linalg.pinv(P) @ q
    for row, most in zip(A, b, strict=True):
        x = x - max(0.0, row @ x - most) / (row @ row) * row
    return x, np.maximum(-np.linalg.pinv(A.T) @ (P @ x + q), 0)


# lbfgs: the second loop runs from the newest pair, too
def lbfgs_same_order(S, Y, g, gamma):
    q, a = g, {}
    for k in reversed(range(len(S))):
        a[k] = (S[k] @ q) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    r = gamma * q
    for k in reversed(range(len(S))):
        r = r + (a[k] - (Y[k] @ r) / (S[k] @ Y[k])) * S[k]
    return r


# lbfgs: gamma is left out
def lbfgs_without_gamma(S, Y, g, gamma):
    q, a = g, {}
    for k in reversed(range(len(S))):
        a[k] = (S[k] @ q) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    for k in range(len(S)):
        q = q + (a[k] - (Y[k] @ q) / (S[k] @ Y[k])) * S[k]
    return q


# lbfgs: the direction in place of the product
def lbfgs_negative(S, Y, g, gamma):
    H = gamma * np.eye(len(g))
    for s, y in zip(S, Y, strict=True):
        V = np.eye(len(g)) - np.outer(y, s) / (s @ y)
        H = V.T @ H @ V + np.outer(s, s) / (s @ y)
    return -H @ g


# proximal: the threshold is λ, whatever the step
def proximal_threshold(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, ahead, t = [theta0], theta0, 1.0
    for _ in range(steps):
        path.append(prox(ahead - alpha * gradient(ahead), 1.0))
        new = (1 + math.sqrt(1 + 4 * t * t)) / 2
        ahead = path[-1] + (t - 1) / new * (path[-1] - path[-2]) if accelerated else path[-1]
        t = new
    return np.stack(path)


# proximal: the acceleration is left out
def proximal_plain(gradient, prox, theta0, steps, alpha, accelerated=False):
    path = [theta0]
    for _ in range(steps):
        path.append(prox(path[-1] - alpha * gradient(path[-1]), alpha))
    return np.stack(path)


# proximal: FISTA's sequence is used one step too early
def proximal_early(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, ahead, t = [theta0], theta0, 1.0
    for _ in range(steps):
        path.append(prox(ahead - alpha * gradient(ahead), alpha))
        t = (1 + math.sqrt(1 + 4 * t * t)) / 2
        factor = (t - 1) / ((1 + math.sqrt(1 + 4 * t * t)) / 2) if accelerated else 0.0
        ahead = path[-1] + factor * (path[-1] - path[-2])
    return np.stack(path)
