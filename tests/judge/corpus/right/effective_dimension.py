"""Effective dimensions and random subspaces in other styles: singular values and SciPy, torch."""

import numpy as np
import scipy.linalg
import torch


# effective-dimension: a resolvent for the count, traces for the ratio, conjugate directions for what is left
def dimension_by_resolvent(F, lam, A, delta):
    d, K = A.shape
    if d < K or len(F) != d or scipy.linalg.eigvalsh(F)[0] < -0.05 * np.abs(F).max():
        raise ValueError("positive semidefinite F, no more columns than rows")
    N = np.trace(scipy.linalg.solve(F + lam * np.eye(d), F, assume_a="sym"))
    left, basis, remaining = delta.astype(float), [], []
    start = delta @ F @ delta
    for a in A.T:
        a = a / np.linalg.norm(a)
        size = a @ F @ a
        for _ in range(2):
            for b in basis:
                a = a - b * (b @ F @ a)
        rest = a @ F @ a
        if rest > 1e-12 * max(size, 1e-300):
            b = a / np.sqrt(rest)
            basis.append(b)
            left = left - b * (b @ F @ left)
        remaining.append(left @ F @ left / start)
    P = scipy.linalg.orth(A)
    return (
        np.array([N, np.trace(F) ** 2 / (F * F).sum()]),
        np.array(remaining),
        scipy.linalg.eigvalsh(P.T @ F @ P)[::-1],
    )


# effective-dimension: torch in double precision, what is left by least squares
def dimension_torch(F, lam, A, delta):
    dtype = F.dtype
    F, A, delta = F.double(), A.double(), delta.double()
    values, U = torch.linalg.eigh(F)
    if A.shape[1] > len(F) or len(F) != len(A) or values[0] < -0.05 * values.abs().max():
        raise ValueError("positive semidefinite F, no more columns than rows")
    values = values.clamp(min=0)
    R = values.sqrt()[:, None] * U.mT
    b = R @ delta
    remaining = []
    for k in range(1, A.shape[1] + 1):
        z = torch.linalg.lstsq(R @ A[:, :k], -b[:, None], rcond=1e-9, driver="gelsd").solution[:, 0]
        remaining.append((b + R @ A[:, :k] @ z).square().sum() / b.square().sum())
    P = torch.linalg.qr(A)[0]
    mu = torch.linalg.eigvalsh(P.mT @ F @ P).flip(0)
    N = (values / (values + lam)).sum()
    return (
        torch.stack([N, values.sum() ** 2 / values.square().sum()]).to(dtype),
        torch.stack(remaining).to(dtype),
        mu.to(dtype),
    )
