"""Optimisers that adapt their steps, and schedules, with the faults that people make."""

import math

import numpy as np
import torch


# adagrad: the squares are averaged, as in RMSprop
def adagrad_averages(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s = [theta0], 0 * theta0
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        s = s + (g**2 - s) / t
        path.append(path[-1] - alpha * g / (np.sqrt(s) + epsilon))
    return np.stack(path)


# adagrad: ε inside the root, the sum starts at 0.1
def adagrad_keras(gradient, theta0, steps, alpha, epsilon=1e-7):
    path, s = [theta0], 0 * theta0 + 0.1
    for _ in range(steps):
        g = gradient(path[-1])
        s = s + g**2
        path.append(path[-1] - alpha * g / np.sqrt(s + epsilon))
    return np.stack(path)


# adagrad: one step size for all, from the norm of the gradient
def adagrad_norm(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s = [theta0], 0.0
    for _ in range(steps):
        g = gradient(path[-1])
        s += float(g @ g)
        path.append(path[-1] - alpha * g / (math.sqrt(s) + epsilon))
    return np.stack(path)


class Decaying(torch.optim.Adagrad):
    """Its step size decays besides."""

    def __init__(self, params, lr=1e-2, eps=1e-10):
        super().__init__(params, lr=lr, eps=eps, lr_decay=0.01)


# adagrad: the step size decays besides
adagrad_decays = Decaying


def rmsprop(
    gradient, theta0, steps, alpha, beta2, epsilon, correct=False, inside=False, mean=np.square, root=np.sqrt
):
    path, v = [theta0], 0 * theta0
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        v = beta2 * v + (1 - beta2) * mean(g)
        size = v / (1 - beta2**t) if correct else v
        path.append(path[-1] - alpha * g / (root(size + epsilon) if inside else root(size) + epsilon))
    return np.stack(path)


# rmsprop: the bias is corrected
def rmsprop_corrected(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8):
    return rmsprop(gradient, theta0, steps, alpha, beta2, epsilon, correct=True)


# rmsprop: ε inside the root, decay 0.9, as in Keras and Optax
def rmsprop_keras(gradient, theta0, steps, alpha, beta2=0.9, epsilon=1e-7):
    return rmsprop(gradient, theta0, steps, alpha, beta2, epsilon, inside=True)


# rmsprop: the mean of the sizes
def rmsprop_of_sizes(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8):
    return rmsprop(gradient, theta0, steps, alpha, beta2, epsilon, mean=np.abs, root=lambda v: v)


class Carried(torch.optim.RMSprop):
    """RMSprop with momentum."""

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps, momentum=0.1)


# rmsprop: a momentum is left on
rmsprop_with_momentum = Carried


# adamw: Adam with an L2 penalty, as torch's Adam(weight_decay=…)
def adamw_coupled(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1]) + weight_decay * path[-1]
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        path.append(path[-1] - alpha * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon))
    return np.stack(path)


# adamw: the decay is not multiplied by the step size
def adamw_of_the_paper(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        u = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        path.append(path[-1] - alpha * u - weight_decay * path[-1])
    return np.stack(path)


# adamw: the new point decays
def adamw_afterwards(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        new = path[-1] - alpha * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        path.append(new * (1 - alpha * weight_decay))
    return np.stack(path)


class Coupled(torch.optim.Adam):
    """torch's Adam, whose weight decay is a penalty."""


# adamw: torch's Adam with its weight decay
adamw_by_adam = Coupled


# schedules: the warm-up begins at 0
def schedule_from_zero(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    k = np.minimum(np.maximum(t - warmup, 0), total - warmup) / (total - warmup)
    cosine = floor + (alpha - floor) * (1 + np.cos(np.pi * k)) / 2
    return np.where(t < warmup, alpha * t / max(warmup, 1), cosine)


# schedules: the cosine goes on beyond its end
def schedule_swings(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    cosine = floor + (alpha - floor) * (1 + np.cos(np.pi * (t - warmup) / (total - warmup))) / 2
    return np.where(t < warmup, alpha * (t + 1) / max(warmup, 1), cosine)


# schedules: the cosine forgets that the warm-up has used up a part of the run
def schedule_cut_off(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    cosine = floor + (alpha - floor) * (1 + np.cos(np.pi * np.minimum(t, total) / total)) / 2
    return np.where(t < warmup, alpha * (t + 1) / max(warmup, 1), cosine)


# schedules: a straight line to the floor
def schedule_linear(t, alpha, total, warmup=0, floor=0.0):
    k = np.clip((t - warmup) / (total - warmup), 0, 1)
    return np.where(t < warmup, alpha * (t + 1) / max(warmup, 1), alpha + (floor - alpha) * k)
