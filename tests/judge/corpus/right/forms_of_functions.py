"""All that can be called: methods, objects, decorated and scripted functions, two frameworks in one."""

import functools
import math
import operator

import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from torch import nn


class Toolbox:
    """Functions of the user's that share a setting."""

    def __init__(self, axis):
        self.axis = axis

    def softmax(self, z):
        return scipy.special.softmax(z, axis=self.axis)

    @classmethod
    def tanh(cls, x):
        return np.tanh(x)


# softmax: a bound method
bound_method = Toolbox(-1).softmax

# tanh: a class method
class_method = Toolbox.tanh


class Sigmoid:
    """An object that is called."""

    def __call__(self, x):
        return scipy.special.expit(x)


# sigmoid: an object with __call__
callable_object = Sigmoid()


def logged(function):
    calls = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append(len(args))
        return function(*args, **kwargs)

    return wrapper


# elu: decorated, its signature hidden behind *args
@logged
def elu_decorated(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


# leaky-relu: an option by keyword only
def leaky_relu_keyword(x, *, alpha=0.01):
    return np.where(x > 0, x, alpha * x)


# softplus: options as **kwargs
def softplus_kwargs(x, **options):
    beta = options.get("beta", 1.0)
    return np.logaddexp(0, beta * x) / beta


# huber: positional-only arguments
def huber_positional(y_hat, y, /, delta=1.0):
    return scipy.special.huber(delta, y_hat - y).mean()


# mse: operators of the standard library
def mse_operators(a, b):
    squares = map(operator.mul, *[list(map(operator.sub, a, b))] * 2)
    return math.fsum(squares) / len(a)


# relu: takes tensors only, and says so
def relu_strict(x: torch.Tensor) -> torch.Tensor:
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"expected a tensor, got {type(x).__name__}")
    return torch.relu(x)


# gelu: takes arrays only, and says so
def gelu_strict(x: np.ndarray) -> np.ndarray:
    if not isinstance(x, np.ndarray):
        raise TypeError(f"expected an array, got {type(x).__name__}")
    return x * scipy.special.ndtr(x)


# silu: arrays in and out, torch inside
def silu_through_torch(x):
    return F.silu(torch.from_numpy(np.ascontiguousarray(x))).numpy()


# mae: arrays in, a Python number out
def mae_number(y_hat, y):
    return float(np.abs(y_hat - y).mean())


# matrix-product: the result is a view in Fortran's order
def product_fortran(A, B):
    return np.swapaxes(np.ascontiguousarray(np.swapaxes(A @ B, -1, -2)), -1, -2)


# entropy: a read-only result
def entropy_read_only(p, base=math.e):
    h = np.asarray(scipy.special.entr(p).sum(-1) / np.log(base))
    h.flags.writeable = False
    return h


# tanh: scripted
@torch.jit.script
def tanh_scripted(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x)


# fully-connected: one row under vmap
fully_connected_vmap = lambda x, W, b: W @ x + b if x.ndim == 1 else torch.vmap(lambda r: W @ r + b)(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1)  # fmt: skip


class Loss(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(()))

    def forward(self, prediction, target):
        return ((prediction - target) ** 2).mean() * self.scale.to(prediction.dtype)


# mse: an instance of a module with a buffer
loss_instance = Loss()


# softmax-cross-entropy: a generator of terms inside
def cross_entropy_terms(z, y):
    terms = (scipy.special.logsumexp(row) - row[k] for row, k in zip(z, y, strict=True))
    return np.fromiter(terms, float, len(y)).mean()


# adam: a closure over its settings, torch's interface left aside
def adam_with_settings(gradient, theta0, steps, alpha, **settings):
    b1, b2 = settings.get("beta1", 0.9), settings.get("beta2", 0.999)
    eps, largest = settings.get("epsilon", 1e-8), settings.get("amsgrad", False)
    m, v, top = (np.zeros_like(theta0) for _ in range(3))
    points = [theta0]
    for t in range(1, steps + 1):
        g = gradient(points[-1])
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        top = np.maximum(top, v) if largest else v
        points.append(points[-1] - alpha * m / (1 - b1**t) / (np.sqrt(top / (1 - b2**t)) + eps))
    return np.array(points)
