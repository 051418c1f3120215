"""Losses as users write them."""

import math

import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from sklearn.metrics import mean_absolute_error, mean_squared_error
from torch import nn


# mse: NumPy, shapes checked
def mse_numpy(y_hat, y):
    if y_hat.shape != y.shape:
        raise ValueError("shapes differ")
    return np.mean(np.square(y_hat - y))


# mse: an instance of a module
mse_instance = nn.MSELoss()


# mse: a scalar product
def mse_by_dot(y_hat, y):
    r = y_hat - y
    return torch.dot(r, r) / len(r)


# mse: lists
def mse_lists(y_hat, y):
    return math.fsum((a - b) ** 2 for a, b in zip(y_hat, y, strict=True)) / len(y)


# mse: scikit-learn with its own order of the arguments
def mse_sklearn(y_hat, y):
    return mean_squared_error(y, y_hat)


# mae: NumPy
def mae_numpy(y_hat, y):
    return np.abs(y_hat - y).mean()


# mae: an instance of a module
mae_instance = nn.L1Loss()


# mae: scikit-learn
def mae_sklearn(y_hat, y):
    return mean_absolute_error(y, y_hat)


# huber: NumPy
def huber_numpy(y_hat, y, delta=1.0):
    r = np.abs(y_hat - y)
    return np.where(r <= delta, 0.5 * r**2, delta * (r - 0.5 * delta)).mean()


# huber: SciPy
def huber_scipy(y_hat, y, delta=1.0):
    return scipy.special.huber(delta, y_hat - y).mean()


# huber: the clipped residual
def huber_clipped(y_hat, y, delta=1.0):
    r = (y_hat - y).abs()
    c = r.clamp(max=delta)
    return (c * (r - 0.5 * c)).mean()


# bce: logaddexp
def bce_numpy(z, y):
    return np.mean(np.logaddexp(0, z) - y * z)


# bce: an instance of a module
bce_instance = nn.BCEWithLogitsLoss()


# bce: softplus
def bce_softplus(z, y):
    return (F.softplus(z) - y * z).mean()


# bce: the two log-sigmoids
def bce_log_sigmoids(z, y):
    return -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()


# hinge: NumPy
def hinge_numpy(s, y):
    return np.maximum(0, 1 - y * s).mean()


# hinge: torch
def hinge_torch(s, y):
    return torch.relu(1 - s * y).mean()


# softmax-cross-entropy: SciPy's log-sum-exp
def cross_entropy_numpy(z, y):
    log_p = z - scipy.special.logsumexp(z, axis=-1, keepdims=True)
    return -np.mean(log_p[np.arange(len(y)), y])


# softmax-cross-entropy: an instance of a module
cross_entropy_instance = nn.CrossEntropyLoss()


# softmax-cross-entropy: gather
def cross_entropy_gather(z, y):
    return -torch.log_softmax(z, 1).gather(1, y[:, None]).mean()


# softmax-cross-entropy: one-hot rows
def cross_entropy_one_hot(z, y):
    log_p = F.log_softmax(z, dim=-1)
    return -log_p[F.one_hot(y, z.shape[-1]).bool()].mean()


# softmax-cross-entropy: loops over lists
def cross_entropy_lists(z, y):
    total = 0.0
    for row, k in zip(z, y, strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[k]
    return total / len(y)


# nll: NumPy
def nll_numpy(log_p, y):
    return -log_p[range(len(y)), y].mean()


# nll: an instance of a module
nll_instance = nn.NLLLoss()


# nll: take_along_axis
def nll_take_along(log_p, y):
    return -np.take_along_axis(log_p, y[:, None], axis=1).mean()


# losses: a matrix product
def risk_of_constants(loss, y, p, c):
    risk = loss(c[:, None], y[None, :]) @ p
    bend = np.diff(risk, 2)
    return risk, c[np.argmin(risk)], bend.min()
