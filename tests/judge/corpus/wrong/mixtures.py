"""EM for Gaussian mixtures with the faults that people make."""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


def _em(
    X, weights, means, covariances, steps, penalty, *, mix=1.0, shared=False, old=False, clip=0.0, bound=None
):
    """EM by SciPy's densities, with faults by name."""
    n, d = X.shape
    k = len(weights)
    if abs(weights.sum() - 1) > 1e-6 or n < k:
        raise ValueError("no start")
    for t in range(steps + 1):
        if np.linalg.eigvalsh(covariances).min() < 1e-24:
            raise ValueError("collapsed")
        logs = np.log(weights) + np.stack(
            [multivariate_normal(m, C).logpdf(X).reshape(n) for m, C in zip(means, covariances, strict=True)],
            1,
        )
        total = logsumexp(logs, axis=1)
        r = np.exp(mix * logs - logsumexp(mix * logs, axis=1)[:, None])
        if t == steps:
            break
        if clip:
            r = np.where(r < clip, 0, r)
        N = r.sum(0)
        if not old:
            weights = N / n
        means = r.T @ X / N[:, None]
        S = np.stack([(r[:, [j]] * (X - means[j])).T @ (X - means[j]) for j in range(k)])
        S = np.tile(S.sum(0) / n, (k, 1, 1)) if shared else S / N[:, None, None]
        covariances = S + penalty * (n / N)[:, None, None] * np.eye(d)
    trace = sum(np.trace(np.linalg.inv(C)) for C in covariances)
    L = total.mean() - penalty * trace / 2
    return weights, means, covariances, r, L if bound is None else bound(total, n, penalty, trace)


# mixture-em: responsibilities from the square roots of the densities
def mixture_em_tempered(X, weights, means, covariances, steps, penalty=0.0):
    return _em(X, weights, means, covariances, steps, penalty, mix=0.5)


# mixture-em: one covariance for all components where each has its own
def mixture_em_tied(X, weights, means, covariances, steps, penalty=0.0):
    return _em(X, weights, means, covariances, steps, penalty, shared=True)


# mixture-em: the weights never leave their start
def mixture_em_weights_kept(X, weights, means, covariances, steps, penalty=0.0):
    return _em(X, weights, means, covariances, steps, penalty, old=True)


# mixture-em: responsibilities below a tenth are set to 0, and the rest is not scaled again
def mixture_em_pruned(X, weights, means, covariances, steps, penalty=0.0):
    return _em(X, weights, means, covariances, steps, penalty, clip=0.1)


# mixture-em: the sum over the rows for their mean
def mixture_em_sum_of_rows(X, weights, means, covariances, steps, penalty=0.0):
    return _em(
        X,
        weights,
        means,
        covariances,
        steps,
        penalty,
        bound=lambda total, n, c, trace: total.sum() - c * trace / 2,
    )
