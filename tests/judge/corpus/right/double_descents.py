"""The risk of ridge regression on random features, written in other ways."""

import numpy as np
import scipy.optimize
import torch


def _refuse(s, w, sigma, lam):
    if min(s.min(), w.min(), sigma, lam) < 0 or not (s > 0).any():
        raise ValueError("not negative, and one value above 0")


# double-descent: the scale by Brent's method, the risk by the two scales of Simon et al.
def descent_by_two_scales(s, w, n, k, sigma, lam):
    _refuse(s, w, sigma, lam)
    rank, few = (s > 0).sum(), min(n, k)
    if lam == 0 and few >= rank:
        lost = float(w[s == 0].sum())
        gap = 0.0 if n == rank else 1 - rank / n
        bias, variance = (a / gap if gap else (np.inf if a > 0 else 0.0) for a in (lost, sigma**2 * rank / n))
        return bias, variance, 0.0

    def d1(g):
        return (s / (s + g)).sum()

    top = lam + s.sum() / n + s.sum() / k
    start = 0.0
    if few < rank:
        start = np.exp(
            scipy.optimize.brentq(
                lambda t: d1(np.exp(t)) - few, np.log(top) - 80, np.log(top) + 1, xtol=1e-15, rtol=1e-15
            )
        )
    gamma = start
    if lam > 0:
        low = np.log(max(start, top * 1e-30))
        f = lambda t: np.exp(t) * (1 - d1(np.exp(t)) / n) * (1 - d1(np.exp(t)) / k) - lam
        gamma = np.exp(scipy.optimize.brentq(f, low, np.log(top) + 1, xtol=1e-15, rtol=1e-15))
    z, q = d1(gamma), ((s / (s + gamma)) ** 2).sum()
    kappa = gamma * (1 - z / k)  # the second scale
    inner = 1 / (1 - q / k)
    share = (q * (1 - 2 * z / k) + z * z / k) * inner / n
    bias = (w * (gamma / (s + gamma) - kappa * s / (s + gamma) ** 2 * inner)).sum()
    if lam == 0 and n == min(k, rank):
        return np.inf, (np.inf if sigma else 0.0), gamma
    return bias / (1 - share), sigma**2 * share / (1 - share), gamma


# double-descent: torch, the scale by grids of its logarithm that close in
def descent_by_grids(s, w, n, k, sigma, lam):
    if min(float(s.min()), float(w.min()), sigma, lam) < 0 or not bool((s > 0).any()):
        raise ValueError("not negative, and one value above 0")
    dtype, s, w = s.dtype, s.double(), w.double()
    rank, few = int((s > 0).sum()), min(n, k)
    peak = lam == 0 and n == min(k, rank)
    if lam == 0 and few >= rank:
        kappa = torch.zeros((), dtype=torch.float64)
        lost, theta = w[s == 0].sum(), torch.tensor(rank / n, dtype=torch.float64)
    else:
        high = torch.log(lam + s.sum() / n + s.sum() / k)
        low = high - 80
        for _ in range(14):
            grid = torch.linspace(0, 1, 60, dtype=torch.float64) * (high - low) + low
            d = (s / (s + grid.exp()[:, None])).sum(1)
            beyond = (d < few) & (grid.exp() * (1 - d / n) * (1 - d / k) >= lam)
            at = int(beyond.nonzero()[0]) if bool(beyond.any()) else 59
            low, high = grid[max(at - 1, 0)], grid[at]
        kappa = high.exp()
        u = s / (s + kappa)
        d1, d2 = u.sum(), (u * u).sum()
        theta = (d2 * (1 - 2 * d1 / k) + d1**2 / k) / (n * (1 - d2 / k))
        lost = (w * (1 - u) * (1 - u * (1 - d1 / k) / (1 - d2 / k))).sum()
    parts = [lost, sigma**2 * theta]
    left = 0 if peak else 1 - theta
    infinite = torch.tensor(torch.inf, dtype=torch.float64)
    bias, variance = (
        (infinite if bool(a > 0) else torch.zeros_like(infinite)) if peak else a / left for a in parts
    )
    return bias.to(dtype), variance.to(dtype), kappa.to(dtype)
