"""Promises of stochastic descent with the faults that people make."""

import numpy as np


def _bounds(a, R, G, gap, L, variance, rho, mu, *, c=None, fed=None, last=None, limit=None, averaged=None):
    T, t = len(a), np.arange(1, len(a) + 1)
    with np.errstate(all="ignore"):
        first = (R**2 + G**2 * np.cumsum(a**2)) / (2 * np.cumsum(a))
        ages = [np.maximum(k - 1 - np.arange(k), 1) for k in t]
        own = np.array([(R**2 / k + G**2 * (a[:k] ** 2 / ages[k - 1]).sum()) / (2 * a[k - 1]) for k in t])
        own[np.cumsum(np.append(0, np.diff(a) > 0)) > 0] = np.inf
        way = a * (1 - L * (1 + rho) * a / 2) if c is None else c
        add = L * variance * a**2 / 2 if fed is None else fed
        most = 2 / (L * (1 + rho)) if limit is None else limit
        loss = [gap]
        for k in range(T):
            loss.append((1 - 2 * mu * way[k]) * loss[-1] + add[k] if a[k] <= most else np.inf)
        gradient = (gap + np.cumsum(add)) / np.cumsum(way)
        floor = np.where((a <= most) & (mu * way > 0), add / (2 * mu * way), np.inf)
    bad = np.cumsum(a > most) > 0
    loss = np.where(np.append(False, bad), np.inf, loss)
    gradient = np.where(bad | ~(np.cumsum(way) > 0), np.inf, gradient)
    parts = (first if averaged is None else averaged, own if last is None else last, loss, gradient, floor)
    return tuple(np.where(np.isnan(v), np.inf, v) for v in parts)


# sgd-convergence: the step limit 1/L of the textbook proof in place of 2/(L(1+ρ))
def convergence_one_over_l(
    step_sizes, distance=np.inf, second_moment=np.inf, gap=np.inf, smoothness=np.inf, variance=np.inf, growth=0.0, pl=0.0
):  # fmt: skip
    return _bounds(
        step_sizes, distance, second_moment, gap, smoothness, variance, growth, pl, limit=1 / smoothness
    )


# sgd-convergence: the textbook's 1 − μα, for which αL ≤ 1 was used
def convergence_textbook_rate(
    step_sizes, distance=np.inf, second_moment=np.inf, gap=np.inf, smoothness=np.inf, variance=np.inf, growth=0.0, pl=0.0
):  # fmt: skip
    half = step_sizes / 2 if smoothness < np.inf else np.zeros(len(step_sizes))
    return _bounds(step_sizes, distance, second_moment, gap, smoothness, variance, growth, pl, c=half)


# sgd-convergence: the standard deviation fed in where the variance belongs
def convergence_deviation(
    step_sizes, distance=np.inf, second_moment=np.inf, gap=np.inf, smoothness=np.inf, variance=np.inf, growth=0.0, pl=0.0
):  # fmt: skip
    fed = smoothness * np.sqrt(variance) * step_sizes**2 / 2
    return _bounds(step_sizes, distance, second_moment, gap, smoothness, variance, growth, pl, fed=fed)


# sgd-convergence: the last iterate with log t for the harmonic sum of its ages
def convergence_logarithm(
    step_sizes, distance=np.inf, second_moment=np.inf, gap=np.inf, smoothness=np.inf, variance=np.inf, growth=0.0, pl=0.0
):  # fmt: skip
    a, t = step_sizes, np.arange(1, len(step_sizes) + 1)
    last = distance**2 / (2 * a * t) + a * second_moment**2 * (1 + np.log(t)) / 2
    last[np.cumsum(np.append(0, np.diff(a) > 0)) > 0] = np.inf
    return _bounds(a, distance, second_moment, gap, smoothness, variance, growth, pl, last=last)


# sgd-convergence: the bound of the plain mean of the iterates for that of the weighted one
def convergence_plain_mean(
    step_sizes, distance=np.inf, second_moment=np.inf, gap=np.inf, smoothness=np.inf, variance=np.inf, growth=0.0, pl=0.0
):  # fmt: skip
    a, t = step_sizes, np.arange(1, len(step_sizes) + 1)
    plain = distance**2 / (2 * t * a) + second_moment**2 * np.cumsum(a) / (2 * t)
    return _bounds(a, distance, second_moment, gap, smoothness, variance, growth, pl, averaged=plain)
