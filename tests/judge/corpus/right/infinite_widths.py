"""Kernels of infinitely wide networks in other styles: pair by pair, in PyTorch with both axes of positions."""

import math

import numpy as np
import torch


def means(p, q, k, activation):
    """Plain numbers: E φφ and E φ'φ'."""
    if activation == "erf":
        root = math.sqrt((1 + 2 * p) * (1 + 2 * q))
        return 2 / math.pi * math.asin(2 * k / root), 4 / math.pi / math.sqrt(root**2 - 4 * k * k)
    if activation == "gelu":
        a, b = 1 + p, 1 + q
        D, s = math.sqrt(a * b - k * k), 1 / a + 1 / b - 1
        f, N = 0.25 + math.atan2(k, D) / 2 / math.pi, p * q + k * k * s
        return k * f + N / (2 * math.pi * D), f + k * (1 + 2 * s + N / D**2) / (2 * math.pi * D)
    area = p * q - k * k
    theta = math.atan2(math.sqrt(area) if area > 1e-14 * p * q else 0.0, k)
    sine = math.sqrt(p * q) * math.sin(theta)
    return (sine + (math.pi - theta) * k) / (2 * math.pi), (math.pi - theta) / (2 * math.pi)


# ntk-analytic: plain Python, position by position, one recursive call a layer
def infinite_recursive(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    r, memo = taps // 2, {}

    def layer(
        a, b, t, s, level
    ):  # what leaves the activation: mean and tangent kernel; by value of the inputs
        if not (0 <= t < len(a) and 0 <= s < len(b)):
            return 0.0, 0.0
        name = (a.tobytes(), b.tobytes(), t, s, level)
        if name not in memo:
            if level == 0:
                memo[name] = float(a[t] @ b[s]) / a.shape[1], 0.0
            else:
                K, T = before(a, b, t, s, level)
                S, slope = means(before(a, a, t, t, level)[0], before(b, b, s, s, level)[0], K, activation)
                memo[name] = S, slope * T
        return memo[name]

    def before(a, b, t, s, level):
        below = [layer(a, b, t + m, s + m, level - 1) for m in range(-r, r + 1)]
        K = sigma_w**2 * sum(v for v, _ in below) / taps + sigma_b**2
        return K, K + sigma_w**2 * sum(v for _, v in below) / taps

    def pair(a, b):
        ends = [layer(a, b, t, s, depth) for t in range(len(a)) for s in range(len(b))]
        K = sigma_w**2 * sum(v for v, _ in ends) / len(ends) + sigma_b**2
        return K, K + sigma_w**2 * sum(v for _, v in ends) / len(ends)

    rows = [[pair(a, b) for b in (x if z is None else z)] for a in x]
    return tuple(np.array([[v[k] for v in row] for row in rows]) for k in (0, 1))


# ntk-analytic: PyTorch, tensors (n, m, T, S), filters by a convolution with the identity
def infinite_in_torch(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    def dual(p, q, k):
        if activation == "erf":
            root = ((1 + 2 * p) * (1 + 2 * q)).sqrt()
            return 2 / math.pi * torch.asin(2 * k / root), 4 / math.pi / (root**2 - 4 * k**2).sqrt()
        if activation == "gelu":
            a, b = 1 + p, 1 + q
            D, s = (a * b - k * k).sqrt(), 1 / a + 1 / b - 1
            f, N = 0.25 + torch.atan2(k, D) / 2 / math.pi, p * q + k * k * s
            return k * f + N / (2 * math.pi * D), f + k * (1 + 2 * s + N / D**2) / (2 * math.pi * D)
        area = p * q - k * k
        theta = torch.atan2(torch.where(area > 1e-14 * p * q, area, 0 * area).sqrt(), k)
        return ((p * q).sqrt() * theta.sin() + (math.pi - theta) * k) / (2 * math.pi), (math.pi - theta) / (
            2 * math.pi
        )

    def filtered(M):
        kernel = torch.eye(taps, dtype=M.dtype)[None, None] / taps
        n, m, T, S = M.shape
        return torch.conv2d(M.reshape(n * m, 1, T, S), kernel, padding=taps // 2).reshape(M.shape)

    dtype, x = x.dtype, x.double()
    z = x if z is None else z.double()
    S = torch.einsum("itd,jsd->ijts", x, z) / x.shape[2]
    own = [torch.einsum("itd,isd->its", v, v)[:, None] / x.shape[2] for v in (x, z)]
    T = 0 * S
    for _ in range(depth):
        K = sigma_w**2 * filtered(S) + sigma_b**2
        T = K + sigma_w**2 * filtered(T)
        own = [sigma_w**2 * filtered(v) + sigma_b**2 for v in own]
        p, q = (v.diagonal(0, 2, 3)[:, 0] for v in own)
        S, slope = dual(p[:, None, :, None], q[None, :, None, :], K)
        T = slope * T
        own = [
            dual(d[..., None], d[..., None, :], v[:, 0])[0][:, None] for v, d in zip(own, (p, q), strict=True)
        ]
    K = sigma_w**2 * S.mean((2, 3)) + sigma_b**2
    return K.to(dtype), (K + sigma_w**2 * T.mean((2, 3))).to(dtype)
