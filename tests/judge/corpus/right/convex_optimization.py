"""Accelerated descent, convexity, duality and online learning in other styles."""

import math

import numpy as np
import torch


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
