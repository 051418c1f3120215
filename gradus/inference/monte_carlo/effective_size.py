"""Rank-normalised split R̂, effective sample sizes and Monte Carlo standard errors of arrays (chains, draws, quantities)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.fft
import scipy.special
import scipy.stats

__all__ = [
    "effective_size",
    "mean_error",
    "normal_scores",
    "potential_scale",
    "quantile_error",
    "sd_error",
    "split",
    "tail_sizes",
]

Array = np.ndarray[Any, np.dtype[np.float64]]
ONE_SIGMA = np.array([0.1586553, 0.8413447])  # Φ(∓1), as ArviZ and posterior write them
WIDTH = 4096  # quantities of which the spectra are held at once


def split(x: Array) -> Array:
    """Each chain as two, its halves; of an odd number of draws the middle one is left out."""
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, x.shape[1] - half :]])


def normal_scores(x: Array) -> Array:
    """Blom's normal scores of the ranks among all draws of a quantity: Φ⁻¹((r − 3/8)/(S + 1/4)); ties share their mean rank."""
    ranks = scipy.stats.rankdata(x.reshape(-1, x.shape[2]), axis=0)
    return np.asarray(scipy.special.ndtri((ranks - 3 / 8) / (len(ranks) + 1 / 4)).reshape(x.shape))


def potential_scale(x: Array) -> Array:
    """√((B/W + n − 1)/n) of chains as they stand: B is n times the variance of their means, W the mean of their variances."""
    n = x.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        within = (x - x[:, :1]).var(1, ddof=1).mean(0)  # exactly 0 where no chain moved
        ratio = n * x.mean(1).var(0, ddof=1) / within
    return np.asarray(np.sqrt((ratio + n - 1) / n))


def effective_size(x: Array) -> Array:
    """The effective number of draws for the mean, of chains as they stand: by Geyer's initial monotone sequence.

    NaN for a quantity that is the same in all draws.
    """
    return np.concatenate(
        [_sizes(x[:, :, i : i + WIDTH]) for i in range(0, x.shape[2], WIDTH)] or [np.empty(0)]
    )


def _sizes(x: Array) -> Array:
    m, n, _ = x.shape
    covariance = _autocovariance(x)
    within = covariance[0] * n / (n - 1)
    plus = covariance[0] + (x.mean(1).var(0, ddof=1) if m > 1 else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - (within - covariance) / plus
    rho[0] = 1
    pairs = rho[: n - n % 2].reshape(n // 2, 2, -1).sum(1)  # ρ₀+ρ₁, ρ₂+ρ₃, …
    last = max((n - 3) // 2, 0)  # of the pairs that are looked at
    ends = ~(pairs[: last + 1] > 0)
    k = np.where(ends.any(0), ends.argmax(0), last)  # the first pair that is not positive
    falling = np.minimum.accumulate(pairs, 0)
    below = np.concatenate([np.zeros((1, x.shape[2])), np.cumsum(falling, 0)])
    column = np.arange(x.shape[2])
    even = rho[2 * k, column]
    beyond = np.where((even > 0) | (pairs[k, column] >= 0), even, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = -1 + 2 * below[k, column] + beyond
        size = m * n / np.maximum(tau, 1 / np.log10(m * n))
    low, high = x.min((0, 1)), x.max((0, 1))
    size[~(high > low)] = np.nan
    return np.asarray(size)


def _autocovariance(x: Array) -> Array:
    """Autocovariances at every lag, divided by n, the mean over the chains (lags, quantities)."""
    m, n, p = x.shape
    length = scipy.fft.next_fast_len(2 * n, real=True)
    power = np.zeros((length // 2 + 1, p))
    for chain in x:
        spectrum = scipy.fft.rfft(chain - chain.mean(0), length, axis=0)
        power += spectrum.real**2 + spectrum.imag**2
    return np.asarray(scipy.fft.irfft(power, length, axis=0)[:n] / (m * n))


def indicators(x: Array, probability: float) -> Array:
    """1 where a draw is at most its quantity's quantile, else 0."""
    return (x <= np.quantile(x, probability, axis=(0, 1))).astype(float)


def indicator_size(x: Array, probability: float) -> Array:
    """The effective size of the indicators of a quantile; NaN where it holds of every draw, by ties, and tells nothing."""
    below = indicators(x, probability)
    halves = split(below)
    size = effective_size(halves)
    told = np.isnan(size) & ~below.all((0, 1))  # what lies beyond is among the draws left out in the middle
    return np.where(told, halves.shape[0] * halves.shape[1], size)


def tail_sizes(x: Array, probabilities: Sequence[float] = (0.05, 0.95)) -> Array:
    """The least effective size of the indicators of quantiles that tell something."""
    sizes = np.stack([indicator_size(x, p) for p in probabilities])
    none = np.isnan(sizes).all(0)
    return np.where(none, np.nan, np.where(np.isnan(sizes), np.inf, sizes).min(0))


def mean_error(x: Array) -> Array:
    """The Monte Carlo standard error of the mean, s/√ESS."""
    with np.errstate(invalid="ignore"):
        return np.asarray(x.std((0, 1), ddof=1) / np.sqrt(effective_size(split(x))))


def sd_error(x: Array) -> Array:
    """The Monte Carlo standard error of the standard deviation, by the delta method from the squares' error."""
    squares = (x - x.mean((0, 1))) ** 2
    mean = squares.mean((0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = ((squares**2).mean((0, 1)) - mean**2) / effective_size(split(squares))
        return np.asarray(np.sqrt(np.maximum(variance, 0) / mean / 4))


def quantile_error(x: Array, probability: float) -> Array:
    """Half the width of the interval between order statistics that holds a quantile with the probability of ±1 σ."""
    size = indicator_size(x, probability)
    ordered = np.sort(x.reshape(-1, x.shape[2]), axis=0)
    count = len(ordered)
    out = np.full(x.shape[2], np.nan)
    known = ~np.isnan(size)
    if known.any():
        a, b = size[known] * probability + 1, size[known] * (1 - probability) + 1
        low, high = (scipy.stats.beta.ppf(q, a, b) * count - 1 for q in ONE_SIGMA)
        column = np.flatnonzero(known)
        first = np.floor(np.maximum(low, 0)).astype(int)
        end = np.ceil(np.minimum(high, count - 1)).astype(int)
        out[known] = (ordered[end, column] - ordered[first, column]) / 2
    return out
