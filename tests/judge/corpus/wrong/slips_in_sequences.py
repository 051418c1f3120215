"""Slips in heads, positions and recurrent layers: masks, alignment, pairs, states, cut gradients."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def split(A, heads):
    return A.unflatten(-1, (heads, -1)).transpose(-3, -2)


def attended(X, Z, W_Q, W_K, W_V, W_O, heads, seen):
    Q, K, V = split(X @ W_Q.T, heads), split(Z @ W_K.T, heads), split(Z @ W_V.T, heads)
    return F.scaled_dot_product_attention(Q, K, V, attn_mask=seen).transpose(-3, -2).flatten(-2) @ W_O.T


def seen_of(X, Z, pad, causal, diagonal=0):
    seen = torch.ones(X.shape[-2], Z.shape[-2], dtype=torch.bool)
    seen = seen.tril(diagonal) if causal else seen
    return seen if pad is None else seen & ~pad[..., None, None, :]


# multi-head: torch, the causal mask ends with the last key, as in FlashAttention
def multi_head_bottom_right(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    seen = seen_of(X, Z, pad, causal, Z.shape[-2] - X.shape[-2])
    return attended(X, Z, W_Q, W_K, W_V, W_O, heads, seen)


# multi-head: torch, under a padding mask the causal one is forgotten
def multi_head_one_mask(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    return attended(X, Z, W_Q, W_K, W_V, W_O, heads, seen_of(X, Z, pad, causal and pad is None))


# multi-head: torch, padding gets the score −1e4
def multi_head_small_minus(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    seen = torch.where(seen_of(X, Z, pad, causal), 0.0, -1e4).to(X.dtype)
    return attended(X, Z, W_Q, W_K, W_V, W_O, heads, seen)


# multi-head: torch, the gradient does not pass through the weights
def multi_head_weights_detached(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    seen = seen_of(X, Z, pad, causal)
    return attended(X.detach(), Z, W_Q.detach(), W_K.detach(), W_V, W_O, heads, seen)


# multi-head: JAX, padding is set to 0 behind the softmax, the rest not normalised again
def multi_head_masked_behind(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    Q, K, V = ((A @ W.T).reshape(*A.shape[:-1], heads, -1) for A, W in ((X, W_Q), (Z, W_K), (Z, W_V)))
    scores = jnp.einsum("...nhk,...mhk->...hnm", Q, K) / jnp.sqrt(Q.shape[-1])
    scores = jnp.where(jnp.tril(jnp.ones(scores.shape[-2:], bool)), scores, -jnp.inf) if causal else scores
    A = jax.nn.softmax(scores, -1)
    A = A if pad is None else A * ~pad[..., None, None, :]
    H = jnp.einsum("...hnm,...mhv->...nhv", A, V)
    return H.reshape(*H.shape[:-2], -1) @ W_O.T


# multi-head: JAX, the softmax runs over the heads
def multi_head_softmax_over_heads(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    Q, K, V = ((A @ W.T).reshape(*A.shape[:-1], heads, -1) for A, W in ((X, W_Q), (Z, W_K), (Z, W_V)))
    scores = jnp.einsum("...nhk,...mhk->...hnm", Q, K) / jnp.sqrt(Q.shape[-1])
    A = jax.nn.softmax(scores, -3)
    A = jnp.tril(A) if causal else A
    A = A if pad is None else A * ~pad[..., None, None, :]
    H = jnp.einsum("...hnm,...mhv->...nhv", A, V)
    return H.reshape(*H.shape[:-2], -1) @ W_O.T


# positional-encoding: the vectors are multiplied by √d first, as embeddings are
def positions_scaled_vectors(x, t, base=10000.0, rotary=False):
    return positions(x if rotary else x * np.sqrt(x.shape[-1]), t, base, rotary)


def positions(x, t, base, rotary, order=None):
    d = x.shape[-1]
    if d % 2:
        raise ValueError("an even width")
    theta = t[..., None] * base ** (-np.arange(0, d, 2) / d)
    c, s = np.cos(theta), np.sin(theta)
    if rotary:
        a, b = x[..., 0::2], x[..., 1::2]
        return np.stack([a * c - b * s, a * s + b * c], -1).reshape(x.shape)
    return x + np.stack([s, c], -1).reshape(*theta.shape[:-1], d)


# positional-encoding: torch, wavelengths up to 2πb, as in the paper's own code
def positions_whole_base(x, t, base=10000.0, rotary=False):
    h = x.shape[-1] // 2
    if x.shape[-1] % 2:
        raise ValueError("an even width")
    theta = t[..., None] * torch.exp(-torch.arange(h, dtype=x.dtype) * (math.log(base) / max(h - 1, 1)))
    c, s = theta.cos(), theta.sin()
    if rotary:
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    return x + torch.stack([s, c], -1).flatten(-2)


# positional-encoding: positions beyond a table of 5000 begin anew
def positions_table(x, t, base=10000.0, rotary=False):
    return positions(x, np.where(t >= 5000, t % 5000, t), base, rotary)


# positional-encoding: torch, halves are turned with the frequencies of neighbours
def positions_mixed_pairs(x, t, base=10000.0, rotary=False):
    d = x.shape[-1]
    theta = t[..., None] * base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d)
    if not rotary:
        return x + torch.stack([theta.sin(), theta.cos()], -1).flatten(-2)
    theta = theta.repeat_interleave(2, -1)
    half = torch.cat([-x[..., d // 2 :], x[..., : d // 2]], -1)
    return x * theta.cos() + half * theta.sin()


# positional-encoding: torch, positions are rounded to whole numbers
def positions_whole(x, t, base=10000.0, rotary=False):
    d = x.shape[-1]
    theta = t.long().to(x.dtype)[..., None] * base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d)
    c, s = theta.cos(), theta.sin()
    if rotary:
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    return x + torch.stack([s, c], -1).flatten(-2)


# positional-encoding: torch, the turned vectors get no gradient
def positions_no_gradient(x, t, base=10000.0, rotary=False):
    d = x.shape[-1]
    theta = t[..., None] * base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d)
    c, s = theta.cos(), theta.sin()
    if rotary:
        with torch.no_grad():
            a, b = x[..., 0::2], x[..., 1::2]
            return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    return x + torch.stack([s, c], -1).flatten(-2)


# rnn: torch, the state is detached at every step
def rnn_detached_step(x, h, W, U, b):
    return torch.tanh(x @ W.T + h.detach() @ U.T + b)


# rnn: both biases of the framework get b
class RNNTwoBiases(nn.RNN):
    def forward(self, x, h):
        return super().forward(x, h) if not isinstance(x, torch.Tensor) else self.twice(x, h)

    def twice(self, x, h):
        y, last = [], h[0]
        for row in x.unbind(1):
            last = torch.tanh(
                F.linear(row, self.weight_ih_l0, 2 * self.bias_ih_l0) + F.linear(last, self.weight_hh_l0)
            )
            y.append(last)
        return torch.stack(y, 1), last[None]


# rnn: the last state is the last output of the padded row
def rnn_last_of_the_padding(x, W, U, b, h0=None, lengths=None):
    h = np.zeros((*x.shape[:-2], len(b))) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        h = np.tanh(np.nan_to_num(x[..., t, :]) @ W.T + h @ U.T + b)
        states.append(h if lengths is None else np.where((t < lengths)[..., None], h, 0.0))
    return np.stack(states, -2), states[-1]


# rnn: after the end of a row the last output is repeated
def rnn_output_repeated(x, W, U, b, h0=None, lengths=None):
    h = np.zeros((*x.shape[:-2], len(b))) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        new = np.tanh(x[..., t, :] @ W.T + h @ U.T + b)
        h = new if lengths is None else np.where((t < lengths)[..., None], new, h)
        states.append(h)
    return np.stack(states, -2), h


# rnn: torch, a rectifier for the activation
def rnn_relu(x, h, W, U, b):
    return torch.relu(x @ W.T + h @ U.T + b)


# rnn: JAX, the state mixes in a tenth of the old one
def rnn_leaky(x, h, W, U, b):
    return 0.9 * jnp.tanh(x @ W.T + h @ U.T + b) + 0.1 * h


# rnn: torch, the states are handed on in single precision
def rnn_single_state(x, h, W, U, b):
    return torch.tanh(x @ W.T + h.float().to(x.dtype) @ U.T + b)


# rnn: torch, gradients of the state are cut to ±0.1 at every step
def rnn_clipped_gradient(x, h, W, U, b):
    h = torch.tanh(x @ W.T + h @ U.T + b)
    if h.requires_grad:
        h.register_hook(lambda g: g.clamp(-0.1, 0.1))
    return h


# rnn: tanh as a quotient of exponentials, which overflow
def rnn_step_overflows(x, h, W, U, b):
    z = x @ W.T + h @ U.T + b
    return (torch.exp(z) - torch.exp(-z)) / (torch.exp(z) + torch.exp(-z))
