"""Networks and initial weights with the faults that people make."""

import math

import numpy as np
import scipy.special
import torch.nn.functional as F


# mlp: an activation after the last layer
def mlp_last_activation(x, Ws, bs):
    for W, b in zip(Ws, bs, strict=True):
        x = np.tanh(x @ W.T + b)
    return x


# mlp: biases are forgotten
def mlp_without_biases(x, Ws, bs):
    for W in Ws[:-1]:
        x = np.tanh(x @ W.T)
    return x @ Ws[-1].T


# mlp: always ReLU
def mlp_always_relu(x, Ws, bs, activation="tanh"):
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        x = F.relu(F.linear(x, W, b))
    return F.linear(x, Ws[-1], bs[-1])


def forward(x, Ws, bs):
    a = [x]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        a.append(np.tanh(a[-1] @ W.T + b))
    return a, a[-1] @ Ws[-1].T + bs[-1]


def backward(a, delta, Ws, slope, count):
    out = []
    for l in range(len(Ws) - 1, -1, -1):
        out = [delta.T @ a[l] / count, delta.sum(0) / count, *out]
        if l:
            delta = (delta @ Ws[l]) * slope(a[l])
    return out


# backprop-mlp: the sum over the batch for the mean
def backprop_sum(x, y, Ws, bs):
    a, z = forward(x, Ws, bs)
    return backward(a, scipy.special.softmax(z, -1) - y, Ws, lambda h: 1 - h**2, 1)


# backprop-mlp: the slope of tanh is 1 − |h|
def backprop_slope(x, y, Ws, bs):
    a, z = forward(x, Ws, bs)
    return backward(a, scipy.special.softmax(z, -1) - y, Ws, lambda h: 1 - np.abs(h), len(x))


# backprop-mlp: no slope at all
def backprop_linear(x, y, Ws, bs):
    a, z = forward(x, Ws, bs)
    return backward(a, scipy.special.softmax(z, -1) - y, Ws, np.ones_like, len(x))


# backprop-mlp: target minus output
def backprop_sign(x, y, Ws, bs):
    a, z = forward(x, Ws, bs)
    return backward(a, y - scipy.special.softmax(z, -1), Ws, lambda h: 1 - h**2, len(x))


# backprop-mlp: the softmax's diagonal alone
def backprop_diagonal(x, y, Ws, bs):
    a, z = forward(x, Ws, bs)
    p = scipy.special.softmax(z, -1)
    return backward(a, (p - y) * p * (1 - p), Ws, lambda h: 1 - h**2, len(x))


# residual: activation after the addition
def residual_late_relu(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    S = np.eye(len(W2)) if W_s is None else W_s
    return np.maximum(x @ S.T + alpha * (np.maximum(x @ W1.T + b1, 0) @ W2.T + b2), 0)


# residual: no skip
def residual_without_skip(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    return alpha * F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)


# residual: the skip is scaled, too
def residual_scales_all(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    skip = x if W_s is None else F.linear(x, W_s)
    return alpha * (skip + F.linear(F.relu(F.linear(x, W1, b1)), W2, b2))


# residual: no gradient through the skip
def residual_detached(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    skip = x if W_s is None else F.linear(x, W_s)
    return skip.detach() + alpha * F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)


# lenet: average pooling
def lenet_average(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    h = F.avg_pool2d(F.relu(F.conv2d(x, K1, b1, padding=padding)), 2)
    h = F.avg_pool2d(F.relu(F.conv2d(h, K3, b3)), 2).flatten(-3)
    return F.linear(F.relu(F.linear(F.relu(F.linear(h, W5, b5)), W6, b6)), W7, b7)


# lenet: channels last when flattened
def lenet_flattened(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    h = F.max_pool2d(F.relu(F.conv2d(x, K1, b1, padding=padding)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, K3, b3)), 2).movedim(-3, -1).flatten(-3)
    return F.linear(F.relu(F.linear(F.relu(F.linear(h, W5, b5)), W6, b6)), W7, b7)


# orthogonal: the signs of R's diagonal are left
def orthogonal_signs(Z, gain=1.0):
    M = Z.reshape(len(Z), -1)
    q = np.linalg.qr(M if M.shape[0] >= M.shape[1] else M.T)[0]
    return gain * (q if M.shape[0] >= M.shape[1] else q.T).reshape(Z.shape)


# orthogonal: columns normalised, not orthogonal
def orthogonal_normalised(Z, gain=1.0):
    M = Z.reshape(len(Z), -1)
    return gain * (M / np.linalg.norm(M, axis=0)).reshape(Z.shape)


# orthogonal: the polar factor
def orthogonal_polar(Z, gain=1.0):
    u, _, vt = np.linalg.svd(Z.reshape(len(Z), -1), full_matrices=False)
    return gain * (u @ vt).reshape(Z.shape)


# xavier: the kernel's size is not counted
def xavier_kernel(Z, gain=1.0):
    return gain * np.sqrt(2 / (Z.shape[0] + Z.shape[1])) * Z


# xavier: √6, the uniform bound, for the normal
def xavier_uniform(Z, gain=1.0):
    field = math.prod(Z.shape[2:])
    return gain * np.sqrt(6 / ((Z.shape[0] + Z.shape[1]) * field)) * Z


# xavier: fan-in alone
def xavier_fan_in(Z, gain=1.0):
    return gain * Z / np.sqrt(Z[0].size)


# he: fan-out and fan-in exchanged
def he_exchanged(Z, a=0.0, mode="fan_in"):
    field = math.prod(Z.shape[2:])
    fan = field * (Z.shape[0] if mode == "fan_in" else Z.shape[1])
    return Z * np.sqrt(2 / ((1 + a * a) * fan))


# he: the variance for the standard deviation
def he_variance(Z, a=0.0, mode="fan_in"):
    fan = math.prod(Z.shape[2:]) * (Z.shape[1] if mode == "fan_in" else Z.shape[0])
    return Z * 2 / ((1 + a * a) * fan)


# he: the slope is not squared
def he_slope(Z, a=0.0, mode="fan_in"):
    fan = math.prod(Z.shape[2:]) * (Z.shape[1] if mode == "fan_in" else Z.shape[0])
    return Z * np.sqrt(2 / ((1 + a) * fan))
