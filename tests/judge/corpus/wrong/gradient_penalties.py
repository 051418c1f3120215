"""Gradient penalties of a critic with the faults that people make."""

import numpy as np
import torch


def _checked(x, y, epsilon):
    if x.shape != y.shape or (epsilon < 0).any() or (epsilon > 1).any():
        raise ValueError("pairs and their coefficients")


def _critic(W, b, v):
    return lambda t: torch.relu(t @ W.T + b) @ v


# wgan: the gradient without create_graph: the penalty has a value and teaches nothing
def wgan_penalty_without_second_derivative(x, y, epsilon, W, b, v, penalty=10.0):
    _checked(x, y, epsilon)
    f = _critic(W, b, v)
    with torch.enable_grad():
        t = (epsilon[:, None] * x + (1 - epsilon[:, None]) * y).detach().requires_grad_()
        (g,) = torch.autograd.grad(f(t).sum(), t)
    E, P = f(x).mean() - f(y).mean(), ((g.norm(dim=1) - 1) ** 2).mean()
    return E, P, -E + penalty * P


# wgan: the gradient of the mean score, n times too short
def wgan_gradient_of_the_mean_score(x, y, epsilon, W, b, v, penalty=10.0):
    _checked(x, y, epsilon)
    f = lambda t: np.maximum(0, t @ W.T + b) @ v
    t = epsilon[:, None] * x + (1 - epsilon[:, None]) * y
    g = ((t @ W.T + b > 0) * v) @ W / len(t)
    E, P = f(x).mean() - f(y).mean(), ((np.linalg.norm(g, axis=1) - 1) ** 2).mean()
    return E, P, -E + penalty * P


# wgan: half-way between the two of each pair, whatever the coefficients
def wgan_half_way(x, y, epsilon, W, b, v, penalty=10.0):
    _checked(x, y, epsilon)
    f = lambda t: np.maximum(0, t @ W.T + b) @ v
    g = (((x + y) / 2 @ W.T + b > 0) * v) @ W
    E, P = f(x).mean() - f(y).mean(), ((np.linalg.norm(g, axis=1) - 1) ** 2).mean()
    return E, P, -E + penalty * P


# wgan: the largest slope of the batch alone is penalised
def wgan_largest_slope(x, y, epsilon, W, b, v, penalty=10.0):
    _checked(x, y, epsilon)
    f = lambda t: np.maximum(0, t @ W.T + b) @ v
    t = epsilon[:, None] * x + (1 - epsilon[:, None]) * y
    length = np.linalg.norm(((t @ W.T + b > 0) * v) @ W, axis=1)
    E, P = f(x).mean() - f(y).mean(), (length.max() - 1) ** 2
    return E, P, -E + penalty * P


# wgan: slopes between the two of each pair in place of gradients
def wgan_difference_quotients(x, y, epsilon, W, b, v, penalty=10.0):
    _checked(x, y, epsilon)
    f = lambda t: np.maximum(0, t @ W.T + b) @ v
    slope = np.abs(f(x) - f(y)) / np.maximum(np.linalg.norm(x - y, axis=1), 1e-12)
    E, P = f(x).mean() - f(y).mean(), ((slope - 1) ** 2).mean()
    return E, P, -E + penalty * P


# wgan: the penalty subtracted
def wgan_penalty_subtracted(x, y, epsilon, W, b, v, penalty=10.0):
    _checked(x, y, epsilon)
    f = lambda t: np.maximum(0, t @ W.T + b) @ v
    t = epsilon[:, None] * x + (1 - epsilon[:, None]) * y
    length = np.linalg.norm(((t @ W.T + b > 0) * v) @ W, axis=1)
    E, P = f(x).mean() - f(y).mean(), ((length - 1) ** 2).mean()
    return E, P, -E - penalty * P
