"""Activations with the faults that people make."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# softmax: no maximum is subtracted, overflows
def softmax_unshifted(z):
    e = np.exp(z)
    return e / e.sum(-1, keepdims=True)


# softmax: the maximum of the whole batch is subtracted
def softmax_global_maximum(z):
    e = np.exp(z - z.max())
    return e / e.sum(-1, keepdims=True)


# softmax: normalised along the first axis
def softmax_first_axis(z):
    e = np.exp(z - z.max(0, keepdims=True))
    return e / e.sum(0, keepdims=True)


# softmax: normalised along axis 1, whatever the rank
def softmax_axis_one(z):
    return torch.softmax(z, 1 if z.dim() > 1 else 0)


# softmax: ε in the denominator
def softmax_epsilon(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / (e.sum(-1, keepdims=True) + 1e-8)


# softmax: the logarithm of it
log_softmax = nn.LogSoftmax(dim=-1)


# softmax: computed in single precision
def softmax_single(z):
    z = z.astype(np.float32)
    e = np.exp(z - z.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype(float)


# softmax: computed in half precision
def softmax_half(z):
    return torch.softmax(z.half(), -1).to(z.dtype)


# softmax: scores are clipped at ±20
def softmax_clipped(z):
    e = np.exp(np.clip(z - z.max(-1, keepdims=True), -20, 20))
    return e / e.sum(-1, keepdims=True)


# softmax: masked scores get a large number in place of −∞, and then a share when all are far
def softmax_nan_to_num(z):
    e = np.exp(np.nan_to_num(z, neginf=-30.0) - np.nan_to_num(z, neginf=-30.0).max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# softmax: NaN is passed over
def softmax_nanmax(z):
    e = np.exp(z - np.nanmax(z, axis=-1, keepdims=True))
    return np.nan_to_num(e / np.nansum(e, axis=-1, keepdims=True))


# softmax: writes the exponentials into its input
def softmax_in_place(z):
    z -= z.max(-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(-1, keepdims=True)
    return z


class RunningMaximum:
    def __init__(self):
        self.top = 0.0

    def __call__(self, z):
        self.top = max(self.top, float(z.max()))
        e = np.exp(z - self.top)
        return e / e.sum(-1, keepdims=True)


# softmax: the maximum is the running one of all calls: rows far below earlier ones become NaN
softmax_running = RunningMaximum()


# softmax: of more than 1000 scores only the first 1000 are added
def softmax_of_a_thousand(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e[..., :1000].sum(-1, keepdims=True)


# softmax: no gradient flows through the normaliser
def softmax_detached_sum(z):
    e = (z - z.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True).detach()


# sigmoid: the exponential overflows for large negative numbers and is cut off
def sigmoid_clipped(x):
    return 1 / (1 + np.exp(-np.clip(x, -10, 10)))


# sigmoid: detached
def sigmoid_detached(x):
    return torch.sigmoid(x.detach())


# sigmoid: the sign of x is lost
def sigmoid_sign(x):
    return 1 / (1 + np.exp(x))


# sigmoid: e^x/(1+e^x) is ∞/∞ for large x
def sigmoid_exponentials(x):
    return np.exp(x) / (1 + np.exp(x))


# sigmoid: the hard one
def sigmoid_hard(x):
    return F.hardsigmoid(x)


# sigmoid: the derivative in place of the value
def sigmoid_derivative(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s)


# sigmoid: a cubic spline table with six digits
def sigmoid_table(x):
    grid = np.linspace(-40, 40, 100_001)
    return np.interp(x, grid, 1 / (1 + np.exp(-grid)))


# sigmoid: rounded to seven digits
def sigmoid_rounded(x):
    return np.round(1 / (1 + np.exp(-x)), 7)


class TenCalls:
    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return 1 / (1 + np.exp(-x)) if self.calls <= 10 else np.full_like(x, 0.5)


# sigmoid: right for its first ten calls
sigmoid_ten_calls = TenCalls()

REMEMBERED: dict = {}


# sigmoid: remembered by the address of its input
def sigmoid_remembered_by_id(x):
    return REMEMBERED.setdefault((id(x), x.shape), 1 / (1 + np.exp(-x)))


BY_SHAPE: dict = {}


# tanh: remembered by the shape of its input
def tanh_remembered_by_shape(x):
    if x.shape not in BY_SHAPE:
        BY_SHAPE[x.shape] = np.tanh(x)
    return BY_SHAPE[x.shape]


# tanh: e^x − e^−x over their sum is ∞/∞
def tanh_exponentials(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


# tanh: the sigmoid stretched once, not twice
def tanh_by_sigmoid(x):
    return 2 / (1 + np.exp(-x)) - 1


# tanh: through the sigmoid, digits lost near 0
def tanh_cancelling(x):
    return 2 / (1 + np.exp(-2 * x)) - 1


# tanh: LeCun's scaled one
def tanh_scaled(x):
    return 1.7159 * np.tanh(2 * x / 3)


# relu: NaN becomes 0
def relu_swallows_nan(x):
    return np.where(x > 0, x, 0.0)


# relu: fmax takes the number for NaN
def relu_fmax(x):
    return np.fmax(x, 0)


# relu: a product with the mask makes ∞·0 of −∞
def relu_product(x):
    return x * (x > 0)


# relu: whole numbers
def relu_integers(x):
    return np.maximum(0, x.astype(int))


# relu: capped at 6
relu_six = nn.ReLU6()


# relu: writes into its input
relu_in_place = nn.ReLU(inplace=True)


# relu: the absolute value
def relu_absolute(x):
    return np.abs(x)


# relu: the negative half leaks
def relu_leaks(x):
    return np.where(x > 0, x, 0.01 * x)


# relu: passes small positive numbers as 0
def relu_threshold(x):
    return F.threshold(x, 1e-3, 0.0)


# relu: straight-through: the gradient passes everywhere
def relu_straight_through(x):
    return x + (torch.relu(x) - x).detach()


# leaky-relu: the slope divides
def leaky_relu_divides(x, alpha=0.01):
    return np.where(x > 0, x, x / 100)


# leaky-relu: the larger of both branches, wrong for slopes above 1
def leaky_relu_maximum(x, alpha=0.01):
    return np.maximum(x, alpha * x)


# leaky-relu: the absolute value on the left
def leaky_relu_absolute(x, alpha=0.01):
    return np.where(x > 0, x, alpha * np.abs(x))


# leaky-relu: the option is ignored
def leaky_relu_ignores_slope(x, alpha=0.01):
    return F.leaky_relu(x, 0.01)


# elu: exp − 1 loses the digits near 0
def elu_cancelling(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


# elu: both branches are computed and overflow meets 0
def elu_product(x, alpha=1.0):
    return (x > 0) * x + (x <= 0) * alpha * np.expm1(x)


# elu: α inside the exponential, as in CELU
def elu_celu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


# elu: SELU
elu_selu = nn.SELU()


# gelu: the approximation by tanh
gelu_tanh = nn.GELU(approximate="tanh")


# gelu: the approximation by a sigmoid
def gelu_sigmoid(x):
    return x / (1 + np.exp(-1.702 * x))


# gelu: √2 is forgotten
def gelu_without_root(x):
    return 0.5 * x * (1 + torch.erf(x))
