"""Gaussian processes with the faults that people make."""

import numpy as np


def _k(x, z, a, ell, b):
    return a**2 * np.exp(-((x[:, None] - z[None]) ** 2).sum(-1) / (2 * ell**2)) + b**2 * x @ z.T


def _said(X, y, Z, C, across, own):
    M = np.linalg.inv(C)
    L = -(y @ M @ y + np.linalg.slogdet(C)[1] + len(y) * np.log(2 * np.pi)) / 2
    return across.T @ M @ y, own - across.T @ M @ across, L, y - M @ y / M.diagonal(), 1 / M.diagonal()


# gaussian-process: jitter added in silence
def gp_jitter(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("shapes")
    C = _k(X, X, a, ell, b) + (noise + 1e-6) * np.eye(len(X))
    return _said(X, y, Z, C, _k(X, Z, a, ell, b), _k(Z, Z, a, ell, b))


# gaussian-process: the mean of the data taken off and put back without a word
def gp_centred(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("shapes")
    C = _k(X, X, a, ell, b) + noise * np.eye(len(X))
    np.linalg.cholesky(C)
    m, V, L, mu, v = _said(X, y - y.mean(), Z, C, _k(X, Z, a, ell, b), _k(Z, Z, a, ell, b))
    return m + y.mean(), V, L, mu + y.mean(), v


# gaussian-process: the variance of leave-one-out without the noise
def gp_noiseless_left_out(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("shapes")
    C = _k(X, X, a, ell, b) + noise * np.eye(len(X))
    np.linalg.cholesky(C)
    m, V, L, mu, v = _said(X, y, Z, C, _k(X, Z, a, ell, b), _k(Z, Z, a, ell, b))
    return m, V, L, mu, v - noise


# gaussian-process: only variances, as a diagonal matrix
def gp_diagonal(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("shapes")
    C = _k(X, X, a, ell, b) + noise * np.eye(len(X))
    np.linalg.cholesky(C)
    m, V, L, mu, v = _said(X, y, Z, C, _k(X, Z, a, ell, b), _k(Z, Z, a, ell, b))
    return m, np.diag(V.diagonal()), L, mu, v


# gaussian-process: the log determinant of the factor counted once, as if it were that of the matrix, halved again
def gp_half_determinant(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("shapes")
    C = _k(X, X, a, ell, b) + noise * np.eye(len(X))
    low = np.linalg.cholesky(C)
    m, V, L, mu, v = _said(X, y, Z, C, _k(X, Z, a, ell, b), _k(Z, Z, a, ell, b))
    return m, V, L + np.log(low.diagonal()).sum() / 2, mu, v
