"""Statistics with the faults that people make."""

import math

import numpy as np
import scipy.special
import scipy.stats


# lln: divided by n
def running_total(x):
    return np.cumsum(x, -1) / x.shape[-1]


# lln: along the first axis
def running_axis(x):
    k = np.arange(1, x.shape[0] + 1).reshape(-1, *[1] * (x.ndim - 1))
    return np.cumsum(x, 0) / k


# mle: the unbiased variance
def fit_unbiased(x, family="normal"):
    m = x.mean(-1)
    if family == "normal":
        return np.stack([m, x.var(-1, ddof=1)], -1)
    return (1 / m if family == "exponential" else m)[..., None]


# mle: the deviation for the variance
def fit_deviation(x, family="normal"):
    m = x.mean(-1)
    if family == "normal":
        return np.stack([m, x.std(-1)], -1)
    return (1 / m if family == "exponential" else m)[..., None]


# mle: the mean for the rate
def fit_scale(x, family="normal"):
    m = x.mean(-1)
    return np.stack([m, x.var(-1)], -1) if family == "normal" else m[..., None]


# confidence-interval: the normal quantile
def interval_normal(x, level=0.95):
    half = scipy.stats.norm.ppf((1 + level) / 2) * x.std(-1, ddof=1) / math.sqrt(x.shape[-1])
    return x.mean(-1) - half, x.mean(-1) + half


# confidence-interval: one-sided quantile
def interval_one_sided(x, level=0.95):
    n = x.shape[-1]
    half = scipy.stats.t.ppf(level, n - 1) * x.std(-1, ddof=1) / math.sqrt(n)
    return x.mean(-1) - half, x.mean(-1) + half


# confidence-interval: ddof 0
def interval_biased(x, level=0.95):
    n = x.shape[-1]
    half = scipy.stats.t.ppf((1 + level) / 2, n - 1) * np.std(x, axis=-1) / math.sqrt(n)
    return x.mean(-1) - half, x.mean(-1) + half


# analysis-of-variance: p of the wrong tail
def one_way_tail(y, g):
    r = scipy.stats.f_oneway(*[y[g == i] for i in range(g.max() + 1)])
    between = sum((g == i).sum() * (y[g == i].mean() - y.mean()) ** 2 for i in range(g.max() + 1))
    total = ((y - y.mean()) ** 2).sum()
    return between, total - between, r.statistic, 1 - r.pvalue, between / total


# hypothesis-test: p is not doubled
def t_one_sided(x, y, test="t", alternative="two-sided"):
    if test not in ("t", "welch"):
        raise NotImplementedError(test)
    side = "greater" if alternative == "two-sided" else alternative
    r = scipy.stats.ttest_ind(x, y, axis=-1, equal_var=test == "t", alternative=side)
    return r.statistic, r.pvalue


# optimizers: the running minimum
def best_so_far(losses, budget):
    return np.minimum.accumulate(losses, axis=-1)[..., budget - 1]


# optimizers: pass@k by the rate
def independent_failures(losses, budget):
    low, high = losses.min(-1), losses.max(-1)
    rate = (losses == low[..., None]).mean(-1)
    return low + (high - low) * (1 - rate) ** budget


# optimizers: weights off by one
def one_rank_late(losses, budget):
    n = losses.shape[-1]
    w = np.array([math.comb(n - i, budget) for i in range(1, n + 1)], float)
    return np.sort(losses, -1) @ (w / max(w.sum(), 1))


# performance-profiles: the mean over solved problems alone
def nanmean_profile(costs, factors):
    t = np.where(np.isfinite(costs), costs, np.nan)
    best = np.nanmin(np.c_[t, np.full(len(t), 1e300)], axis=1, keepdims=True)
    hit = np.where(np.isnan(t)[..., None], np.nan, (t / best)[..., None] <= factors)
    return np.nan_to_num(np.nanmean(np.concatenate([hit, np.zeros_like(hit[:1])]), axis=0))


# performance-profiles: the wrong axis for the best
def best_problem_of_each_solver(costs, factors):
    best = costs.min(axis=0, keepdims=True)
    return ((costs / best)[..., None] <= factors).mean(axis=0)


# performance-profiles: against the mean of the others
def against_the_average(costs, factors):
    t = np.where(np.isfinite(costs), costs, 1e9)
    return ((t / t.mean(axis=1, keepdims=True))[..., None] <= factors).mean(axis=0)
