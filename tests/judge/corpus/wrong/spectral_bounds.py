"""Spectral norms and the bounds made of them, with the faults that people make."""

import math

import torch
from torch.nn import functional as F


def _bounds(kernels, x, margin, confidence, options, norm, row=lambda A: A.norm(dim=1).sum(), lip=math.prod):
    dtype, x = x.dtype, x.double()
    norms, rows, widths, h = [], [], [x[0].numel()], x[:1]

    def layer(K, h):
        return F.conv2d(h, K, None, *options) if K.dim() == 4 else h.flatten(1) @ K.mT

    for K in [K.double() for K in kernels]:
        A = layer(K, torch.eye(widths[-1], dtype=torch.double).reshape(-1, *h.shape[1:])).flatten(1).mT
        norms.append(float(norm(K, A)))
        rows.append(float(row(A)))
        h = layer(K, h).relu()
        widths.append(len(A))

    def net(v):
        v = v[None]
        for K in kernels[:-1]:
            v = layer(K.double(), v).relu()
        return layer(kernels[-1].double(), v).flatten()

    if len(kernels) == 1:
        lower = float(torch.linalg.matrix_norm(A, 2))
    else:
        lower = float(
            torch.linalg.matrix_norm(torch.func.vmap(torch.func.jacrev(net))(x).flatten(2), 2).max()
        )
    R = sum((b * math.prod(norms[:l] + norms[l + 1 :])) ** (2 / 3) for l, b in enumerate(rows)) ** 1.5
    kappa, n = math.sqrt(2) if widths[-1] > 1 else 1.0, len(x)
    Q = math.sqrt(2) * kappa / margin * float(x.norm()) * R * math.sqrt(math.log(2 * max(widths) ** 2))
    gap = 24 * Q / n * (1 + max(0.0, math.log(n / 3 / Q))) if Q else 0.0
    gap += 3 * math.sqrt(math.log(2 / (1 - confidence)) / 2 / n)
    return tuple(torch.as_tensor(v, dtype=dtype) for v in (norms, lip(norms), lower, R, gap))


# spectral-bounds: the kernel flattened to a table, as in code for spectral normalisation
def kernel_flattened(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    options = (stride, padding, dilation, groups)
    return _bounds(
        kernels, x, margin, confidence, options, lambda K, A: torch.linalg.matrix_norm(K.flatten(1), 2)
    )


# spectral-bounds: one step of power iteration taken for the norm
def one_power_step(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    def norm(K, A):
        v = A.mT @ (A @ torch.ones(A.shape[1], dtype=A.dtype))
        return (A @ v).norm() / v.norm().clamp_min(1e-300)

    return _bounds(kernels, x, margin, confidence, (stride, padding, dilation, groups), norm)


# spectral-bounds: the Frobenius norm called the spectral norm
def frobenius_norm(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    return _bounds(kernels, x, margin, confidence, (stride, padding, dilation, groups), lambda K, A: A.norm())


# spectral-bounds: columns for rows in the (2,1) norm
def columns_of_the_weights(
    kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1
):
    options = (stride, padding, dilation, groups)
    return _bounds(
        kernels,
        x,
        margin,
        confidence,
        options,
        lambda K, A: torch.linalg.matrix_norm(A, 2),
        lambda A: A.norm(dim=0).sum(),
    )
