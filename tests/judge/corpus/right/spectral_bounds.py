"""Spectral norms and the bounds made of them in other styles: Gram matrices in torch, layers called on unit vectors."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def _gap(Q, n, confidence):
    integral = 12 * Q / n * (1 + (math.log(n / 3 / Q) if n > 3 * Q else 0.0)) if Q else 0.0
    return 2 * integral + 3 * math.sqrt(math.log(2 / (1 - confidence)) / 2 / n)


# spectral-bounds: torch, every layer called on unit vectors, the Jacobians by automatic differentiation
def spectral_by_calls(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    dtype, x = x.dtype, x.double()
    kernels = [K.double() for K in kernels]

    def layer(K, h):
        if K.dim() == 4:
            return F.conv2d(h, K, None, stride, padding, dilation, groups)
        return h.flatten(1) @ K.mT

    def net(h):
        for K in kernels[:-1]:
            h = layer(K, h).relu()
        return layer(kernels[-1], h)

    norms, rows, widths, h = [], [], [x[0].numel()], x[:1]
    for K in kernels:
        unit = torch.eye(widths[-1], dtype=torch.double).reshape(-1, *h.shape[1:])
        A = layer(K, unit).flatten(1).mT
        gram = A @ A.mT if len(A) < A.shape[1] else A.mT @ A
        norms.append(float(torch.linalg.eigvalsh(gram)[-1].clamp_min(0).sqrt()))
        rows.append(float(A.norm(dim=1).sum()))
        h = layer(K, h).relu()
        widths.append(len(A))
    if len(kernels) == 1:
        lower = norms[0]
    else:
        J = torch.func.vmap(torch.func.jacrev(lambda v: net(v[None]).flatten()))(x).flatten(2)
        lower = float(torch.linalg.matrix_norm(J, 2).max())
    terms = [b * math.prod(norms[:l] + norms[l + 1 :]) for l, b in enumerate(rows)]
    R = sum(t ** (2 / 3) for t in terms) ** 1.5
    kappa = math.sqrt(2) if widths[-1] > 1 else 1.0
    Q = math.sqrt(2) * kappa / margin * float(x.norm()) * R * math.sqrt(math.log(2 * max(widths) ** 2))
    values = norms, math.prod(norms), lower, R, _gap(Q, len(x), confidence)
    return tuple(torch.as_tensor(v, dtype=dtype) for v in values)


# spectral-bounds: NumPy, rows of a convolution's matrix from padded unit images, masks in a loop over the samples
def spectral_by_windows(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    n, shape, matrices = len(x), x.shape[1:], []
    for K in kernels:
        if K.ndim == 2:
            matrices.append(K)
            shape = (len(K),)
            continue
        C, H, V = shape
        unit = np.pad(
            np.eye(C * H * V).reshape(-1, C, H, V), ((0, 0), (0, 0), (padding, padding), (padding, padding))
        )
        O, I, k, kk = K.shape
        p = (unit.shape[2] - dilation * (k - 1) - 1) // stride + 1
        q = (unit.shape[3] - dilation * (kk - 1) - 1) // stride + 1
        out = np.zeros((len(unit), O, p, q))
        for a in range(k):
            for b in range(kk):
                part = unit[:, :, a * dilation :: stride, b * dilation :: stride][:, :, :p, :q]
                for g in range(groups):
                    o = slice(g * O // groups, (g + 1) * O // groups)
                    out[:, o] += np.einsum("oi,nipq->nopq", K[o, :, a, b], part[:, g * I : (g + 1) * I])
        matrices.append(out.reshape(len(unit), -1).T)
        shape = (O, p, q)
    norms = np.array([np.linalg.norm(M, 2) for M in matrices])
    lower = 0.0 if len(matrices) > 1 else norms[0]
    for row in x.reshape(n, -1) if len(matrices) > 1 else ():
        h, J = row, np.eye(len(row))
        for M in matrices[:-1]:
            z = M @ h
            h, J = z * (z > 0), (M @ J) * (z > 0)[:, None]
        lower = max(lower, np.linalg.norm(matrices[-1] @ J, 2))
    rows = np.array([np.linalg.norm(M, axis=1).sum() for M in matrices])
    R = sum((b * np.prod(np.delete(norms, l))) ** (2 / 3) for l, b in enumerate(rows)) ** 1.5
    W = max(max(M.shape) for M in matrices)
    kappa = np.sqrt(2) if len(matrices[-1]) > 1 else 1.0
    Q = np.sqrt(2) * kappa * np.linalg.norm(x) * R * np.sqrt(np.log(2 * W * W)) / margin
    return norms, norms.prod(), lower, R, _gap(Q, n, confidence)
