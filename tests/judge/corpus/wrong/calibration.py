"""Calibration errors and temperatures with the faults that people make."""

import numpy as np
import torch
import torch.nn.functional as F


def _diagram(c, a, m, bins):
    counts = np.bincount(m, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        return counts, np.bincount(m, c, bins) / counts, np.bincount(m, a, bins) / counts


def _softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _temperature(z, y):
    d = z - z[np.arange(len(y)), y][:, None]
    if not d.any():
        return 1.0
    if (d <= 0).all():
        return 0.0
    if d.mean() >= 0:
        return np.inf
    low, high = 0.0, 1.0
    while (_softmax(high * d) * d).sum() < 0:
        low, high = high, 2 * high
    for _ in range(90):
        middle = (low + high) / 2
        low, high = (middle, high) if (_softmax(middle * d) * d).sum() < 0 else (low, middle)
    return 2 / (low + high)


def _all(z, y, bins, m, weigh=None):
    p = _softmax(z)
    c, a = p.max(1), (p.argmax(1) == y).astype(float)
    counts, confidence, accuracy = _diagram(c, a, m, bins)
    gap, share = np.nan_to_num(confidence - accuracy), counts / len(y)
    floor = np.sqrt(2 / np.pi * np.bincount(m, c * (1 - c), bins)).sum() / len(y)
    rest = c - a - gap[m]
    several = counts > 1
    variance = np.bincount(m, rest * rest, bins)[several] / (counts[several] - 1)
    squared = (share[several] * (gap[several] ** 2 - variance / counts[several])).sum()
    ece = share @ np.abs(gap) if weigh is None else weigh(share, gap)
    return ece, floor, squared, _temperature(z, y), counts, confidence, accuracy


# calibration: one call of L-BFGS with a short step, from 1.5, as in the code published with the paper
def calibration_stopped_early(z, y, bins=15):
    logits, labels = torch.as_tensor(z), torch.as_tensor(y)
    T = torch.nn.Parameter(torch.full((1,), 1.5, dtype=logits.dtype))
    optimizer = torch.optim.LBFGS([T], lr=0.01, max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / T, labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    m = np.searchsorted(np.arange(1, bins) / bins, _softmax(z).max(1))
    ece, floor, squared, _, *rest = _all(z, y, bins, m)
    return ece, floor, squared, T.item(), *rest


# calibration: bins of equal counts where they are of equal width
def calibration_by_quantiles(z, y, bins=15):
    c = _softmax(z).max(1)
    return _all(z, y, bins, np.searchsorted(np.quantile(c, np.arange(1, bins) / bins), c))


# calibration: the root of the mean square of the distances
def calibration_root_mean_square(z, y, bins=15):
    m = np.searchsorted(np.arange(1, bins) / bins, _softmax(z).max(1))
    return _all(z, y, bins, m, lambda share, gap: np.sqrt(share @ gap**2))


# calibration: bins from 1/k to 1, for no largest probability is smaller
def calibration_from_one_in_k(z, y, bins=15):
    c, k = _softmax(z).max(1), z.shape[1]
    edges = 1 / k + (1 - 1 / k) * np.arange(1, bins) / bins
    return _all(z, y, bins, np.searchsorted(edges, c))
