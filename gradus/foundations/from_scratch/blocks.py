r"""Blocks of the four networks, in NumPy.

The LSTM and the transformer block, which have no page yet, are written as the papers write them; convolution and pooling
are written without the loops of their pages' definitions, to which a test holds them. What stands on a page otherwise
(ReLU, the sigmoid, attention) is handed in: `Definitions` gives the NumPy definition of a concept by its key.
They run on arrays as well as on the tape of `gradus.foundations.autodiff`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Definitions = Callable[[str], Callable[..., Any]]


def conv(x: Any, K: Any, b: Any) -> Any:
    """Cross-correlation and bias, what the page `conv-layer` defines with stride 1: (..., c, h, w) → (..., o, h′, w′).

    The k·l shifted copies of x are stacked, and one matrix product with K does the rest.
    """
    o, c, k, l = np.shape(K)  # noqa: E741
    *lead, _, h, w = np.shape(x)
    H, W = h - k + 1, w - l + 1
    shifted = [x[..., i : i + H, j : j + W] for i in range(k) for j in range(l)]
    patches = np.reshape(np.stack(shifted, axis=-3), (*lead, c * k * l, H * W))
    y = np.reshape(K, (o, c * k * l)) @ patches  # (..., o, H·W)
    return np.reshape(y, (*lead, o, H, W)) + np.reshape(b, (o, 1, 1))


def pool(x: Any, size: int = 2) -> Any:
    """The largest of each size×size square, what the page `pooling` defines; height and width are multiples of size."""
    *lead, h, w = np.shape(x)
    return np.reshape(x, (*lead, h // size, size, w // size, size)).max((-3, -1))


def lenet(x: Any, p: Mapping[str, Any], definition: Definitions) -> Any:
    """LeNet-5 as its page defines it, on images (N, 1, 32, 32); p holds K1, b1, K3, b3, W5, b5, W6, b6, W7, b7."""
    relu = definition("relu")
    h = pool(relu(conv(x, p["K1"], p["b1"])))  # (N, 6, 14, 14)
    h = pool(relu(conv(h, p["K3"], p["b3"])))  # (N, 16, 5, 5)
    h = np.reshape(h, (len(x), -1))
    h = relu(h @ p["W5"].T + p["b5"])
    h = relu(h @ p["W6"].T + p["b6"])
    return h @ p["W7"].T + p["b7"]


def lstm(x: Any, W: Any, U: Any, b: Any, definition: Definitions) -> Any:
    r"""Long short-term memory over a sequence, from a state of zeros.

    i, f, o = σ(·), g = tanh(·) of W xₜ + U hₜ₋₁ + b;  cₜ = f ⊙ cₜ₋₁ + i ⊙ g;  hₜ = o ⊙ tanh(cₜ).

    Args:
        x: the sequence, (..., T, d).
        W: (4n, d), rows in the order i, f, g, o.
        U: (4n, n), likewise.
        b: (4n,).
        definition: gives the sigmoid.

    Returns:
        h of every step, (..., T, n).

    Source: hochreiter1997lstm, with the forget gate of Gers, Schmidhuber and Cummins 2000.
    """
    sigma, n = definition("sigmoid"), np.shape(U)[1]
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


def transformer_block(x: Any, p: Mapping[str, Any], heads: int, definition: Definitions) -> Any:
    r"""One decoder block, normalised before each part: x ← x + A(N₁(x)), then x ← x + F(N₂(x)).

    A is causal self-attention in `heads` heads, F = W₂ ReLU(W₁ · + b₁) + b₂.

    Args:
        x: (..., T, d).
        p: gain1, bias1, W_qkv (3d, d), b_qkv, W_o (d, d), b_o, gain2, bias2, W_1 (m, d), b_1, W_2 (d, m), b_2.
        heads: they share d equally.
        definition: gives attention and ReLU.

    Source: vaswani2017attention; the norm comes first, as in GPT-2.
    """
    attention, relu = definition("attention"), definition("relu")
    *lead, T, d = np.shape(x)
    qkv = layer_norm(x, p["gain1"], p["bias1"]) @ p["W_qkv"].T + p["b_qkv"]  # (..., T, 3d)
    qkv = np.reshape(qkv, (*lead, T, 3, heads, d // heads))
    Q, K, V = (np.swapaxes(qkv[..., k, :, :], -2, -3) for k in range(3))  # (..., heads, T, d/heads)
    a = np.swapaxes(attention(Q, K, V, causal=True), -2, -3)  # (..., T, heads, d/heads)
    x = x + np.reshape(a, (*lead, T, d)) @ p["W_o"].T + p["b_o"]
    h = relu(layer_norm(x, p["gain2"], p["bias2"]) @ p["W_1"].T + p["b_1"])
    return x + h @ p["W_2"].T + p["b_2"]
