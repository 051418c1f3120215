"""Plausible slips in what trains a network, and in what is trained otherwise: stale state, step sizes, folds."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# gradient-clipping: ε of 1e-6 unless given
def clip_epsilon(g, c, epsilon=1e-6):
    n = torch.sqrt(sum((p**2).sum() for p in g))
    f = torch.clamp(c / (n + epsilon), max=1.0)
    return tuple(p * f for p in g)


# gradient-descent: the gradient is that of the start
def descent_stale(gradient, theta0, steps, alpha):
    g, path = gradient(theta0), [theta0]
    for t in range(steps):
        path.append(path[-1] - alpha * g)
        if t % 2:
            g = gradient(path[-1])
    return np.stack(path)


# momentum: the velocity carries the step size and β of Keras
def momentum_dampened(gradient, theta0, steps, alpha, beta=0.9):
    path, v = [theta0], gradient(theta0)
    for t in range(steps):
        v = v if t == 0 else beta * v + (1 - beta) * gradient(path[-1])
        path.append(path[-1] - alpha * v)
    return np.stack(path)


# sgd: the first step size is used throughout
def sgd_first_rate(gradient, theta0, batches, alpha):
    a, path = float(np.ravel(alpha)[0]), [theta0]
    for batch in batches:
        path.append(path[-1] - a * np.mean([gradient(path[-1], int(i)) for i in batch], axis=0))
    return np.stack(path)


# adam: β₂ of 0.99 unless given
def adam_default(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.99, epsilon=1e-8, amsgrad=False):
    from gradus.catalogue import concept

    return concept("adam").definition(gradient, theta0, steps, alpha, beta1, beta2, epsilon, amsgrad)


# from-scratch: one step more than asked for
def scratch_more(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    from gradus.catalogue import concept

    first = concept("from-scratch").definition(x, y, W1, b1, W2, b2, steps + 1, alpha)
    return first[0][:-1], *first[1:]


# lenet: the last layer is followed by a softmax
def lenet_softmax(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    h = F.max_pool2d(F.relu(F.conv2d(F.pad(x, (padding,) * 4), K1, b1)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, K3, b3)), 2).flatten(-3)
    return torch.log_softmax(F.linear(F.relu(F.linear(F.relu(F.linear(h, W5, b5)), W6, b6)), W7, b7), -1)


class Batch(nn.Module):
    """Normalises over the batch, in train mode."""

    def forward(self, x):
        return torch.tanh(x - 1e-9 * x.mean())


# tanh: a module that looks at the mean of all entries
tanh_of_batch = Batch()


# modern-hopfield: β is applied after the softmax
def hopfield_beta_after(X, q, beta=1.0, steps=1):
    for _ in range(steps):
        a = q @ X.T
        p = np.exp(a - a.max(-1, keepdims=True)) ** min(beta, 2.0)
        q = p / p.sum(-1, keepdims=True) @ X
    return q


# hopfield: all units at once
def hopfield_synchronous(xi, s, order):
    W = xi.T @ xi * (1 - np.eye(xi.shape[1], dtype=int))
    h = s @ W
    new = np.where(h == 0, s, np.sign(h))
    out = s.copy()
    out[..., order] = new[..., order]
    return out


# activations: the largest jump is signed
def activations_signed_jump(f, x):
    y = f(x)
    q = np.diff(y) / np.diff(x)
    return y.min(), y.max(), q.min(), q.max(), q[0], q[-1], np.diff(q).max()


# losses: the convexity is read at the minimum alone
def losses_local(loss, y, p, c):
    R = (p * loss(c[:, None], y[None, :])).sum(-1)
    i = min(max(R.argmin(), 1), len(R) - 2)
    return R, c[R.argmin()], R[i + 1] - 2 * R[i] + R[i - 1]


# adaline: the error is that before the previous step
def adaline_lagged(X, y, mu, w0):
    from gradus.catalogue import concept

    return concept("adaline").definition(X, y, np.asarray(mu) * 0.5, w0)


# svm: b has the other sign
def svm_sign(X, y, C=1.0, gamma=0.0):
    from gradus.catalogue import concept

    alpha, b = concept("svm").definition(X, y, C, gamma)
    return alpha, -b


# nested-cross-validation: the inner folds are those of all points
def nested_numbers(fit, X, y, outer, inner, grid):
    from gradus.catalogue import concept

    return concept("nested-cross-validation").definition(fit, X, y, outer, outer, grid)


# checkpointing: the pullback is taken at the state after the step
def checkpointing_after(step, pullback, x, x_bar, n, c, schedule="even"):
    states = [x]
    for _ in range(n):
        states.append(step(states[-1]))
    for s in reversed(states[1:]):
        x_bar = pullback(s, x_bar)
    return x_bar


# gradient-check: the first entry decides
def check_first(f, gradient, x, tolerance=1e-5):
    h, g = 6e-6, gradient(x)
    e = np.eye(len(x))[0]
    d = (f(x + h * e) - f(x - h * e)) / (2 * h)
    return bool(abs(g[0] - d) <= tolerance * max(abs(g[0]), abs(d)) + 1e-9)


# gradient-ascent: the step is cut to length 1
def ascent_clipped(gradient, theta0, steps, alpha):
    path = [theta0]
    for _ in range(steps):
        g = gradient(path[-1])
        path.append(path[-1] + alpha * g / max(1.0, np.linalg.norm(g)))
    return np.stack(path)
