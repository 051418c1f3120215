"""Signals through random networks in other styles and frameworks."""

import math

import numpy as np


# signal-propagation: plain Python, one mean after the other
def plain(phi, slope, sigma_w, sigma_b, q, c, layers):
    z = [0.025 * (i + 0.5) for i in range(-350, 350)]
    p = [math.exp(-x * x / 2) for x in z]
    p = [x / math.fsum(p) for x in p]
    k, q = sigma_w**2 * c * q + sigma_b**2, sigma_w**2 * q + sigma_b**2
    rows = [[], [], []]
    for _ in range(layers):
        c = max(-1.0, min(1.0, k / q))
        rows[0].append(q)
        rows[1].append(c)
        rows[2].append(
            sigma_w**2 * math.fsum(w * float(slope(np.sqrt(q) * x)) ** 2 for w, x in zip(p, z, strict=True))
        )
        other = np.array(z) * math.sqrt(max(0.0, 1 - c * c))
        product = 0.0
        for w, x in zip(p, z, strict=True):
            product += w * float(phi(np.sqrt(q) * x)) * float(np.dot(p, phi(np.sqrt(q) * (c * x + other))))
        square = math.fsum(w * float(phi(np.sqrt(q) * x)) ** 2 for w, x in zip(p, z, strict=True))
        k, q = sigma_w**2 * product + sigma_b**2, sigma_w**2 * square + sigma_b**2
    return np.array(rows)


# signal-propagation: PyTorch, the square and the product as one matrix of covariances
def matrices(phi, slope, sigma_w, sigma_b, q, c, layers):
    import torch

    z = torch.arange(-340, 340, dtype=torch.float64) * 0.025 + 0.0125
    p = torch.softmax(-z.square() / 2, 0)
    x, y = torch.meshgrid(z, z, indexing="ij")
    P = torch.outer(p, p)
    K = (
        float(sigma_w) ** 2 * float(q) * torch.tensor([[1.0, c], [c, 1.0]], dtype=torch.float64)
        + float(sigma_b) ** 2
    )
    rows = []
    for _ in range(layers):
        q, c = K[0, 0], (K[0, 1] / K[0, 0]).clamp(-1, 1)
        u, v = q.sqrt() * x, q.sqrt() * (c * x + (1 - c * c).sqrt() * y)
        rows.append(torch.stack([q, c, sigma_w**2 * (P * slope(u) ** 2).sum()]))
        square, product = (P * phi(u) ** 2).sum(), (P * phi(u) * phi(v)).sum()
        K = sigma_w**2 * torch.stack([square, product, product, square]).reshape(2, 2) + sigma_b**2
    return torch.stack(rows, 1) if rows else torch.zeros(3, 0, dtype=torch.float64)
