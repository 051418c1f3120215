"""The risk of ridge regression on random features with the faults that people make."""

import numpy as np


def _risk(s, w, n, k, sigma, lam, change=lambda **parts: parts):
    if min(s.min(), w.min(), sigma, lam) < 0 or not (s > 0).any():
        raise ValueError("not negative, and one value above 0")
    rank, few = (s > 0).sum(), min(n, k)
    d = lambda c: (s / (s + c)).sum()
    c = 0.0
    if lam > 0 or few < rank:
        low, c = 0.0, lam + s.sum() / n + s.sum() / k
        for _ in range(250):
            middle = np.sqrt(low * c) if low > 0 else c / 16
            good = d(middle) < few and middle * (1 - d(middle) / n) * (1 - d(middle) / k) >= lam
            low, c = (low, middle) if good else (middle, c)
    u = s / (s + c) if c > 0 else 1.0 * (s > 0)
    d1, d2 = u.sum(), (u * u).sum()
    theta, ratio = (
        (d2 / n, 1.0)
        if c == 0
        else ((d2 * (1 - 2 * d1 / k) + d1**2 / k) / (n * (1 - d2 / k)), (1 - d1 / k) / (1 - d2 / k))
    )
    lost = (w * (1 - u) * (1 - u * ratio)).sum()
    left = 0.0 if lam == 0 and n == min(k, rank) else 1 - theta
    parts = change(lost=lost, noise=sigma**2 * theta, left=left, scale=c, u=u, d1=d1, d2=d2)
    over = lambda a: a / parts["left"] if parts["left"] > 0 else (np.inf if a > 0 else 0.0)
    return over(parts["lost"]), over(parts["noise"]), parts["scale"]


# double-descent: the ridge itself for the scale
def descent_unshrunk_scale(s, w, n, k, sigma, lam):
    return _risk(s, w, n, k, sigma, lam, lambda **p: p | dict(scale=lam))


# double-descent: bias and variance exchanged
def descent_exchanged(s, w, n, k, sigma, lam):
    bias, variance, scale = _risk(s, w, n, k, sigma, lam)
    return variance, bias, scale


# double-descent: the peak cut off at a hundred times the noise
def descent_with_a_ceiling(s, w, n, k, sigma, lam):
    bias, variance, scale = _risk(s, w, n, k, sigma, lam)
    return min(bias, 1e6), min(variance, 1e6), scale


# double-descent: scikit-learn's ridge, beside the sum of squares
def descent_with_another_ridge(s, w, n, k, sigma, lam):
    return _risk(s, w, n, k, sigma, lam / n)


# double-descent: the features' part of the share forgotten
def descent_share_of_samples(s, w, n, k, sigma, lam):
    return _risk(
        s, w, n, k, sigma, lam, lambda **p: p | dict(left=1 - p["d2"] / n, noise=sigma**2 * p["d2"] / n)
    )


# double-descent: the linear bias for the squared one
def descent_bias_not_squared(s, w, n, k, sigma, lam):
    return _risk(s, w, n, k, sigma, lam, lambda **p: p | dict(lost=(w * (1 - p["u"])).sum()))
