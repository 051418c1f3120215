"""Convergence diagnostics in other styles: SciPy with transforms, and torch."""

import numpy as np
import scipy.fft
import scipy.stats
import torch


def _effective(u):
    m, n = u.shape
    if np.ptp(u) == 0:
        return np.nan
    f = scipy.fft.rfft(u - u.mean(1, keepdims=True), 2 * n, axis=1)
    acov = scipy.fft.irfft(abs(f) ** 2, 2 * n, axis=1)[:, :n].mean(0) / n
    plus = acov[0] + np.var(u.mean(1), ddof=1)
    rho = np.r_[1.0, (1 - (acov[0] * n / (n - 1) - acov) / plus)[1:]]
    pairs = rho[: n // 2 * 2].reshape(-1, 2).sum(1)
    k = 0
    while pairs[k] > 0 and 2 * k + 1 < n - 3:
        k += 1
    rest = rho[2 * k] if rho[2 * k] > 0 or pairs[k] >= 0 else 0.0
    return m * n / max(2 * np.minimum.accumulate(pairs)[:k].sum() - 1 + rest, 1 / np.log10(m * n))


def _cut(x):
    return np.vstack([x[:, : x.shape[1] // 2], x[:, (x.shape[1] + 1) // 2 :]])


def _score(x):
    return scipy.stats.norm.ppf((scipy.stats.rankdata(x, axis=None) - 0.375) / (x.size + 0.25)).reshape(
        x.shape
    )


def _scale(z):
    if not np.ptp(z, 1).any():
        return np.inf if np.ptp(z) else np.nan
    return np.sqrt(1 - 1 / z.shape[1] + np.var(z.mean(1), ddof=1) / np.var(z, axis=1, ddof=1).mean())


def _tail(x):
    found = []
    for p in (5, 95):
        below = x <= np.percentile(x, p)
        if not below.all():
            halves = _cut(below * 1.0)
            found.append(halves.size if np.ptp(halves) == 0 else _effective(halves))
    return min(found) if found else np.nan


# diagnostics: Fourier transforms for the autocovariances, SciPy's ranks
def diagnostics_by_transforms(x):
    if x.ndim != 2 or x.shape[1] < 4 or not np.isfinite(x).all():
        raise ValueError("finite draws, at least four of each chain")
    z = _score(_cut(x))
    rhat = np.fmax(_scale(z), _scale(_score(_cut(abs(x - np.median(x))))))
    squares = (x - x.mean()) ** 2
    still = np.ptp(x, axis=1) == 0
    if np.ptp(x) == 0:
        return rhat, np.nan, np.nan, np.nan, np.nan, still.astype(int)
    sd = np.sqrt((np.mean(squares**2) - squares.mean() ** 2) / _effective(_cut(squares)) / squares.mean()) / 2
    return (
        rhat,
        _effective(z),
        _tail(x),
        np.sqrt(np.var(x, ddof=1) / _effective(_cut(x))),
        sd,
        still.astype(int),
    )


# diagnostics: torch for the moments, in double precision
def diagnostics_torch(x):
    kind, x = x.dtype, x.double()
    found = diagnostics_by_transforms(x.numpy())
    numbers = [torch.tensor(float(v), dtype=kind) for v in found[:5]]
    return (*numbers, (x == x[:, :1]).all(1).long())
