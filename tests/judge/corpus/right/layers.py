"""Layers and small networks as users write them."""

import itertools
import math

import numpy as np
import scipy.signal
import scipy.special
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn


# attention: einsum, masked_fill
def attention_einsum(Q, K, V, causal=False, scale=None):
    scale = Q.shape[-1] ** -0.5 if scale is None else scale
    scores = torch.einsum("...nd,...md->...nm", Q, K) * scale
    if causal:
        n, m = scores.shape[-2:]
        scores = scores.masked_fill(torch.ones(n, m, dtype=torch.bool).tril().logical_not(), -torch.inf)
    return torch.einsum("...nm,...me->...ne", scores.softmax(-1), V)


# attention: NumPy with an added mask
def attention_numpy(q, k, v, causal=False, scale=None):
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    scores = scale * np.einsum("...nd,...md->...nm", q, k)
    if causal:
        scores = scores + np.triu(np.full(scores.shape[-2:], -np.inf), 1)
    return scipy.special.softmax(scores, axis=-1) @ v


# attention: unbatched, without options
def attention_loops(Q, K, V):
    out = []
    for q in Q:
        s = K @ q / math.sqrt(len(q))
        w = [math.exp(v - s.max()) for v in s]
        out.append(sum(a * v for a, v in zip(w, V, strict=True)) / sum(w))
    return np.array(out)


# attention: torch's own, all options
def attention_torch(query, key, value, causal=False, scale=None):
    return F.scaled_dot_product_attention(query, key, value, is_causal=causal, scale=scale)


# attention: the class of a module that keeps its weights, without options
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.last_weights = None

    def forward(self, Q, K, V):
        weights = torch.softmax(Q @ K.mT / math.sqrt(Q.size(-1)), dim=-1)
        self.last_weights = weights.detach()
        return weights @ V


# attention: an instance of that module
head = Head()


# neuron: SciPy's logistic function
def neuron_numpy(x, w, b):
    return scipy.special.expit(x @ w + b)


# neuron: torch
def neuron_torch(x, w, b):
    return torch.sigmoid(F.linear(x, w[None], b.reshape(1))).squeeze(-1)


# fully-connected: NumPy
def dense_numpy(x, W, b):
    return x @ W.T + b


# fully-connected: torch's own function
dense_torch = F.linear


# fully-connected: einsum
def dense_einsum(x, W, b):
    return torch.einsum("...d,md->...m", x, W) + b


# fully-connected: addmm over flattened rows
def dense_addmm(x, W, b):
    rows = torch.addmm(b, x.reshape(-1, x.shape[-1]), W.t())
    return rows.reshape(*x.shape[:-1], -1)


# conv-layer: torch's own function
conv_torch = F.conv2d


# conv-layer: unfold and a matrix product; neither dilation nor groups
def conv_unfold(x, w, b, stride=1, padding=0):
    k, l = w.shape[-2:]
    lead = x.shape[:-3]
    x4 = x.reshape(-1, *x.shape[-3:])
    cols = F.unfold(x4, (k, l), stride=stride, padding=padding)
    out = w.reshape(len(w), -1) @ cols + b[:, None]
    h = (x4.shape[-2] + 2 * padding - k) // stride + 1
    return out.reshape(*lead, len(w), h, -1)


# conv-layer: sliding windows; neither dilation nor groups
def conv_windows(x, w, b, stride=1, padding=0):
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)
    windows = sliding_window_view(x, w.shape[-2:], axis=(-2, -1))[..., ::stride, ::stride, :, :]
    return np.einsum("...chwkl,ockl->...ohw", windows, w) + b[:, None, None]


# pooling: torch's two functions
def pooling_torch(x, size=2, stride=None, padding=0, kind="max"):
    f = F.max_pool2d if kind == "max" else F.avg_pool2d
    if x.dim() == 2:
        return f(x[None], size, stride, padding)[0]
    return f(x, size, stride, padding)


# pooling: sliding windows, no padding
def pooling_windows(x, size=2, stride=None, kind="max"):
    s = stride or size
    windows = sliding_window_view(x, (size, size), axis=(-2, -1))[..., ::s, ::s, :, :]
    return windows.max((-2, -1)) if kind == "max" else windows.mean((-2, -1))


# convolution: SciPy, any number of axes
convolution_scipy = scipy.signal.convolve


# convolution: by the FFT
def convolution_fft(f, g):
    shape = [a + b - 1 for a, b in zip(f.shape, g.shape, strict=True)]
    axes = tuple(range(f.ndim))
    return np.fft.irfftn(np.fft.rfftn(f, shape, axes) * np.fft.rfftn(g, shape, axes), shape, axes)


# convolution: shifted copies of one operand
def convolution_shifts(f, g):
    out = np.zeros([a + b - 1 for a, b in zip(f.shape, g.shape, strict=True)])
    for place in itertools.product(*map(range, g.shape)):
        window = tuple(slice(p, p + n) for p, n in zip(place, f.shape, strict=True))
        out[window] += g[place] * f
    return out


def act(name):
    return {
        "tanh": np.tanh,
        "relu": lambda v: np.maximum(v, 0),
        "sigmoid": scipy.special.expit,
        "identity": lambda v: v,
    }[name]


# mlp: a loop over layers
def mlp_numpy(x, Ws, bs, activation="tanh"):
    *hidden, last = zip(Ws, bs, strict=True)
    for W, b in hidden:
        x = act(activation)(x @ W.T + b)
    return x @ last[0].T + last[1]


# mlp: torch, tanh alone
def mlp_torch(x, Ws, bs):
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        x = torch.tanh(F.linear(x, W, b))
    return F.linear(x, Ws[-1], bs[-1])


# backprop-mlp: by autograd
def backprop_autograd(x, y, Ws, bs):
    parameters = [p.detach().clone().requires_grad_() for pair in zip(Ws, bs, strict=True) for p in pair]
    a = x
    for W, b in zip(parameters[0:-2:2], parameters[1:-2:2], strict=True):
        a = torch.tanh(F.linear(a, W, b))
    z = F.linear(a, parameters[-2], parameters[-1])
    return torch.autograd.grad(-(y * F.log_softmax(z, -1)).sum(-1).mean(), parameters)


# residual: torch
def residual_torch(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    branch = F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)
    skip = x if W_s is None else F.linear(x, W_s)
    return skip + alpha * branch


# residual: NumPy, without the projection
def residual_numpy(x, W1, b1, W2, b2, alpha=1.0):
    return x + alpha * (np.maximum(x @ W1.T + b1, 0) @ W2.T + b2)


# lenet: torch
def lenet_torch(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    h = F.max_pool2d(F.relu(F.conv2d(x, K1, b1, padding=padding)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, K3, b3)), 2).flatten(-3)
    return F.linear(F.relu(F.linear(F.relu(F.linear(h, W5, b5)), W6, b6)), W7, b7)
