"""EM for Gaussian mixtures in other styles: moments about 0 by einsum, and Cholesky factors row by row."""

import math

import numpy as np
import scipy.linalg
from scipy.special import log_softmax, logsumexp


def _refuse(X, weights, covariances):
    if abs(sum(weights) - 1) > 1e-6 or len(X) < len(weights):
        raise ValueError("no start")
    if not min(np.linalg.eigvalsh(C)[0] for C in covariances) > 1e-24:
        raise ValueError("a component has collapsed")


# mixture-em: precisions and einsum, covariances as second moments less squares, about the middle of the data
def mixture_em_moments(X, weights, means, covariances, steps, penalty=0.0):
    middle = X.mean(0)
    Z, mu, pi, C = X - middle, means - middle, weights, covariances
    n, d = Z.shape
    for t in range(steps + 1):
        _refuse(X, pi, C)
        precision = np.linalg.inv(C)
        away = Z[:, None] - mu
        logs = np.log(pi) - 0.5 * (
            np.einsum("nka,kab,nkb->nk", away, precision, away)
            + np.linalg.slogdet(C)[1]
            + d * np.log(2 * np.pi)
        )
        r = np.exp(log_softmax(logs, axis=1))
        if t < steps:
            N = r.sum(0)
            pi, mu = N / N.sum(), np.einsum("nk,na->ka", r, Z) / N[:, None]
            second = np.einsum("nk,na,nb->kab", r, Z, Z) / N[:, None, None]
            C = second - mu[:, :, None] * mu[:, None] + np.multiply.outer(penalty * n / N, np.eye(d))
    trace = np.einsum("kaa->", precision)
    return pi, mu + middle, C, r, logsumexp(logs, axis=1).mean() - penalty / 2 * trace


# mixture-em: plain loops over rows and components, Cholesky factors and triangular solves
def mixture_em_loops(X, weights, means, covariances, steps, penalty=0.0):
    n, d = X.shape
    k = len(weights)
    pi, mu, C = list(weights), [m.copy() for m in means], [c.copy() for c in covariances]
    for t in range(steps + 1):
        _refuse(X, pi, C)
        roots = [scipy.linalg.cholesky(c, lower=True) for c in C]
        r, total = np.zeros((n, k)), 0.0
        for i in range(n):
            logs = []
            for j in range(k):
                z = scipy.linalg.solve_triangular(roots[j], X[i] - mu[j], lower=True)
                half = sum(math.log(roots[j][a, a]) for a in range(d))
                logs.append(math.log(pi[j]) - z @ z / 2 - half - d * math.log(2 * math.pi) / 2)
            most = max(logs)
            shares = [math.exp(x - most) for x in logs]
            r[i] = [s / sum(shares) for s in shares]
            total += most + math.log(sum(shares))
        if t == steps:
            break
        for j in range(k):
            N = r[:, j].sum()
            pi[j], mu[j] = N / n, (r[:, j] @ X) / N
            C[j] = sum(
                r[i, j] * np.outer(X[i] - mu[j], X[i] - mu[j]) for i in range(n)
            ) / N + penalty * n / N * np.eye(d)
    trace = sum(np.trace(scipy.linalg.cho_solve((root, True), np.eye(d))) for root in roots)
    return np.array(pi), np.array(mu), np.array(C), r, total / n - penalty * trace / 2
