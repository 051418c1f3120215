"""Calibration errors and temperatures in other styles: pandas-like masks with SciPy, bincount, torch."""

import numpy as np
import scipy.optimize
import scipy.special
import torch


def _temperature(z, y):
    d = z - np.take_along_axis(z, y[:, None], 1)
    if np.ptp(d) == 0:
        return 1.0
    if d.max() == 0:
        return 0.0
    if d.mean() >= 0:
        return np.inf

    def slope(beta):
        return (scipy.special.softmax(beta * d, 1) * d).sum(1).mean()

    high = 1.0
    while slope(high) < 0:
        high *= 2
    return 1 / scipy.optimize.brentq(slope, 0.0, high, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=500)


# calibration: masks, as the paper's own code has them, and a root of SciPy's
def calibration_by_masks(z, y, bins=15):
    p = scipy.special.softmax(z, axis=1)
    c, a = p.max(1), p.argmax(1) == y
    ece = floor = squared = 0.0
    counts, confidence, accuracy = [], [], []
    for b in range(bins):
        inside = (c > b / bins) & (c <= (b + 1) / bins) if b < bins - 1 else c > b / bins
        counts.append(inside.sum())
        if not inside.any():
            confidence.append(np.nan)
            accuracy.append(np.nan)
            continue
        confidence.append(c[inside].mean())
        accuracy.append(a[inside].mean())
        ece += abs(confidence[-1] - accuracy[-1]) * inside.mean()
        floor += np.sqrt(2 * (c * (1 - c))[inside].sum() / np.pi) / len(y)
        if counts[-1] > 1:
            residuals = (c - a)[inside]
            squared += inside.mean() * (residuals.mean() ** 2 - residuals.var(ddof=1) / len(residuals))
    return ece, floor, squared, _temperature(z, y), np.array(counts), np.array(confidence), np.array(accuracy)


# calibration: torch's bucketize and bincount, in double precision: a rounded confidence may fall into another bin
def calibration_torch(z, y, bins=15):
    dtype, z = z.dtype, z.double()
    c, guess = torch.softmax(z, -1).max(-1)
    a = (guess == y).double()
    r = c - a
    m = torch.bucketize(c, torch.arange(1, bins, dtype=c.dtype) / bins)
    k = torch.bincount(m, minlength=bins)

    def total(x):
        return torch.bincount(m, weights=x, minlength=bins)

    gap = total(r) / k
    several = k > 1
    variance = (total((r - gap[m]) ** 2) / (k - 1))[several]
    squared = (k[several] * (gap[several] ** 2 - variance / k[several])).sum() / len(y)
    floor = (total(c * (1 - c)) * 2 / np.pi).sqrt().sum() / len(y)
    T = torch.tensor(_temperature(z.numpy(), y.numpy()), dtype=torch.float64)
    numbers = [v.to(dtype) for v in (total(r).abs().sum() / len(y), floor, squared, T)]
    return (*numbers, k, (total(c) / k).to(dtype), (total(a) / k).to(dtype))
