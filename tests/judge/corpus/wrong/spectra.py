"""Lanczos' method with the faults that people make."""

import numpy as np


# hessian-spectrum: the recursion of three terms alone, whose rounding makes copies
def spectrum_by_three_terms(H, v, steps):
    q, before, beta = v / np.linalg.norm(v), np.zeros_like(v), 0.0
    a, b = [], []
    for _ in range(min(steps, len(v))):
        w = H @ q - beta * before
        a.append(q @ w)
        w = w - a[-1] * q
        beta = np.linalg.norm(w)
        b.append(beta if len(a) < len(v) and beta > 1e-10 * np.abs(H).max() else 0.0)
        if b[-1] == 0:
            break
        before, q = q, w / beta
    theta, S = np.linalg.eigh(np.diag(a) + np.diag(b[:-1], 1) + np.diag(b[:-1], -1))
    return theta, S[0] ** 2, b[-1] * np.abs(S[-1])


# hessian-spectrum: the rows and columns of the eigenvectors are mixed up: weights from one eigenvector
def spectrum_weights_of_one_vector(H, v, steps):
    Q = [v / np.linalg.norm(v)]
    beta = 0.0
    for k in range(min(steps, len(v))):
        w = H @ Q[k]
        for _ in range(2):
            w = w - np.array(Q).T @ (np.array(Q) @ w)
        beta = np.linalg.norm(w)
        if len(Q) == len(v) or beta <= 1e-10 * np.abs(H).max():
            beta = 0.0
            break
        if k + 1 < steps:
            Q.append(w / beta)
    Q = np.array(Q)
    theta, S = np.linalg.eigh(Q @ H @ Q.T)
    return theta, S[:, 0] ** 2, beta * np.abs(S[:, -1])


# hessian-spectrum: one product too few: the last vector of the basis has no part in T
def spectrum_one_product_short(H, v, steps):
    Q = [v / np.linalg.norm(v)]
    beta = 0.0
    for _ in range(max(min(steps, len(v)) - 1, 1)):
        w = H @ Q[-1]
        for _ in range(2):
            w = w - np.array(Q).T @ (np.array(Q) @ w)
        beta = np.linalg.norm(w)
        if len(Q) == len(v) or beta <= 1e-10 * np.abs(H).max():
            beta = 0.0
            break
        Q.append(w / beta)
    B = np.array(Q[: max(len(Q) - 1, 1)])
    theta, S = np.linalg.eigh(B @ H @ B.T)
    return theta, S[0] ** 2, beta * np.abs(S[-1])
