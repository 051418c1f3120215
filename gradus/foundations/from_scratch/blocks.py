r"""The two blocks that have no page yet, written as the papers write them, in NumPy.

They run on arrays as well as on the tape of `gradus.foundations.autodiff`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradus.catalogue import load


def define(key: str) -> Any:
    """The NumPy definition that stands on a page."""
    return load().get(key).define


def lstm(x: Any, W: Any, U: Any, b: Any) -> Any:
    r"""Long short-term memory over a sequence, from a state of zeros.

    i, f, o = σ(·), g = tanh(·) of W xₜ + U hₜ₋₁ + b;  cₜ = f ⊙ cₜ₋₁ + i ⊙ g;  hₜ = o ⊙ tanh(cₜ).

    Args:
        x: the sequence, (..., T, d).
        W: (4n, d), rows in the order i, f, g, o.
        U: (4n, n), likewise.
        b: (4n,).

    Returns:
        h of every step, (..., T, n).

    Source: hochreiter1997lstm, with the forget gate of Gers, Schmidhuber and Cummins 2000.
    """
    sigma, n = define("sigmoid"), np.shape(U)[1]
    h = c = np.zeros((*np.shape(x)[:-2], n))
    states = []
    for t in range(np.shape(x)[-2]):
        z = x[..., t, :] @ W.T + h @ U.T + b  # (..., 4n)
        i, f, o = (sigma(z[..., k * n : (k + 1) * n]) for k in (0, 1, 3))
        g = np.tanh(z[..., 2 * n : 3 * n])
        c = f * c + i * g
        h = o * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=-2)


def layer_norm(x: Any, gain: Any, bias: Any, epsilon: float = 1e-5) -> Any:
    """Every vector shifted to mean 0 and scaled to variance 1, then times gain plus bias; (..., d)."""
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return gain * (x - mean) / np.sqrt(variance + epsilon) + bias


def transformer_block(x: Any, p: Mapping[str, Any], heads: int) -> Any:
    r"""One decoder block, normalised before each part: x ← x + A(N₁(x)), then x ← x + F(N₂(x)).

    A is causal self-attention in `heads` heads, F = W₂ ReLU(W₁ · + b₁) + b₂.

    Args:
        x: (..., T, d).
        p: gain1, bias1, W_qkv (3d, d), b_qkv, W_o (d, d), b_o, gain2, bias2, W_1 (m, d), b_1, W_2 (d, m), b_2.
        heads: they share d equally.

    Source: vaswani2017attention; the norm comes first, as in GPT-2.
    """
    attention, relu = define("attention"), define("relu")
    *lead, T, d = np.shape(x)
    qkv = layer_norm(x, p["gain1"], p["bias1"]) @ p["W_qkv"].T + p["b_qkv"]  # (..., T, 3d)
    qkv = np.reshape(qkv, (*lead, T, 3, heads, d // heads))
    Q, K, V = (np.swapaxes(qkv[..., k, :, :], -2, -3) for k in range(3))  # (..., heads, T, d/heads)
    a = np.swapaxes(attention(Q, K, V, causal=True), -2, -3)  # (..., T, heads, d/heads)
    x = x + np.reshape(a, (*lead, T, d)) @ p["W_o"].T + p["b_o"]
    h = relu(layer_norm(x, p["gain2"], p["bias2"]) @ p["W_1"].T + p["b_1"])
    return x + h @ p["W_2"].T + p["b_2"]
