"""Lanczos' method, written in other ways."""

import numpy as np
import torch


# hessian-spectrum: NumPy, the basis as columns, the recursion's own coefficients
def spectrum_by_coefficients(H, v, steps):
    H, v = np.asarray(H, float), np.asarray(v, float)
    if (
        H.ndim != 2
        or H.shape != (len(v), len(v))
        or not np.allclose(H, H.T, rtol=0, atol=1e-12 * np.abs(H).max())
    ):
        raise ValueError("a symmetric matrix and a start of its size")
    if steps < 1 or not v.any():
        raise ValueError("at least one product, from a start that is not zero")
    n = len(v)
    Q = np.zeros((n, min(steps, n)))
    Q[:, 0] = v / np.linalg.norm(v)
    a, b = [], []
    for k in range(Q.shape[1]):
        w = H @ Q[:, k]
        a.append(w @ Q[:, k])
        for _ in range(3):
            w = w - Q[:, : k + 1] @ (Q[:, : k + 1].T @ w)
        b.append(np.linalg.norm(w))
        if k + 1 == n or b[-1] <= 1e-10 * np.abs(H).max():
            b[-1] = 0.0
            break
        if k + 1 < Q.shape[1]:
            Q[:, k + 1] = w / b[-1]
    theta, S = np.linalg.eigh(np.diag(a) + np.diag(b[: len(a) - 1], 1) + np.diag(b[: len(a) - 1], -1))
    return theta, S[0] ** 2, b[-1] * np.abs(S[-1])


# hessian-spectrum: torch, Rayleigh and Ritz on the basis of an Arnoldi process, residuals from the vectors
def spectrum_by_ritz_vectors(H, v, steps):
    if steps < 1 or H.dim() != 2 or H.shape != (len(v), len(v)) or not torch.allclose(H, H.mT, rtol=0, atol=1e-6 * float(H.abs().max())):  # fmt: skip
        raise ValueError("a symmetric matrix, a start of its size, at least one product")
    if not v.any():
        raise ValueError("a start that is not zero")
    small = 1e-10 if v.dtype == torch.float64 else 1e-5
    basis, over = (v / v.norm())[None], v.new_zeros(())
    for k in range(1, steps + 1):
        w = H @ basis[-1]
        for _ in range(2):
            w = w - basis.mT @ (basis @ w)
        over = w.norm()
        if k == len(v) or over <= small * H.abs().max():
            over = torch.zeros_like(over)
            break
        if k < steps:
            basis = torch.cat([basis, (w / over)[None]])
    theta, S = torch.linalg.eigh(basis @ H @ basis.mT)
    return theta, S[0].square(), over * S[-1].abs()
