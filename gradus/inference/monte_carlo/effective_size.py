"""Rank-normalised split R̂, effective sample sizes and Monte Carlo standard errors of arrays (chains, draws, quantities)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
import scipy.special

__all__ = [
    "TAILS",
    "Sizes",
    "effective_size",
    "mean_error",
    "normal_scores",
    "potential_scale",
    "quantile_error",
    "sd_error",
    "sizes_of",
    "split",
    "tail_size",
]

Array = np.ndarray[Any, np.dtype[np.float64]]
ONE_SIGMA = np.array([0.1586553, 0.8413447])  # Φ(∓1), as ArviZ and posterior write them
TAILS = (0.05, 0.95)
HELD = 2**19  # numbers of which the spectra are held at once


class Sizes(NamedTuple):
    """What `sizes_of` finds of arrays (chains, draws, quantities).

    Attributes:
        scores: the normal scores of the halves.
        squares: of the draws' distances from their mean.
        bulk: effective size of the scores.
        values: of the draws themselves.
        of_squares: of the squares.
        indicators: by probability, of whether a draw is at most its quantile; NaN where all are, by ties.
        quantiles: the quantiles (probabilities, quantities).
    """

    scores: Array
    squares: Array
    bulk: Array
    values: Array
    of_squares: Array
    indicators: dict[float, Array]
    quantiles: Array


def split(x: Array) -> Array:
    """Each chain as two, its halves; of an odd number of draws the middle one is left out."""
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, x.shape[1] - half :]])


def normal_scores(x: Array) -> Array:
    """Blom's normal scores of the ranks among all draws of a quantity: Φ⁻¹((r − 3/8)/(S + 1/4)); ties share their mean rank."""
    flat = x.reshape(-1, x.shape[2])
    order = np.argsort(flat, axis=0, kind="stable")
    ordered = np.take_along_axis(flat, order, 0)
    count = len(flat)
    place = np.arange(count)[:, None]
    new = np.ones(flat.shape, bool)
    new[1:] = ordered[1:] != ordered[:-1]
    first = np.maximum.accumulate(np.where(new, place, 0), 0)  # of the draws that are equal
    ends = np.ones(flat.shape, bool)
    ends[:-1] = new[1:]
    last = np.minimum.accumulate(np.where(ends, place, count)[::-1], 0)[::-1]
    ranks = np.empty(flat.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, 0)
    return np.asarray(scipy.special.ndtri((ranks - 3 / 8) / (count + 1 / 4)).reshape(x.shape))


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
    width = max(1, HELD // (x.shape[0] * x.shape[1]))
    return np.concatenate([_sizes(x[:, :, i : i + width]) for i in range(0, x.shape[2], width)])


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
    m, n, _ = x.shape
    length = scipy.fft.next_fast_len(2 * n, real=True)
    spectrum = scipy.fft.rfft(x - x.mean(1, keepdims=True), length, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).sum(0)
    return np.asarray(scipy.fft.irfft(power, length, axis=0)[:n] / (m * n))


def sizes_of(x: Array, levels: Sequence[float]) -> Sizes:
    """The effective sizes of everything that the errors of draws ask for, computed at once."""
    halves = split(x)
    quantiles = np.quantile(x, levels, axis=(0, 1))
    squares = (x - x.mean((0, 1))) ** 2
    below = [x <= q for q in quantiles]
    scores = normal_scores(halves)
    parts = [scores, halves, split(squares), *(split(b.astype(float)) for b in below)]
    found = effective_size(np.concatenate(parts, 2)).reshape(len(parts), -1)
    for size, b in zip(found[3:], below, strict=True):
        # what lies beyond is among the draws that were left out in the middle; by ties nothing does: NaN stays
        size[np.isnan(size) & ~b.all((0, 1))] = halves.shape[0] * halves.shape[1]
    return Sizes(
        scores, squares, found[0], found[1], found[2], dict(zip(levels, found[3:], strict=True)), quantiles
    )


def tail_size(sizes: Sizes) -> Array:
    """The least effective size of the indicators of the tails' quantiles that tell something."""
    both = np.stack([sizes.indicators[p] for p in TAILS])
    return np.where(np.isnan(both).all(0), np.nan, np.where(np.isnan(both), np.inf, both).min(0))


def mean_error(x: Array, sizes: Sizes) -> Array:
    """The Monte Carlo standard error of the mean, s/√ESS."""
    return np.asarray(x.std((0, 1), ddof=1) / np.sqrt(sizes.values))


def sd_error(sizes: Sizes) -> Array:
    """The Monte Carlo standard error of the standard deviation, by the delta method from the squares' error."""
    mean = sizes.squares.mean((0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = ((sizes.squares**2).mean((0, 1)) - mean**2) / sizes.of_squares
        return np.asarray(np.sqrt(np.maximum(variance, 0) / mean / 4))


def quantile_error(ordered: Array, probability: float, size: Array) -> Array:
    """Half the width of the interval between order statistics that holds a quantile with the probability of ±1 σ."""
    count, out = len(ordered), np.full(ordered.shape[1], np.nan)
    column = np.flatnonzero(~np.isnan(size))
    if len(column):
        a, b = size[column] * probability + 1, size[column] * (1 - probability) + 1
        low, high = (scipy.special.betaincinv(a, b, q) * count - 1 for q in ONE_SIGMA)
        first = np.floor(np.maximum(low, 0)).astype(int)
        end = np.ceil(np.minimum(high, count - 1)).astype(int)
        out[column] = (ordered[end, column] - ordered[first, column]) / 2
    return out
