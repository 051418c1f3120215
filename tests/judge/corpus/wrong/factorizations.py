"""Factorisations and iterations with the faults that people make."""

import numpy as np
import scipy.linalg


# lu: the permutation transposed
def lu_permutation(A):
    P, L, U = scipy.linalg.lu(A)
    return P.T, L, U


# lu: the permutation is multiplied in
def lu_multiplied(A):
    return scipy.linalg.lu(A, permute_l=True)


# lu: no exchange of rows
def lu_without_pivots(A):
    n, U, L = len(A), A.copy(), np.eye(len(A))
    for j in range(n):
        for i in range(j + 1, n):
            L[i, j] = U[i, j] / U[j, j]
            U[i] -= L[i, j] * U[j]
    return np.eye(n), L, np.triu(U)


# lu: Crout's form: the diagonal of ones is U's
def lu_crout(A):
    P, L, U = scipy.linalg.lu(A)
    d = np.diag(U).copy()
    d[d == 0] = 1
    return P, L * d, U / d[:, None]


# cholesky: the upper factor
def cholesky_upper(A):
    return scipy.linalg.cholesky(A)


# cholesky: the upper half holds what was there
def cholesky_dirty(A):
    return scipy.linalg.cho_factor(A, lower=True)[0]


# cholesky: a jitter of 1e-6
def cholesky_jitter(A):
    return np.linalg.cholesky(A + 1e-6 * np.eye(len(A)))


# cholesky: the square root of the matrix
def cholesky_root(A):
    w, V = np.linalg.eigh(A)
    return V * np.sqrt(w) @ V.T


# cholesky: LDLᵀ without the root of D
def cholesky_ldl(A):
    L = np.linalg.cholesky(A)
    return L / np.diag(L)


# gram-schmidt: always the classical form
def gram_schmidt_classical(A, modified=True):
    Q, R = np.zeros_like(A), np.zeros((*A.shape[:-2], A.shape[-1], A.shape[-1]))
    for j in range(A.shape[-1]):
        v = A[..., :, j]
        for i in range(j):
            R[..., i, j] = (Q[..., :, i] * A[..., :, j]).sum(-1)
            v = v - R[..., i, j, None] * Q[..., :, i]
        R[..., j, j] = np.sqrt((v * v).sum(-1))
        Q[..., :, j] = v / R[..., j, j, None]
    return Q, R


# gram-schmidt: R is transposed
def gram_schmidt_lower(A, modified=True):
    Q, R = np.linalg.qr(A)
    return Q, np.swapaxes(R, -1, -2)


# basis: columns normalised only
def basis_normalised(A):
    n = np.linalg.norm(A, axis=-2, keepdims=True)
    return A / n, np.eye(A.shape[-1]) * n


# basis: orthogonalised against the previous vector alone
def basis_previous(A):
    Q, R = A.copy(), np.zeros((*A.shape[:-2], A.shape[-1], A.shape[-1]))
    for j in range(A.shape[-1]):
        if j:
            R[..., j - 1, j] = (Q[..., :, j - 1] * A[..., :, j]).sum(-1)
            Q[..., :, j] -= R[..., j - 1, j, None] * Q[..., :, j - 1]
        R[..., j, j] = np.linalg.norm(Q[..., :, j], axis=-1)
        Q[..., :, j] /= R[..., j, j, None]
    return Q, R


# eigen: descending
def eigen_descending(A):
    w, V = np.linalg.eigh(A)
    return w[..., ::-1], V[..., ::-1]


# eigen: eigenvectors as rows
def eigen_rows(A):
    w, V = np.linalg.eigh(A)
    return w, np.swapaxes(V, -1, -2)


# eigen: of the general routine, unsorted
def eigen_unsorted(A):
    w, V = np.linalg.eig(A)
    return w, V


# eigen: sorted by absolute value
def eigen_absolute(A):
    w, V = np.linalg.eigh(A)
    order = np.argsort(np.abs(w), -1)
    return np.take_along_axis(w, order, -1), np.take_along_axis(V, order[..., None, :], -1)


# power-iteration: the norm in place of the Rayleigh quotient
def power_norm(A, x0, steps):
    x = x0 / np.linalg.norm(x0, axis=-1, keepdims=True)
    values, vectors = [], []
    for _ in range(steps + 1):
        y = (A @ x[..., None])[..., 0]
        vectors.append(x)
        values.append(np.linalg.norm(y, axis=-1))
        x = y / values[-1][..., None]
    return np.stack(values, -1), np.stack(vectors, -2)


# conjugate-gradients: steepest descent
def steepest(A, b, steps):
    x, path = 0 * b, [0 * b]
    for _ in range(steps):
        r = b - A @ x
        x = x + (r @ r) / (r @ A @ r) * r if r @ r > 0 else x
        path.append(x)
    return np.array(path)


# conjugate-gradients: β upside down
def cg_beta(A, b, steps):
    x, r, p = 0 * b, b, b
    path = [x]
    for _ in range(steps):
        if r @ r > 0:
            a = (r @ r) / (p @ A @ p)
            x, old, r = x + a * p, r, r - a * (A @ p)
            p = r + (old @ old) / (r @ r + 1e-300) * p
        path.append(x)
    return np.array(path)
