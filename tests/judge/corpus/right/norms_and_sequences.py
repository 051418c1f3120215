"""Normalisations, dropout, heads, positions and recurrent layers as users write them."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# batch-norm: torch, var_mean over two axes, statistics updated with lerp
def batch_norm_lerp(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    if training:
        s2, mu = torch.var_mean(x, dim=(0, 2), correction=0)
        n = x.shape[0] * x.shape[2]
        mean = torch.lerp(mean, mu.detach(), momentum)
        variance = torch.lerp(variance, s2.detach() * n / (n - 1), momentum)
    else:
        mu, s2 = mean, variance
    scale = gamma * torch.rsqrt(s2 + eps)
    return x * scale[:, None] + (beta - mu * scale)[:, None], mean, variance


# batch-norm: torch, the module in training or evaluation
def batch_norm_module(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    layer = nn.BatchNorm1d(x.shape[1], eps=eps, momentum=momentum, dtype=x.dtype)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)
    layer.train(training)
    y = torch.func.functional_call(layer, {"weight": gamma, "bias": beta}, (x,))
    return y, layer.running_mean, layer.running_var


# batch-norm: NumPy, a channel at a time
def batch_norm_loops(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    y, mean, variance = np.empty_like(x), mean.copy(), variance.copy()
    for c in range(x.shape[1]):
        values = x[:, c].ravel()
        mu, s2 = (values.mean(), values.var()) if training else (mean[c], variance[c])
        y[:, c] = gamma[c] * (x[:, c] - mu) / np.sqrt(s2 + eps) + beta[c]
        if training:
            mean[c] += momentum * (mu - mean[c])
            variance[c] += momentum * (values.var(ddof=1) - variance[c])
    return y, mean, variance


# layer-norm: torch, the module
def layer_norm_module(x, gamma, beta, eps=1e-5):
    layer = nn.LayerNorm(x.shape[-1], eps=eps, dtype=x.dtype)
    return torch.func.functional_call(layer, {"weight": gamma, "bias": beta}, (x,))


# layer-norm: JAX, the inverse root
def layer_norm_jax(x, gamma, beta, eps=1e-5):
    centred = x - jnp.mean(x, -1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.mean(jnp.square(centred), -1, keepdims=True) + eps) * gamma + beta


# layer-norm: NumPy, Welford's recursion along each row
def layer_norm_welford(x, gamma, beta, eps=1e-5):
    mean, squares = np.zeros(x.shape[:-1]), np.zeros(x.shape[:-1])
    for j in range(x.shape[-1]):
        off = x[..., j] - mean
        mean = mean + off / (j + 1)
        squares = squares + off * (x[..., j] - mean)
    return gamma * (x - mean[..., None]) / np.sqrt(squares / x.shape[-1] + eps)[..., None] + beta


# group-norm: torch, the module
def group_norm_module(x, gamma, beta, groups, eps=1e-5):
    layer = nn.GroupNorm(groups, x.shape[-2], eps=eps, dtype=x.dtype)
    flat = x.reshape(-1, *x.shape[-2:])
    return torch.func.functional_call(layer, {"weight": gamma, "bias": beta}, (flat,)).reshape(x.shape)


# group-norm: NumPy, the channels of a group in a loop
def group_norm_split(x, gamma, beta, groups, eps=1e-5):
    parts = [
        (z - z.mean((-2, -1), keepdims=True)) / np.sqrt(z.var((-2, -1), keepdims=True) + eps)
        for z in np.split(x, groups, -2)
    ]
    return np.concatenate(parts, -2) * gamma[:, None] + beta[:, None]


# group-norm: JAX, an axis of groups
def group_norm_jax(x, gamma, beta, groups, eps=1e-5):
    z = x.reshape(*x.shape[:-2], groups, -1, x.shape[-1])
    mean, var = z.mean((-2, -1), keepdims=True), z.var((-2, -1), keepdims=True)
    return ((z - mean) * jax.lax.rsqrt(var + eps)).reshape(x.shape) * gamma[:, None] + beta[:, None]


# instance-norm: torch, layer norm of the places
def instance_norm_of_places(x, gamma, beta, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], eps=eps) * gamma[:, None] + beta[:, None]


# instance-norm: torch, group norm with a group a channel
def instance_norm_groups(x, gamma, beta, eps=1e-5):
    flat = x.reshape(-1, *x.shape[-2:])
    return F.group_norm(flat, x.shape[-2], gamma, beta, eps).reshape(x.shape)


# instance-norm: NumPy, image by image
def instance_norm_loops(x, gamma, beta, eps=1e-5):
    y = np.empty(x.shape)
    for at in np.ndindex(x.shape[:-1]):
        row, c = x[at], at[-1]
        y[at] = gamma[c] * (row - row.mean()) / np.sqrt(row.var() + eps) + beta[c]
    return y


# rms-norm: torch, as in language models, in the input's own precision
def rms_norm_rsqrt(x, gamma, eps=1e-6):
    return gamma * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps))


# rms-norm: NumPy, by the length of the row
def rms_norm_length(x, gamma, eps=1e-6):
    d = x.shape[-1]
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x * gamma * np.sqrt(d) / np.sqrt(length**2 + d * eps)


# dropout: torch, where
def dropout_where(x, m, p=0.5, training=True):
    if not training:
        return x
    if p == 1:
        return torch.zeros_like(x)
    return torch.where(m, x / (1 - p), 0.0)


# dropout: JAX, the mask as a factor
def dropout_jax(x, m, p=0.5, training=True):
    if not training:
        return x
    return x * m * (0.0 if p == 1 else 1 / (1 - p))


# dropout: NumPy, the dropped set to 0 in a copy
def dropout_copy(x, m, p=0.5, training=True):
    y = np.array(x, float)
    if training:
        y[~np.broadcast_to(m, x.shape)] = 0
        y /= max(1 - p, 1e-300)
    return y


def split(A, heads):
    return A.unflatten(-1, (heads, -1)).transpose(-3, -2)


# multi-head: torch, one call of scaled_dot_product_attention for all heads
def multi_head_sdpa(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    Q, K, V = split(X @ W_Q.T, heads), split(Z @ W_K.T, heads), split(Z @ W_V.T, heads)
    seen = torch.ones(X.shape[-2], Z.shape[-2], dtype=torch.bool)
    seen = seen.tril() if causal else seen
    if pad is not None:
        seen = seen & ~pad[..., None, None, :]
    return F.scaled_dot_product_attention(Q, K, V, attn_mask=seen).transpose(-3, -2).flatten(-2) @ W_O.T


# multi-head: JAX, sums over named axes, a mask that is added
def multi_head_einsum(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    Q, K, V = ((A @ W.T).reshape(*A.shape[:-1], heads, -1) for A, W in ((X, W_Q), (Z, W_K), (Z, W_V)))
    scores = jnp.einsum("...nhk,...mhk->...hnm", Q, K) / jnp.sqrt(Q.shape[-1])
    seen = jnp.ones(scores.shape[-2:], bool)
    seen = jnp.tril(seen) if causal else seen
    if pad is not None:
        seen = seen & ~pad[..., None, None, :]
    A = jax.nn.softmax(scores, -1, where=seen)
    A = jnp.where(seen, A, 0.0)
    H = jnp.einsum("...hnm,...mhv->...nhv", A, V)
    return H.reshape(*H.shape[:-2], -1) @ W_O.T


# positional-encoding: torch, products of complex numbers
def positions_complex(x, t, base=10000.0, rotary=False):
    d = x.shape[-1]
    if d % 2:
        raise ValueError("an even width")
    theta = t[..., None] * base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d)
    if rotary:
        turn = torch.polar(torch.ones_like(theta), theta)
        return torch.view_as_real(
            torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous()) * turn
        ).flatten(-2)
    PE = x.new_empty((*theta.shape[:-1], d))
    PE[..., 0::2], PE[..., 1::2] = theta.sin(), theta.cos()
    return x + PE


# positional-encoding: NumPy, matrices of rotations and a loop
def positions_matrices(x, t, base=10000.0, rotary=False):
    y, d = np.array(x, float), x.shape[-1]
    if d % 2 or t.shape[-1] != x.shape[-2]:
        raise ValueError("an even width, and a position a row")
    for i in range(d // 2):
        theta = t / base ** (2 * i / d)
        c, s = np.cos(theta), np.sin(theta)
        if rotary:
            R = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
            y[..., 2 * i : 2 * i + 2] = (R @ x[..., 2 * i : 2 * i + 2, None])[..., 0]
        else:
            y[..., 2 * i] += s
            y[..., 2 * i + 1] += c
    return y


# rnn: NumPy, a row at a time and only its own steps
def rnn_rows(x, W, U, b, h0=None, lengths=None):
    lead, T, n = x.shape[:-2], x.shape[-2], len(b)
    states, last = np.zeros((*lead, T, n)), np.zeros((*lead, n))
    first = np.broadcast_to(0.0 if h0 is None else h0, (*lead, n))
    for at in np.ndindex(lead):
        h = first[at]
        for t in range(T if lengths is None else lengths[at]):
            h = states[(*at, t)] = np.tanh(W @ x[(*at, t)] + U @ h + b)
        last[at] = h
    return states, last


# rnn: torch, one step
def rnn_step(x, h, W, U, b):
    return torch.tanh(F.linear(x, W, b) + F.linear(h, U))


# rnn: JAX, one step with one matrix for both
def rnn_step_joined(x, h, W, U, b):
    return jnp.tanh(jnp.concatenate([x, h], -1) @ jnp.concatenate([W, U], -1).T + b)


# rnn: torch, a module of its own
class RNNOfCells(nn.Module):
    def __init__(self, input_size, hidden_size, batch_first=True):
        super().__init__()
        self.cell, self.batch_first = nn.RNNCell(input_size, hidden_size), batch_first

    def forward(self, x, h):
        h, states = h[0], []
        for row in x.unbind(1):
            h = self.cell(row, h)
            states.append(h)
        return torch.stack(states, 1), h[None]
