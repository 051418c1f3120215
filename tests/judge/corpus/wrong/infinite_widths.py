"""Kernels of infinitely wide networks with a slip: of angle, of layer, of scale, of position."""

import math

import numpy as np
import torch


def dual(K, L, activation="relu"):
    """Means of the activation and of its slope, over covariances of all rows."""
    d = np.diag(K)
    if activation == "erf":
        square = np.outer(1 + 2 * d, 1 + 2 * d)
        return 2 / np.pi * np.arcsin(2 * K / np.sqrt(square)), 4 / np.pi / np.sqrt(square - 4 * K**2)
    if activation == "gelu":
        a = 1 + d
        D, s = np.sqrt(np.outer(a, a) - K**2), 1 / a[:, None] + 1 / a - 1
        f, N = 0.25 + np.arctan2(K, D) / 2 / np.pi, np.outer(d, d) + K**2 * s
        return K * f + N / (2 * np.pi * D), f + K * (1 + 2 * s + N / D**2) / (2 * np.pi * D)
    size = np.sqrt(np.outer(d, d))
    theta = np.arctan2(np.sqrt(np.maximum(size**2 - K**2, 0) * (1 - np.eye(len(K)))), K)
    return size * (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / 2 / np.pi, (np.pi - theta) / 2 / np.pi


def recursion(x, depth, activation, sigma_w, sigma_b, taps, z, dual=dual, filtered=None):
    sets = [x] if z is None else [x, z]
    owner = np.concatenate([[(k, i)] * v.shape[1] for k, v in enumerate(sets) for i in range(len(v))])
    place = np.concatenate([np.arange(v.shape[1]) for v in sets for _ in range(len(v))])
    rows = np.concatenate([v.reshape(-1, v.shape[2]) for v in sets])
    same = (owner[:, None] == owner).all(2)

    def over_filter(M):
        moves = range(-(taps // 2), taps // 2 + 1)
        hits = [same & (place[None] - place[:, None] == m) for m in moves]
        return sum(h @ M @ h.T for h in hits) / taps

    filtered = filtered or over_filter
    S = rows @ rows.T / rows.shape[1]
    T = 0 * S
    for layer in range(depth):
        K = sigma_w**2 * filtered(S) + sigma_b**2
        T = K + sigma_w**2 * filtered(T)
        S, slope = dual(K, layer, activation)
        T = slope * T

    def averaged(M):
        n, m, t, s = len(x), len(sets[-1]), x.shape[1], sets[-1].shape[1]
        block = M[: n * t, :] if z is None else M[: n * t, n * t :]
        return sigma_w**2 * block.reshape(n, t, m, s).mean((1, 3))

    K = averaged(S) + sigma_b**2
    return K, K + averaged(T)


# ntk-analytic: the angle in degrees of a half turn: π − θ left out of the slope's mean, θ in its place
def infinite_slope_of_the_angle(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    def wrong(K, layer, activation):
        S, slope = dual(K, layer, activation)
        return S, 0.5 - slope if activation == "relu" else slope

    return recursion(x, depth, activation, sigma_w, sigma_b, taps, z, wrong)


# ntk-analytic: He's factor 2 inside of the mean, and σ_w² besides
def infinite_factor_twice(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    def wrong(K, layer, activation):
        return tuple(2 * v for v in dual(K, layer, activation))

    return recursion(x, depth, activation, sigma_w, sigma_b, taps, z, wrong)


# ntk-analytic: the slopes' mean missing: all layers' covariances summed
def infinite_sum_of_covariances(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    kernels = [recursion(x, m, activation, sigma_w, sigma_b, taps, z)[0] for m in range(depth + 1)]
    return kernels[-1], sum(kernels)


# ntk-analytic: the filter averages each position over both axes by itself, t and s moved apart
def infinite_filter_of_each_axis(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    lengths = [v.shape[1] for v in ([x] if z is None else [x, z]) for _ in range(len(v))]
    owner = np.repeat(np.arange(len(lengths)), lengths)
    place = np.concatenate([np.arange(n) for n in lengths])
    near = (owner[:, None] == owner) & (np.abs(place[None] - place[:, None]) <= taps // 2)
    filtered = lambda M: near @ M @ near.T / taps**2
    return recursion(x, depth, activation, sigma_w, sigma_b, taps, z, filtered=filtered)


# ntk-analytic: PyTorch, the cosine clamped at 1 − 1e-3 before the arc cosine
def infinite_clamped_cosine(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    def wrong(K, layer, activation):
        if activation != "relu":
            return dual(K, layer, activation)
        K = torch.as_tensor(K)
        size = K.diagonal().outer(K.diagonal()).sqrt()
        theta = torch.acos((K / size.clamp(min=1e-30)).clamp(-1 + 1e-3, 1 - 1e-3))
        S = size * (theta.sin() + (math.pi - theta) * theta.cos()) / (2 * math.pi)
        return S.numpy(), ((math.pi - theta) / (2 * math.pi)).numpy()

    return recursion(x, depth, activation, sigma_w, sigma_b, taps, z, wrong)


# ntk-analytic: one layer too many: as many activations as weight matrices
def infinite_activation_at_the_end(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    return recursion(x, depth + 1, activation, sigma_w, sigma_b, taps, z)
