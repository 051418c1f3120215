"""Linear algebra as users write it: NumPy, SciPy, torch, loops, other algorithms than the page's."""

import numpy as np
import scipy.linalg
import scipy.sparse.linalg
import torch
from sklearn.decomposition import PCA

# matrix-product: NumPy's own function
product_numpy = np.matmul

# matrix-product: torch's own function
product_torch = torch.matmul


# matrix-product: einsum
def product_einsum(A, B):
    return np.einsum("...ij,...jk->...ik", A, B)


# matrix-product: three loops over lists
def product_lists(A, B):
    return [[sum(a * b for a, b in zip(row, col, strict=True)) for col in zip(*B, strict=True)] for row in A]


# vector-space: a product with a row
def combination(a, V):
    return (a[..., None, :] @ V)[..., 0, :]


# vector-space: tensordot, unbatched
def combination_tensordot(a, V):
    return np.tensordot(a, V, 1)


# inner-product: with an optional matrix
def scalar_product(x, y, G=None):
    return (x * y).sum(-1) if G is None else ((x @ G) * y).sum(-1)


# inner-product: torch's, no matrix
def scalar_product_torch(x, y):
    return torch.linalg.vecdot(x, y)


# norm: NumPy
def norm_numpy(x, p=2.0):
    return np.linalg.norm(x, p, axis=-1)


# norm: scaled by the largest entry
def norm_scaled(x, p=2.0):
    top = np.abs(x).max(-1, keepdims=True)
    safe = np.where((top == 0) | np.isinf(top), 1, top)
    if p == np.inf:
        return top[..., 0]
    return top[..., 0] * (np.abs(x / safe) ** p).sum(-1) ** (1 / p)


# norm: torch
def norm_torch(x, p=2.0):
    return torch.linalg.vector_norm(x, p, dim=-1)


# linear-map: NumPy
def linear_map_numpy(A, x):
    return x @ A.T


# linear-map: einsum
def linear_map_einsum(A, x):
    return torch.einsum("ij,...j->...i", A, x)


# determinant: NumPy's own function
determinant_numpy = np.linalg.det

# determinant: torch's own function
determinant_torch = torch.linalg.det


# determinant: SciPy
def determinant_scipy(A):
    return scipy.linalg.det(A)


# determinant: Laplace's expansion of one matrix
def determinant_laplace(A):
    n = len(A)
    if n == 1:
        return A[0][0]
    minors = ([row[:j] + row[j + 1 :] for row in A[1:]] for j in range(n))
    return sum((-1) ** j * A[0][j] * determinant_laplace(m) for j, m in enumerate(minors))


# linear-solve: SciPy
def solve_scipy(A, b):
    return scipy.linalg.solve(A, b)


# linear-solve: torch's own function
solve_torch = torch.linalg.solve


# linear-solve: by LU factors
def solve_lu(A, b):
    return scipy.linalg.lu_solve(scipy.linalg.lu_factor(A), b)


# linear-solve: by QR
def solve_qr(A, b):
    q, r = np.linalg.qr(A)
    return scipy.linalg.solve_triangular(r, q.T @ b)


# lu: SciPy
def lu_scipy(A):
    return scipy.linalg.lu(A)


# lu: in place on a copy
def lu_in_place(A):
    n, A = len(A), A.copy()
    order = np.arange(n)
    for j in range(n - 1):
        i = j + np.argmax(np.abs(A[j:, j]))
        A[[j, i]], order[[j, i]] = A[[i, j]], order[[i, j]]
        if A[j, j] != 0:
            A[j + 1 :, j] /= A[j, j]
            A[j + 1 :, j + 1 :] -= np.outer(A[j + 1 :, j], A[j, j + 1 :])
    return np.eye(n)[order].T, np.tril(A, -1) + np.eye(n), np.triu(A)


# cholesky: NumPy's own function
cholesky_numpy = np.linalg.cholesky


# cholesky: by rows and columns
def cholesky_by_hand(A):
    n = len(A)
    L = np.zeros_like(A)
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
    return L


# cholesky: SciPy
def cholesky_scipy(A):
    return scipy.linalg.cholesky(A, lower=True)


# gram-schmidt: one matrix, both forms
def gram_schmidt_loop(A, modified=True):
    Q = A.astype(float).copy()
    n = Q.shape[1]
    R = np.zeros((n, n))
    for j in range(n):
        v = A[:, j].copy()
        for i in range(j):
            R[i, j] = Q[:, i] @ (v if modified else A[:, j])
            v -= R[i, j] * Q[:, i]
        R[j, j] = np.linalg.norm(v)
        Q[:, j] = v / R[j, j]
    return Q, R


# basis: Householder, signs left as they come
def basis_householder(A):
    return np.linalg.qr(A)


# basis: torch's own function
basis_torch = torch.linalg.qr


# eigen: NumPy's own function
eigen_numpy = np.linalg.eigh


# eigen: SciPy, one matrix
def eigen_scipy(A):
    return scipy.linalg.eigh(A)


# power-iteration: one matrix
def power_loop(A, x0, steps):
    x = x0 / np.linalg.norm(x0)
    values, vectors = [x @ A @ x], [x]
    for _ in range(steps):
        x = A @ x
        x = x / np.linalg.norm(x)
        values.append(x @ A @ x)
        vectors.append(x)
    return np.array(values), np.array(vectors)


# conjugate-gradients: as in the textbooks
def cg_loop(A, b, steps):
    x, r = np.zeros_like(b), b.copy()
    p, rr = r.copy(), r @ r
    path = [x]
    for _ in range(steps):
        if rr > 0:
            Ap = A @ p
            a = rr / (p @ Ap)
            x, r = x + a * p, r - a * Ap
            rr, old = r @ r, rr
            p = r + (rr / old) * p
        path.append(x)
    return np.array(path)


# svd: NumPy
def svd_numpy(A):
    return np.linalg.svd(A, full_matrices=False)


# svd: SciPy by the other driver
def svd_scipy(A):
    return scipy.linalg.svd(A, full_matrices=False, lapack_driver="gesvd")


# pca: by the SVD of the centred data
def pca_svd(X, k):
    mean = X.mean(0)
    _, s, Vt = np.linalg.svd(X - mean, full_matrices=False)
    return mean, Vt[:k], s[:k] ** 2 / (len(X) - 1)


# pca: scikit-learn
def pca_sklearn(X, k):
    p = PCA(n_components=k, svd_solver="full").fit(X)
    return p.mean_, p.components_, p.explained_variance_


# pca: torch, covariance and eigenvectors, other signs
def pca_torch(X, k):
    mean = X.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(X.mT).reshape(X.shape[1], -1))
    return mean, -vectors.flip(-1)[:, :k].mT, values.flip(-1)[:k]


# randomized-svd: NumPy
def sketch(A, Omega, k, q=0):
    Q, _ = np.linalg.qr(A @ Omega)
    for _ in range(q):
        Q, _ = np.linalg.qr(A @ np.linalg.qr(A.T @ Q)[0])
    U, s, Vt = np.linalg.svd(Q.T @ A, full_matrices=False)
    return Q @ U[:, :k], s[:k], Vt[:k]


# saddle-points: signs of the eigenvalues
def kind_of_point(H):
    e = np.linalg.eigvalsh(H)
    tiny = 1e-12 * np.abs(H).max((-2, -1))[..., None]
    up, down = (e > tiny), (e < -tiny)
    code = np.where(up.all(-1), 1, np.where(down.all(-1), -1, 3))
    return np.where(up.any(-1) & down.any(-1), 0, code)
