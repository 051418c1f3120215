"""Activations and softmax as users write them: NumPy, SciPy, plain Python, torch."""

import functools
import math

import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from torch import nn


# softmax: NumPy with the maximum subtracted
def softmax_numpy(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


# softmax: SciPy's
def softmax_scipy(z):
    return scipy.special.softmax(z, axis=-1)


# softmax: by the log of the sum
def softmax_by_log_sum_exp(z):
    return np.exp(z - scipy.special.logsumexp(z, axis=-1, keepdims=True))


# softmax: torch's function
def softmax_torch(x):
    return F.softmax(x, dim=-1)


# softmax: torch by hand
def softmax_torch_by_hand(x):
    shifted = x - x.amax(-1, keepdim=True)
    return shifted.exp() / shifted.exp().sum(-1, keepdim=True)


# softmax: functools.partial of a built-in
softmax_partial = functools.partial(torch.softmax, dim=-1)

# softmax: a lambda
softmax_lambda = lambda z: np.exp(z - scipy.special.logsumexp(z, -1, keepdims=True))

# softmax: an instance of a module
softmax_instance = nn.Softmax(dim=-1)


# softmax: the class of a module of the user's own
class SoftmaxOfMine(nn.Module):
    def forward(self, z):
        return torch.exp(torch.log_softmax(z, -1))


# softmax: one vector at a time, in lists
def softmax_of_a_list(z):
    top = max(z)
    e = [math.exp(v - top) for v in z]
    total = math.fsum(e)
    return [v / total for v in e]


# sigmoid: two branches by where
def sigmoid_two_branches(x):
    x = np.asarray(x, dtype=float)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


# sigmoid: two branches by masks
def sigmoid_masked(x):
    out = np.empty_like(x)
    positive = x >= 0
    out[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    out[~positive] = e / (1 + e)
    return out


# sigmoid: SciPy's ufunc itself
sigmoid_scipy = scipy.special.expit

# sigmoid: an instance of a module
sigmoid_instance = nn.Sigmoid()


class Functions:
    @staticmethod
    def sigmoid(x):
        return torch.sigmoid(x)


# sigmoid: a static method
sigmoid_static = Functions.sigmoid


# sigmoid: one number at a time
def sigmoid_scalar(x):
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))


# tanh: NumPy's ufunc itself
tanh_numpy = np.tanh

# tanh: an instance of a module
tanh_instance = nn.Tanh()


# tanh: a tensor's method
def tanh_method(x):
    return x.tanh()


# tanh: vectorised math.tanh
tanh_vectorised = np.vectorize(math.tanh, otypes=[float])


# relu: NumPy
def relu_numpy(x):
    return np.maximum(x, 0)


# relu: a tensor's method with an option that NumPy lacks
def relu_clamp(x):
    return x.clamp(min=0)


# relu: an instance of a module
relu_instance = nn.ReLU()

# relu: the class of torch's module
relu_class = nn.ReLU


# relu: where
def relu_where(x):
    return torch.where(x < 0, torch.zeros_like(x), x)


# relu: one number at a time
def relu_scalar(x):
    return 0.0 if x < 0 else x


# leaky-relu: NumPy
def leaky_relu_numpy(x, alpha=0.01):
    return np.where(x > 0, x, alpha * x)


# leaky-relu: a module with the slope of the page
leaky_relu_instance = nn.LeakyReLU(0.01)


# leaky-relu: positive and negative part
def leaky_relu_parts(x, alpha=0.01):
    return x.clamp(min=0) + alpha * x.clamp(max=0)


# elu: NumPy with expm1
def elu_numpy(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


# elu: torch's function under its own name
def elu_torch(x, alpha=1.0):
    return F.elu(x, alpha)


# gelu: SciPy's normal distribution
def gelu_scipy(x):
    return x * scipy.special.ndtr(x)


# gelu: an instance of a module
gelu_instance = nn.GELU()


# gelu: erfc keeps the tail
def gelu_erfc(x):
    return 0.5 * x * torch.special.erfc(-x / math.sqrt(2))


# silu: SciPy
def silu_numpy(x):
    return x * scipy.special.expit(x)


# silu: the class of a module of the user's own with a constructor
class Swish(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Sigmoid()

    def forward(self, x):
        return x * self.gate(x)


# silu: an instance of the user's own module
silu_instance = Swish()


# softplus: logaddexp
def softplus_numpy(x, beta=1.0):
    return np.logaddexp(0, beta * x) / beta


# softplus: without the option
def softplus_without_beta(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
