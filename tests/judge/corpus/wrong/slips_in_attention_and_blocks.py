"""Slips in additive attention and in transformer blocks as people write them."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def blind_softmax(e, pad):
    """Weights by a softmax of the scores, padding left out; a row of padding alone gets 0."""
    if pad is not None:
        e = np.where(pad[..., None, :], -np.inf, e)
    top = e.max(-1, keepdims=True)
    alpha = np.exp(e - np.where(np.isfinite(top), top, 0))
    return alpha / np.maximum(alpha.sum(-1, keepdims=True), 1e-300)


# additive-attention: tanh of each part by itself, added up
def additive_tanh_of_each(S, H, W, U, v, pad=None):
    e = (np.tanh(S @ W.T) @ v)[..., :, None] + (np.tanh(H @ U.T) @ v)[..., None, :]
    alpha = blind_softmax(e, pad)
    return alpha @ H, alpha


# additive-attention: the projections are multiplied, not added
def additive_by_products(S, H, W, U, v, pad=None):
    z = (S @ W.T)[..., :, None, :] * (H @ U.T)[..., None, :, :]
    alpha = blind_softmax(np.tanh(z) @ v, pad)
    return alpha @ H, alpha


# additive-attention: the scores are divided by the root of the number of units, as products are
def additive_scaled(S, H, W, U, v, pad=None):
    z = (S @ W.T)[..., :, None, :] + (H @ U.T)[..., None, :, :]
    alpha = blind_softmax(np.tanh(z) @ v / math.sqrt(len(v)), pad)
    return alpha @ H, alpha


# additive-attention: torch, padding has the score 0, which is a score like any other
def additive_padding_of_score_0(S, H, W, U, v, pad=None):
    e = torch.tanh((S @ W.mT)[..., :, None, :] + (H @ U.mT)[..., None, :, :]) @ v
    e = e if pad is None else e.masked_fill(pad[..., None, :], 0.0)
    alpha = e.softmax(-1)
    return alpha @ H, alpha


# additive-attention: logistic functions of the scores over their sum
def additive_logistic(S, H, W, U, v, pad=None):
    z = (S @ W.T)[..., :, None, :] + (H @ U.T)[..., None, :, :]
    alpha = 1 / (1 + np.exp(-np.tanh(z) @ v))
    alpha = alpha if pad is None else np.where(pad[..., None, :], 0, alpha)
    alpha = alpha / np.maximum(alpha.sum(-1, keepdims=True), 1e-300)
    return alpha @ H, alpha


# additive-attention: torch, the weights are computed without a gradient
def additive_detached(S, H, W, U, v, pad=None):
    e = torch.tanh((S @ W.mT)[..., :, None, :] + (H @ U.mT)[..., None, :, :]) @ v
    seen = torch.ones_like(e, dtype=torch.bool) if pad is None else ~pad[..., None, :].expand(e.shape)
    e = e.masked_fill(~seen, -torch.inf).masked_fill(~seen.any(-1, keepdim=True), 0.0)
    alpha = (e.softmax(-1) * seen).detach()
    return alpha @ H, alpha


def attention(z, W_in, b_in, W_O, b_O, heads, pad, causal, split=None, divide=None, ahead=1):
    """Self-attention of all heads at once, with another way to split the heads, to scale, or to look ahead."""
    n, d = z.shape[-2:]
    split = split or (lambda a: a.unflatten(-1, (heads, d // heads)).transpose(-3, -2))
    Q, K, V = (split(a) for a in F.linear(z, W_in, b_in).chunk(3, -1))
    E = Q @ K.mT / math.sqrt(divide or d // heads)
    hidden = torch.ones(n, n, dtype=torch.bool).triu(ahead) if causal else torch.zeros(n, n, dtype=torch.bool)
    hidden = hidden if pad is None else hidden | pad[..., None, None, :]
    hidden = hidden.expand(E.shape)
    blind = hidden.all(-1, keepdim=True)
    A = E.masked_fill(hidden & ~blind, -torch.inf).softmax(-1) * ~blind
    H = A @ V
    return F.linear(H.transpose(-3, -2).flatten(-2), W_O, b_O)


def layer_norm(z, gamma, beta, eps=1e-5):
    return F.layer_norm(z, z.shape[-1:], gamma, beta, eps)


def block(x, W1, b1, W2, b2, gamma, beta, pre_norm, attend, act=F.relu, norm=layer_norm):
    feed = lambda z: F.linear(act(F.linear(z, W1, b1)), W2, b2)
    if pre_norm:
        u = x + attend(norm(x, gamma[0], beta[0]))
        return u + feed(norm(u, gamma[1], beta[1]))
    u = norm(x + attend(x), gamma[0], beta[0])
    return norm(u + feed(u), gamma[1], beta[1])


def written(attend_options=None, **options):
    """A block with one thing done otherwise."""

    def layer(
        x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
    ):
        if x.shape[-1] % heads:
            raise ValueError("heads")
        more = attend_options(heads, x.shape[-1]) if attend_options else {}
        attend = lambda z: attention(z, W_in, b_in, W_O, b_O, heads, pad, causal, **more)
        return block(x, W1, b1, W2, b2, gamma, beta, pre_norm, attend, **options)

    return layer


# transformer-block: the scores are divided by the root of the model's width
block_scaled_by_the_model = written(lambda heads, d: dict(divide=d))

# transformer-block: a head is every h-th coordinate
block_interleaved_heads = written(
    lambda heads, d: dict(split=lambda a: a.unflatten(-1, (d // heads, heads)).movedim(-1, -3))
)

# transformer-block: the causal mask lets each position see the next
block_sees_the_next = written(lambda heads, d: dict(ahead=2))

# transformer-block: GELU in the place of ReLU
block_gelu = written(act=F.gelu)

# transformer-block: the ε of BERT, 1e-12
block_eps_of_bert = written(norm=lambda z, gamma, beta: layer_norm(z, gamma, beta, 1e-12))

# transformer-block: norms without the mean, as in Llama
block_rms = written(
    norm=lambda z, gamma, beta: gamma * z / (z.square().mean(-1, keepdim=True) + 1e-5).sqrt() + beta
)


# transformer-block: the shortcut of a pre-norm block starts behind the norm
def block_shortcut_behind_the_norm(
    x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
):
    attend = lambda z: attention(z, W_in, b_in, W_O, b_O, heads, pad, causal)
    if not pre_norm:
        return block(x, W1, b1, W2, b2, gamma, beta, False, attend)
    x = layer_norm(x, gamma[0], beta[0])
    u = layer_norm(x + attend(x), gamma[1], beta[1])
    return u + F.linear(F.relu(F.linear(u, W1, b1)), W2, b2)


# transformer-block: one norm for both branches, the first
def block_one_norm(
    x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
):
    attend = lambda z: attention(z, W_in, b_in, W_O, b_O, heads, pad, causal)
    return block(x, W1, b1, W2, b2, gamma[[0, 0]], beta[[0, 0]], pre_norm, attend)
