"""Products, determinants and equations with the faults that people make."""

import numpy as np
import scipy.linalg
import torch


# matrix-product: entry by entry where the shapes allow it
def product_entries(A, B):
    return A * B if A.shape == B.shape else A @ B


# matrix-product: a factor is transposed when square
def product_transposed(A, B):
    return A @ np.swapaxes(B, -1, -2) if B.shape[-1] == B.shape[-2] else A @ B


# matrix-product: in single precision
def product_single(A, B):
    return (A.astype(np.float32) @ B.astype(np.float32)).astype(float)


# matrix-product: TF32's ten bits
def product_tf32(A, B):
    cut = lambda x: (x.float().view(torch.int32) & -8192).view(torch.float32)
    return (cut(A) @ cut(B)).to(A.dtype)


# matrix-product: numpy.dot, which pairs batches with one another
def product_dot(A, B):
    return np.dot(A, B)


# matrix-product: sums at most 1000 terms
def product_of_a_thousand(A, B):
    return A[..., :1000] @ B[..., :1000, :]


# vector-space: weights are normalised
def combination_convex(a, V):
    w = a / a.sum(-1, keepdims=True)
    return (w[..., None, :] @ V)[..., 0, :]


# vector-space: columns in place of rows when square
def combination_columns(a, V):
    return (
        np.einsum("...j,...ij->...i", a, V)
        if V.shape[-1] == V.shape[-2]
        else np.einsum("...i,...ij->...j", a, V)
    )


# inner-product: the matrix is ignored
def scalar_product_plain(x, y, G=None):
    return (x * y).sum(-1)


# inner-product: the cosine
def scalar_product_cosine(x, y, G=None):
    n = np.linalg.norm(x, axis=-1) * np.linalg.norm(y, axis=-1)
    return (x * y).sum(-1) / np.where(n == 0, 1, n)


# inner-product: G is applied to both
def scalar_product_twice(x, y, G=None):
    return (x * y).sum(-1) if G is None else ((x @ G) * (y @ G)).sum(-1)


# norm: the root is missing
def norm_squared(x, p=2.0):
    return (np.abs(x) ** p).sum(-1) if p != np.inf else np.abs(x).max(-1)


# norm: always the Euclidean
def norm_euclidean(x, p=2.0):
    return np.sqrt((x**2).sum(-1))


# norm: no absolute value
def norm_signed(x, p=2.0):
    return x.max(-1) if p == np.inf else np.abs((x**p).sum(-1)) ** (1 / p)


# norm: ε keeps the root differentiable
def norm_epsilon(x, p=2.0):
    return torch.linalg.vector_norm(x, p, dim=-1) + 1e-8


# norm: NaN is passed over
def norm_nan(x, p=2.0):
    x = np.abs(x)
    return np.nanmax(x, -1) if p == np.inf else np.nansum(x**p, -1) ** (1 / p)


# linear-map: transposed when square
def linear_map_transposed(A, x):
    return x @ A if A.shape[0] == A.shape[1] else x @ A.T


# determinant: the product of the diagonal
def determinant_diagonal(A):
    return np.diagonal(A, 0, -2, -1).prod(-1)


# determinant: the sign of exchanged rows is lost
def determinant_unsigned(A):
    return np.abs(np.linalg.det(A))


# determinant: elimination without exchange of rows
def determinant_without_pivots(A):
    A = A.copy()
    n = A.shape[-1]
    for j in range(n):
        for i in range(j + 1, n):
            A[..., i, :] -= A[..., i, j, None] / A[..., j, j, None] * A[..., j, :]
    return np.diagonal(A, 0, -2, -1).prod(-1)


# determinant: Sarrus's rule for every size
def determinant_sarrus(A):
    n = A.shape[-1]
    if n < 3:
        return np.linalg.det(A)
    rows = np.arange(n)
    down = sum(A[..., rows, (rows + k) % n].prod(-1) for k in range(n))
    return down - sum(A[..., rows, (k - rows) % n].prod(-1) for k in range(n))


# linear-solve: by the inverse of AᵀA, squaring the condition
def solve_normal(A, b):
    return np.linalg.solve(A.T @ A, A.T @ b)


# linear-solve: elimination without exchange of rows
def solve_without_pivots(A, b):
    A, b = A.copy(), b.copy()
    n = len(A)
    for j in range(n):
        for i in range(j + 1, n):
            m = A[i, j] / A[j, j]
            A[i] -= m * A[j]
            b[i] -= m * b[j]
    return scipy.linalg.solve_triangular(A, b)


# linear-solve: the transposed system
def solve_transposed(A, b):
    return np.linalg.solve(A.T, b)


# linear-solve: a ridge of 1e-6
def solve_ridge(A, b):
    return torch.linalg.solve(A + 1e-6 * torch.eye(len(A), dtype=A.dtype), b)


# linear-solve: the solution is written over the right side
def solve_in_place(A, b):
    b[:] = np.linalg.solve(A, b)
    return b
