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
