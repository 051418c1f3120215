"""Convergence diagnostics with the faults that people make."""

import numpy as np
import scipy.special
import scipy.stats
import torch


def _halves(x):
    n = x.shape[1] // 2
    return np.concatenate([x[:, :n], x[:, -n:]])


def _scores(u):
    ranks = scipy.stats.rankdata(u).reshape(u.shape)
    return scipy.special.ndtri((ranks - 0.375) / (u.size + 0.25))


def _rhat(u):
    n = u.shape[1]
    return np.sqrt((n - 1) / n + u.mean(1).var(ddof=1) / u.var(1, ddof=1).mean())


def _tau(u, pairs=True):
    m, n = u.shape
    d = u - u.mean(1, keepdims=True)
    acov = np.array([(d[:, : n - t] * d[:, t:]).sum() / (m * n) for t in range(n)])
    plus = acov[0] + u.mean(1).var(ddof=1)
    rho = 1 - (acov[0] * n / (n - 1) - acov) / plus
    rho[0], total, k = 1.0, 0.0, 0
    while 2 * k + 1 < n - 3 and rho[2 * k] + (rho[2 * k + 1] if pairs else 0) > 0:
        total += rho[2 * k] + rho[2 * k + 1]
        k += 1
    return max(-1 + 2 * total + max(rho[2 * k], 0), 1 / np.log10(m * n))


def _result(x, rhat, tau):
    squares = (x - x.mean()) ** 2
    z = _scores(_halves(x))
    tails = [x.size / tau(_halves((x <= np.quantile(x, p)).astype(float))) for p in (0.05, 0.95)]
    sizes = [x.size / tau(_halves(v)) for v in (x, squares)]
    stuck = (np.ptp(x, 1) == 0).astype(int)
    return (rhat, x.size / tau(z), min(tails), x.std(ddof=1) / np.sqrt(sizes[0]),
            np.sqrt(squares.var() / sizes[1]) / (2 * x.std()), stuck)  # fmt: skip


# diagnostics: Gelman and Rubin's statistic of 1992, whole chains and the values themselves
def diagnostics_1992(x):
    return _result(x, _rhat(x), _tau)


# diagnostics: the sum of Geyer's pairs without making them fall, and no refusal
def diagnostics_not_monotone(x):
    z = _scores(_halves(x))
    folded = _scores(_halves(abs(x - np.median(x))))
    return _result(x, max(_rhat(z), _rhat(folded)), _tau)


# diagnostics: the larger R̂ is right, but ESS by the autocorrelations at even lags, as if pairs meant that
def diagnostics_even_lags(x):
    z = _scores(_halves(x))
    folded = _scores(_halves(abs(x - np.median(x))))
    return _result(x, max(_rhat(z), _rhat(folded)), lambda u: _tau(u, pairs=False))


# diagnostics: torch, batch means for autocorrelations: √n batches, s² of their means
def diagnostics_batch_means(x):
    n = x.shape[1]
    b = max(int(n**0.5), 1)
    means = x[:, : n // b * b].reshape(len(x), -1, b).mean(2)
    error = means.std() / means.numel() ** 0.5
    size = x.var() / error**2
    rhat = (1 + x.mean(1).var() / x.var(1).mean()) ** 0.5
    still = (x == x[:, :1]).all(1).to(torch.int64)
    return rhat, size, size, error, error / 2**0.5, still
