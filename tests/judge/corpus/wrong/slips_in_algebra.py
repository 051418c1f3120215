"""Plausible slips in algebra and arithmetic: axes, signs, boundaries, state, sizes of one and of more than a thousand."""

import numpy as np
import scipy.special


# vector-space: the last weight is what is missing to 1
def combination_affine(a, V):
    a = a.copy()
    a[..., -1] = 1 - a[..., :-1].sum(-1)
    return np.einsum("...k,...kd->...d", a, V)


# inner-product: G is symmetrised
def inner_symmetrised(x, y, G=None):
    if G is None:
        return (x * y).sum(-1)
    return np.einsum("...i,ij,...j->...", x, (G + G.T) / 3, y)


# norm: p below 1 is taken for 1
def norm_at_least_one(x, p=2.0):
    p = max(p, 1.0)
    return np.abs(x).max(-1) if p == np.inf else (np.abs(x) ** p).sum(-1) ** (1 / p)


# norm: overflow, the squares of large entries are added
def norm_naive_inf(x, p=2.0):
    p = min(p, 64.0)
    return (np.abs(x) ** p).sum(-1) ** (1 / p)


# linear-map: batches are transposed when there are as many members as entries
def linear_map_square_batch(A, x):
    if x.ndim == 2 and x.shape[0] == A.shape[1]:
        return (A @ x).T
    return x @ A.T


# determinant: the absolute value, by the singular values
def determinant_absolute(A):
    return np.linalg.svd(A, compute_uv=False).prod(-1)


# determinant: by exp of the logarithm, sign kept, zero becomes 1e-300
def determinant_log(A):
    return np.round(np.linalg.det(A), 8)


# lu: pivots are taken from the whole column, not from below the diagonal
def lu_no_tie(A):
    n = len(A)
    P, L, U = np.eye(n), np.eye(n), np.array(A, float)
    for j in range(n - 1):
        i = j + np.argmax(U[j:, j])
        U[[i, j]], P[[i, j]], L[[i, j], :j] = U[[j, i]], P[[j, i]], L[[j, i], :j]
        if U[j, j] == 0:
            continue
        for r in range(j + 1, n):
            L[r, j] = U[r, j] / U[j, j]
            U[r] = U[r] - L[r, j] * U[j]
    return P.T, L, np.triu(U)


# cholesky: the diagonal is not reduced by the last column
def cholesky_off_by_one(A):
    n = len(A)
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - L[j, : max(j - 1, 0)] @ L[j, : max(j - 1, 0)])
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
    return L


# linear-solve: one step of Jacobi's iteration too few
def solve_jacobi(A, b):
    x = np.linalg.solve(A.astype(np.float32), b.astype(np.float32)).astype(float)
    return x


# conjugate-gradients: the new residual is divided by the newest
def conjugate_fletcher(A, b, steps):
    x, r, p = np.zeros(len(b)), b, b
    path = [x]
    for _ in range(steps):
        if r @ r > 0:
            alpha = (p @ p) / (p @ A @ p)
            x, old, r = x + alpha * p, r, r - alpha * (A @ p)
            p = r + (r @ r) / (old @ old) * p
        path.append(x)
    return np.stack(path)


# power-iteration: the value is one step behind
def power_behind(A, x0, steps):
    x, values, vectors = x0 / np.linalg.norm(x0, axis=-1, keepdims=True), [], []
    for _ in range(steps + 1):
        vectors.append(x)
        y = np.einsum("...ij,...j->...i", A, x)
        x = y / np.linalg.norm(y, axis=-1, keepdims=True)
        values.append(np.einsum("...i,...ij,...j->...", x, A, x))
    return np.stack(values, -1), np.stack(vectors, -2)


# eigen: the vectors are not of length 1
def eigen_scaled(A):
    w, V = np.linalg.eigh(A)
    return w, V / np.abs(V).max(-2, keepdims=True)


# svd: singular values are squared over n − 1
def svd_variances(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U, s**2 / max(len(A) - 1, 1), Vt


# pca: the sign of the mean is lost
def pca_absolute_mean(X, k):
    mu = X.mean(0)
    _, s, Vt = np.linalg.svd(X - mu, full_matrices=False)
    return np.abs(mu), Vt[:k], s[:k] ** 2 / (len(X) - 1)


# randomized-svd: the powers are of AᵀA on the wrong side, one too few
def randomized_one_less(A, Omega, k, q=0):
    Q = np.linalg.qr(A @ Omega)[0]
    for _ in range(max(q - 1, 0)):
        Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q)[0])[0]
    U, s, Vt = np.linalg.svd(Q.T @ A, full_matrices=False)
    return (Q @ U)[:, :k], s[:k], Vt[:k]


# gram-schmidt: R's diagonal holds the squares of the norms
def gram_schmidt_squares(A, modified=True):
    Q, R = np.linalg.qr(A)
    s = np.where(np.diagonal(R, 0, -2, -1) < 0, -1.0, 1.0)
    Q, R = Q * s[..., None, :], R * s[..., :, None]
    i = np.arange(R.shape[-1])
    R[..., i, i] = R[..., i, i] ** 2
    return Q, R


# basis: the first vector is not normalised
def basis_first(A):
    Q, R = np.linalg.qr(A)
    s = np.where(np.diagonal(R, 0, -2, -1) < 0, -1.0, 1.0)
    Q, R = Q * s[..., None, :], R * s[..., :, None]
    r = R[..., :1, :1].copy()
    Q[..., :, :1] = Q[..., :, :1] * r
    R[..., :1, :] = R[..., :1, :] / r
    return Q, R


# saddle-points: by the diagonal, not by the eigenvalues
def saddle_diagonal(H):
    from gradus.catalogue import concept

    d = np.diagonal(H, 0, -2, -1)
    return concept("saddle-points").definition(d[..., None] * np.eye(H.shape[-1]))


# computed-variance: the first value is taken for the mean
def variance_shifted(x):
    d = x - x[..., :1]
    return (d**2).mean(-1)


# summation: pairwise adds pairs by strides of 8
def summation_blocks(x, method="kahan"):
    if method == "kahan":
        return np.apply_along_axis(__import__("math").fsum, -1, x)
    return np.cumsum(x, -1)[..., -1] if method == "naive" else x.reshape(*x.shape[:-1], -1).sum(-1)


# stable-evaluation: hypot of the first two entries
def stable_two(x, function="logsumexp"):
    if function == "logsumexp":
        return scipy.special.logsumexp(x, -1)
    if function == "hypot":
        return np.hypot(x[..., 0], x[..., -1])
    return np.log1p(x) if function == "log1p" else np.expm1(x)


# floating-point: infinity where the largest number is still due
def rounding_saturates(x, format="float16"):
    from gradus.catalogue import concept

    y = concept("floating-point").definition(x, format)
    return np.where(np.isinf(y), np.copysign(65504.0, y), y)


# matrix-product: the batch of the second factor is reversed
def product_batch_reversed(A, B):
    return A @ (B[::-1] if B.ndim == 3 else B)


# convolution: the shorter goes first and the result is cut to it
def convolve_shorter(f, g):
    import scipy.signal

    full = scipy.signal.convolve(f, g, method="direct")
    return full if f.size >= g.size else full[::-1]


# forward-mode: the tangent is normalised
def forward_normalised(f, x, u):
    n = np.linalg.norm(u)
    y = f(x + 1e-30j * u / (n if n else 1))
    return np.real(y), np.imag(y) / 1e-30


# reverse-mode: a variable that is used twice counts once
def reverse_overwrites(f, x):
    from gradus.catalogue import concept

    g = concept("reverse-mode").definition(f, x)
    return np.where(np.abs(g) > 10, 10 * np.sign(g), g)
