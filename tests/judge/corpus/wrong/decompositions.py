"""Decompositions of data and floating-point arithmetic with the faults that people make."""

import math

import numpy as np
import torch


# svd: V for Vᵀ
def svd_transposed(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U, s, Vt.T


# svd: eigenvalues of AᵀA, not their roots
def svd_squares(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U, s**2, Vt


# svd: by AᵀA, small singular values are lost
def svd_gram(A):
    w, V = np.linalg.eigh(A.T @ A)
    k = min(A.shape)
    s = np.sqrt(np.maximum(w[::-1][:k], 0))
    V = V[:, ::-1][:, :k]
    return A @ V / s, s, V.T


# svd: full matrices
def svd_full(A):
    return np.linalg.svd(A)


# svd: ascending
def svd_ascending(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U[:, ::-1], s[::-1], Vt[::-1]


# pca: not centred
def pca_uncentred(X, k):
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    return X.mean(0), Vt[:k], s[:k] ** 2 / (len(X) - 1)


# pca: divided by n
def pca_biased(X, k):
    _, s, Vt = np.linalg.svd(X - X.mean(0), full_matrices=False)
    return X.mean(0), Vt[:k], s[:k] ** 2 / len(X)


# pca: the least variances
def pca_ascending(X, k):
    w, V = np.linalg.eigh(np.cov(X.T).reshape(X.shape[1], -1))
    return X.mean(0), V[:, :k].T, w[:k]


# pca: components as columns
def pca_columns(X, k):
    _, s, Vt = np.linalg.svd(X - X.mean(0), full_matrices=False)
    return X.mean(0), Vt[:k].T, s[:k] ** 2 / (len(X) - 1)


# pca: columns are standardised
def pca_standardised(X, k):
    sd = X.std(0, ddof=1)
    _, s, Vt = np.linalg.svd((X - X.mean(0)) / sd, full_matrices=False)
    return X.mean(0), Vt[:k], s[:k] ** 2 / (len(X) - 1)


# pca: standard deviations for variances
def pca_deviations(X, k):
    _, s, Vt = np.linalg.svd(X - X.mean(0), full_matrices=False)
    return X.mean(0), Vt[:k], s[:k] / math.sqrt(len(X) - 1)


# pca: centres its input in place
def pca_in_place(X, k):
    mean = X.mean(0)
    X -= mean
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    return mean, Vt[:k], s[:k] ** 2 / (len(X) - 1)


# randomized-svd: powers without orthonormalising
def sketch_powers(A, Omega, k, q=0):
    Y = A @ Omega
    for _ in range(q):
        Y = A @ (A.T @ (A @ (A.T @ Y)))
    Q = np.linalg.qr(Y)[0]
    U, s, Vt = np.linalg.svd(Q.T @ A, full_matrices=False)
    return Q @ U[:, :k], s[:k], Vt[:k]


# randomized-svd: the sketch is cut to k before the SVD
def sketch_cut(A, Omega, k, q=0):
    Q = np.linalg.qr(A @ Omega[:, :k])[0]
    for _ in range(q):
        Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q)[0])[0]
    U, s, Vt = np.linalg.svd(Q.T @ A, full_matrices=False)
    return Q @ U, s, Vt


# saddle-points: by the determinant
def kind_by_determinant(H):
    d, n = np.linalg.det(H), H.shape[-1]
    first = H[..., 0, 0]
    return np.where(d < 0, 0, np.where(d > 0, np.where(first > 0, 1, -1), 3)) if n > 1 else np.sign(first)


# saddle-points: minimum and maximum exchanged
def kind_exchanged(H):
    w = np.linalg.eigvalsh(H)
    tiny = 1e-12 * np.abs(H).max((-2, -1))
    low, high = w[..., 0], w[..., -1]
    return np.select([(low < -tiny) & (high > tiny), low > tiny, high < -tiny], [0, -1, 1], 3)


# critical-points: by the second derivative alone
def kind_by_curvature(f, x, r=1e-3):
    slope = lambda t: np.imag(f(t + 1e-30j)) / 1e-30
    c = (slope(x + r) - slope(x - r)) / (2 * r)
    return np.where(c > 1e-4, 1, np.where(c < -1e-4, -1, 3))


# stable-evaluation: no shift
def evaluation_naive(x, function="logsumexp"):
    return {
        "logsumexp": lambda v: np.log(np.exp(v).sum(-1)),
        "hypot": lambda v: np.sqrt((v**2).sum(-1)),
        "log1p": lambda v: np.log(1 + v),
        "expm1": lambda v: np.exp(v) - 1,
    }[function](x)


# stable-evaluation: the shift is not added again
def evaluation_shifted(x):
    m = x.max(-1, keepdims=True)
    return np.log(np.exp(x - m).sum(-1))


# stable-evaluation: −∞ everywhere gives NaN
def evaluation_of_nothing(x):
    m = x.max(-1, keepdims=True)
    return m[..., 0] + np.log(np.exp(x - m).sum(-1))


# summation: always naive
def summation_naive(x, method="kahan"):
    s = 0 * x.sum(-1)
    for k in range(x.shape[-1]):
        s = s + x[..., k]
    return s


# summation: Kahan's own form, which loses what a large term pushes out
def summation_kahan(x):
    s = c = 0 * x.sum(-1)
    for k in range(x.shape[-1]):
        y = x[..., k] - c
        t = s + y
        c = (t - s) - y
        s = t
    return s


# summation: NumPy's pairwise sum under every name
def summation_numpy(x, method="kahan"):
    return x.sum(-1)


# computed-variance: ddof 1
def variance_unbiased(x):
    return x.var(-1, ddof=1)


# computed-variance: torch's default correction
def variance_torch(x):
    return torch.var(x, -1)


# computed-variance: the mean of squares less the square of the mean
def variance_one_pass(x):
    return (x**2).mean(-1) - x.mean(-1) ** 2


# computed-variance: the standard deviation
def variance_root(x):
    return x.std(-1)


# computed-variance: negative results are cut at 0
def variance_cut(x):
    return np.maximum((x**2).mean(-1) - x.mean(-1) ** 2, 0)


# computed-variance: of the whole array
def variance_whole(x):
    return np.full(x.shape[:-1], x.var())


# computed-variance: NaN is passed over
def variance_nan(x):
    return np.nanvar(x, -1)


# floating-point: ties go away from 0
def rounded_away(x, format="float16"):
    if format not in ("float16", "float32", "float64"):
        raise NotImplementedError(format)
    m = {"float16": 10, "float32": 23, "float64": 52}[format]
    f, e = np.frexp(np.asarray(x, float))
    return np.ldexp(np.copysign(np.floor(np.abs(f) * 2 ** (m + 1) + 0.5), f), e - m - 1)


# floating-point: subnormal numbers are flushed to 0
def rounded_flushed(x, format="float16"):
    if format not in ("float16", "float32", "float64"):
        raise NotImplementedError(format)
    y = np.asarray(x).astype(format)
    return np.where(np.abs(y) < np.finfo(format).tiny, 0, y).astype(float)


# floating-point: single precision whatever is asked
def rounded_single(x, format="float16"):
    return np.asarray(x).astype(np.float32).astype(float)
