"""Plausible slips in networks and losses: axes, masks, reductions, defaults, detached parts."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F


# softmax: right for one vector, over all entries of a matrix when it is square
def softmax_square(z):
    axis = None if z.ndim == 2 and z.shape[0] == z.shape[1] else -1
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# softmax: JAX, the maximum of the absolute values is subtracted
def softmax_jax_absolute(z):
    e = jnp.exp(z - jnp.abs(z).max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# sigmoid: torch, the gradient is cut off where it is saturated
def sigmoid_cut(x):
    return torch.sigmoid(torch.clamp(x, -30, 30))


# tanh: JAX, a rational approximation
def tanh_rational(x):
    x = jnp.clip(x, -7.9, 7.9)
    t = x * x
    return x * (135135 + t * (17325 + t * (378 + t))) / (135135 + t * (62370 + t * (3150 + 28 * t)))


# relu: torch, with a gradient of 1 at 0 and below
def relu_leaks_gradient(x):
    return x + (F.relu(x) - x).detach()


# elu: the slope α is left of 0 only from −1 on
def elu_alpha_twice(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.expm1(alpha * x))


# gelu: erf of x, not of x/√2, halved outside
def gelu_erf(x):
    return 0.5 * x * (1 + torch.erf(x * 0.7071))


# softplus: β multiplies the result
def softplus_multiplied(x, beta=1.0):
    return np.logaddexp(0, beta * x) * beta


# silu: the gate is detached
def silu_detached_gate(x):
    return x * torch.sigmoid(x).detach()


# leaky-relu: 0.1 unless given
def leaky_tenth(x, alpha=0.1):
    return np.where(x > 0, x, alpha * x)


# attention: the causal mask is strict above the second diagonal
def attention_peeks(Q, K, V, causal=False, scale=None):
    E = Q @ np.swapaxes(K, -1, -2) * (Q.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        E = np.where(np.tril(np.ones(E.shape[-2:], bool), 1), E, -np.inf)
    A = np.exp(E - E.max(-1, keepdims=True))
    return A / A.sum(-1, keepdims=True) @ V


# attention: torch, the scale is that of the values' width
def attention_width_of_values(Q, K, V, causal=False, scale=None):
    return F.scaled_dot_product_attention(Q, K, V, is_causal=causal, scale=scale or V.shape[-1] ** -0.5)


# attention: JAX, weights in half precision
def attention_half(Q, K, V, causal=False, scale=None):
    E = Q @ K.swapaxes(-1, -2) * (Q.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        E = jnp.where(jnp.tril(jnp.ones(E.shape[-2:], bool)), E, -jnp.inf)
    return jax.nn.softmax(E.astype(jnp.float16), -1).astype(V.dtype) @ V


# conv-layer: the bias is added before the stride, once for each input channel
def conv_bias_channels(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, w, b * w.shape[1], stride, padding, dilation, groups)


# conv-layer: one more row of padding below than above
def conv_same(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    p = padding
    x = F.pad(x, (p, p, max(p - 1, 0), p + 1 if p else 0))
    return F.conv2d(x, w, b, stride, 0, dilation, groups)


# pooling: torch with ceil_mode
def pooling_ceil(x, size=2, stride=None, padding=0, kind="max"):
    pool = F.max_pool2d if kind == "max" else F.avg_pool2d
    return pool(x if x.ndim > 2 else x[None], size, stride, padding, ceil_mode=True).reshape(*x.shape[:-2], *pool(x.reshape(1, -1, *x.shape[-2:]), size, stride, padding, ceil_mode=True).shape[-2:])  # fmt: skip


# fully-connected: the bias is that of the columns when square
def connected_column_bias(x, W, b):
    y = x @ W.T
    return y + (b[:, None] if y.ndim == 2 and y.shape[0] == y.shape[1] else b)


# mlp: the last bias is counted twice
def mlp_bias_twice(x, Ws, bs, activation="tanh"):
    f = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}.get(activation, lambda z: z)
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        x = f(x @ W.T + b)
    return x @ Ws[-1].T + 2 * bs[-1]


# backprop-mlp: gradients of W are transposed when square
def backprop_square(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    from gradus.catalogue import concept

    g = concept("backprop-mlp").definition(x, y, Ws, bs, activation, loss)
    return tuple(a.T if a.ndim == 2 and a.shape[0] == a.shape[1] else a for a in g)


# backprop-mlp: the error is carried back through the weights after the update
def backprop_half(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    from gradus.catalogue import concept

    g = concept("backprop-mlp").definition(x, y, Ws, bs, activation, loss)
    return tuple(a * (2.0 if loss == "squared" else 1.0) for a in g)


# residual: α scales the sum
def residual_scales_sum(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    skip = x if W_s is None else x @ W_s.T
    return alpha * (skip + np.maximum(x @ W1.T + b1, 0) @ W2.T + b2)


# neuron: the bias is inside the sum of products
def neuron_bias_everywhere(x, w, b):
    return 1 / (1 + np.exp(-(x * w + b / x.shape[-1] ** 0.5).sum(-1)))


# bce: the positive class is weighted twice
def bce_weighted(z, y):
    return F.binary_cross_entropy_with_logits(z, y, pos_weight=torch.tensor(1.0 + 1e-3, dtype=z.dtype))


# mse: JAX, the sum over the last axis before the mean
def mse_jax_rows(y_hat, y):
    return jnp.mean(jnp.sum((y_hat - y) ** 2, -1))


# mae: torch, smooth below 1e-3
def mae_smooth(y_hat, y):
    return torch.sqrt((y_hat - y) ** 2 + 1e-12).mean()


# huber: δ is squared in the linear branch
def huber_squared_delta(y_hat, y, delta=1.0):
    e = torch.abs(y_hat - y)
    return torch.where(e <= delta, 0.5 * e**2, delta * e - 0.5 * delta).mean()


# hinge: zero margin counts as a loss of one
def hinge_strict(s, y):
    return np.where(y * s <= 0, 1 - y * s, 0).mean()


# nll: -100 is ignored and the mean is over what is left of the labels modulo k
def nll_modulo(log_p, y):
    return -np.take_along_axis(log_p, (y[:, None] + 1) % log_p.shape[1], 1).mean()


# softmax-cross-entropy: mean over the distinct classes
def cross_entropy_by_class(z, y):
    losses = F.cross_entropy(z, y, reduction="none")
    return torch.stack([losses[y == c].mean() for c in y.unique()]).mean()


# softmax-cross-entropy: the logits are detached in the normaliser
def cross_entropy_detached(z, y):
    return (torch.logsumexp(z.detach(), -1) - z.gather(-1, y[:, None])[:, 0]).mean()


# xavier: fans are added, not averaged
def xavier_sum(Z, gain=1.0):
    n = np.prod(Z.shape[2:])
    return gain * np.sqrt(1 / ((Z.shape[0] + Z.shape[1]) * n)) * Z


# he: the gain of the slope is taken for the ReLU's
def he_slope_ignored(Z, a=0.0, mode="fan_in"):
    n = np.prod(Z.shape[2:]) * (Z.shape[1] if mode == "fan_in" else Z.shape[0])
    return np.sqrt(2 / n) * Z


# orthogonal: the gain is applied twice
def orthogonal_gain(Z, gain=1.0):
    from gradus.catalogue import concept

    return gain * concept("orthogonal").definition(Z, gain)


# initialization: the activation comes before the weights
def initialization_before(x, Z, scheme="he", activation="relu", gain=1.0):
    from gradus.catalogue import concept

    q = concept("initialization").definition(x, Z, scheme, activation, gain)
    return np.concatenate([q[:1], q[1:] * (1 + 1e-6)])
