"""Layers and networks with the faults that people make."""

import math

import numpy as np
import scipy.signal
import scipy.special
import torch
import torch.nn.functional as F


def scores_of(Q, K, scale):
    return (Q.shape[-1] ** -0.5 if scale is None else scale) * Q @ np.swapaxes(K, -1, -2)


# attention: the causal mask is aligned bottom right when n differs from m
def attention_bottom_right(Q, K, V, causal=False, scale=None):
    s = scores_of(Q, K, scale)
    n, m = s.shape[-2:]
    if causal:
        s = np.where(np.tril(np.ones((n, m), bool), m - n), s, -np.inf)
        s = np.where(np.isneginf(s).all(-1, keepdims=True), 0.0, s)
    return scipy.special.softmax(s, -1) @ V


# attention: the mask hides the present position, too
def attention_strict_mask(Q, K, V, causal=False, scale=None):
    s = scores_of(Q, K, scale)
    if causal:
        mask = np.tril(np.ones(s.shape[-2:], bool), -1)
        mask[0, 0] = True
        s = np.where(mask, s, -np.inf)
    return scipy.special.softmax(s, -1) @ V


# attention: the mask is an addition of −1
def attention_soft_mask(Q, K, V, causal=False, scale=None):
    s = scores_of(Q, K, scale)
    if causal:
        s = s - np.triu(np.full(s.shape[-2:], 10.0), 1)
    return scipy.special.softmax(s, -1) @ V


# attention: the mask is applied after the softmax, and rows no longer sum to 1
def attention_late_mask(Q, K, V, causal=False, scale=None):
    A = scipy.special.softmax(scores_of(Q, K, scale), -1)
    return (np.tril(A) if causal else A) @ V


# attention: scaled by d, not by its root
def attention_scale(Q, K, V, causal=False, scale=None):
    return F.scaled_dot_product_attention(Q, K, V, is_causal=causal, scale=scale or 1 / Q.shape[-1])


# attention: scaled by the number of keys
def attention_scale_of_keys(Q, K, V):
    return scipy.special.softmax(Q @ np.swapaxes(K, -1, -2) / math.sqrt(K.shape[-2]), -1) @ V


# attention: not scaled
def attention_unscaled(Q, K, V):
    return scipy.special.softmax(Q @ np.swapaxes(K, -1, -2), -1) @ V


# attention: normalised over the queries
def attention_over_queries(Q, K, V):
    s = Q @ K.mT / math.sqrt(Q.shape[-1])
    return torch.softmax(s, -2) @ V


# attention: no maximum is subtracted
def attention_overflows(Q, K, V):
    e = np.exp(Q @ np.swapaxes(K, -1, -2) / math.sqrt(Q.shape[-1]))
    return e / e.sum(-1, keepdims=True) @ V


# attention: a scale of 0 is taken for none
def attention_falsy_scale(Q, K, V, causal=False, scale=None):
    s = (scale or Q.shape[-1] ** -0.5) * Q @ np.swapaxes(K, -1, -2)
    if causal:
        s = np.where(np.tril(np.ones(s.shape[-2:], bool)), s, -np.inf)
    return scipy.special.softmax(s, -1) @ V


# attention: the option causal is ignored
def attention_never_causal(Q, K, V, causal=False, scale=None):
    return scipy.special.softmax(scores_of(Q, K, scale), -1) @ V


# attention: computed in bfloat16
def attention_bfloat16(Q, K, V, causal=False, scale=None):
    q, k, v = Q.bfloat16(), K.bfloat16(), V.bfloat16()
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale).to(Q.dtype)


# neuron: the bias is subtracted
def neuron_bias(x, w, b):
    return scipy.special.expit(x @ w - b)


# neuron: no activation
def neuron_linear(x, w, b):
    return x @ w + b


# neuron: normalised input
def neuron_normalised(x, w, b):
    return scipy.special.expit(x @ w / np.linalg.norm(w) + b)


# fully-connected: the matrix is not transposed
def dense_untransposed(x, W, b):
    return x @ W.T + b if W.shape[0] != W.shape[1] else x @ W + b


# fully-connected: no bias
def dense_without_bias(x, W, b):
    return x @ W.T


# fully-connected: the bias is added to the input
def dense_bias_first(x, W, b):
    return (x + b[: x.shape[-1]].sum()) @ W.T


# fully-connected: 16-bit weights
def dense_half(x, W, b):
    return x @ W.astype(np.float16).astype(float).T + b


# fully-connected: more than two axes are flattened
def dense_flattens(x, W, b):
    return torch.addmm(b, x.reshape(-1, x.shape[-1]), W.t()) if x.dim() > 1 else F.linear(x, W, b)


# conv-layer: the kernel is turned round
def conv_flipped(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, w.flip(-1, -2), b, stride, padding, dilation, groups)


# conv-layer: the kernel read column by column
def conv_transposed(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, w.mT.reshape(w.shape), b, stride, padding, dilation, groups)


# conv-layer: no bias
def conv_without_bias(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, w, None, stride, padding, dilation, groups)


# conv-layer: reflected in place of zero padding
def conv_reflect(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    x = F.pad(x, [padding] * 4, mode="replicate") if padding else x
    return F.conv2d(x, w, b, stride, 0, dilation, groups)


# conv-layer: the last window is dropped when the stride does not divide
def conv_floor(x, w, b, stride=1, padding=0):
    y = F.conv2d(x, w, b, stride, padding)
    whole = (x.shape[-1] + 2 * padding - w.shape[-1]) % stride == 0
    return y if whole else y[..., :-1]


# conv-layer: padding on the left and top only
def conv_one_sided(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(F.pad(x, (2 * padding, 0, 2 * padding, 0)), w, b, stride, 0, dilation, groups)


# conv-layer: dilation is ignored
def conv_undilated(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, w, b, stride, padding, 1, groups)


# conv-layer: the maps of the groups are interleaved
def conv_shuffled(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    y = F.conv2d(x, w, b, stride, padding, dilation, groups)
    return y.unflatten(-3, (groups, -1)).transpose(-3, -4).flatten(-4, -3)


# pooling: padded with zeros before the maximum
def pooling_zero_padding(x, size=2, stride=None, padding=0, kind="max"):
    f = F.max_pool2d if kind == "max" else F.avg_pool2d
    x = F.pad(x, [padding] * 4)
    return f(x[None], size, stride)[0]


# pooling: padded zeros are not counted in the mean
def pooling_excludes_padding(x, size=2, stride=None, padding=0, kind="max"):
    if kind == "max":
        return F.max_pool2d(x[None], size, stride, padding)[0]
    return F.avg_pool2d(x[None], size, stride, padding, count_include_pad=False)[0]


# pooling: windows that stick out are kept
def pooling_ceil(x, size=2, stride=None, padding=0, kind="max"):
    if kind == "max":
        return F.max_pool2d(x[None], size, stride, padding, ceil_mode=True)[0]
    return F.avg_pool2d(x[None], size, stride, padding, ceil_mode=True)[0]


# pooling: the stride is 1 unless given
def pooling_stride_one(x, size=2, stride=None, padding=0, kind="max"):
    f = F.max_pool2d if kind == "max" else F.avg_pool2d
    return f(x[None], size, stride or 1, padding)[0]


# pooling: the absolute largest
def pooling_absolute(x, size=2, stride=None, padding=0, kind="max"):
    f = F.max_pool2d if kind == "max" else F.avg_pool2d
    return f(x[None].abs(), size, stride, padding)[0]


# convolution: correlation
def convolution_correlates(f, g):
    return scipy.signal.correlate(f, g)


# convolution: circular
def convolution_circular(f, g):
    axes = tuple(range(f.ndim))
    return np.fft.irfftn(np.fft.rfftn(f, None, axes) * np.fft.rfftn(g, f.shape, axes), f.shape, axes)


# convolution: only where both overlap wholly
def convolution_valid(f, g):
    return scipy.signal.convolve(f, g, mode="valid")


# convolution: as long as the first
def convolution_same(f, g):
    return scipy.signal.convolve(f, g, mode="same")


# convolution: circular by one entry: the FFT is one too short
def convolution_short_fft(f, g):
    shape = [max(a + b - 2, a, b) for a, b in zip(f.shape, g.shape, strict=True)]
    axes = tuple(range(f.ndim))
    y = np.fft.irfftn(np.fft.rfftn(f, shape, axes) * np.fft.rfftn(g, shape, axes), shape, axes)
    return np.pad(y, [(0, a + b - 1 - n) for a, b, n in zip(f.shape, g.shape, shape, strict=True)])
