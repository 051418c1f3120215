"""Range tests, noise scales and comparisons of optimizers with slips of counting and of means."""

import itertools
import math

import numpy as np

from gradus.catalogue import concept


# step-size-search: the lowest loss's own step
def sss_lowest(alpha, losses, beta=0.9):
    finite = np.where(np.isfinite(losses), losses, np.inf)
    return alpha[np.argmin(finite)]


# step-size-search: a tenth of the lowest
def sss_tenth(alpha, losses, beta=0.9):
    finite = np.where(np.isfinite(losses), losses, np.inf)
    return alpha[np.argmin(finite)] / 10


def ssearch(alpha, losses, beta, stop=4.0, tenth=9, mean=np.sqrt, plus=1, half=0.5, correct=True, last=True):
    avg, sm = 0.0, []
    for t, loss in enumerate(losses):
        avg = beta * avg + (1 - beta) * loss
        now = avg / (1 - beta ** (t + 1)) if correct else avg
        if not np.isfinite(now) or (t >= 10 and now > stop * min(sm[9:]) > 0):
            break
        sm.append(now)
    m = int(np.argmin(sm))
    mid = sm[tenth] * half + sm[m] * (1 - half)
    above = [t for t in range(m) if sm[t] > mid]
    h = plus + (max(above) if last else next(t for t in range(m) if sm[t] <= mid) - 1)
    return np.sqrt(alpha[h] * alpha[m])


# step-size-search: arithmetic mean
def sss_arithmetic(alpha, losses, beta=0.9):
    avg, sm = 0.0, []
    for t, loss in enumerate(losses):
        avg = beta * avg + (1 - beta) * loss
        now = avg / (1 - beta ** (t + 1))
        if not np.isfinite(now) or (t >= 10 and now > 4 * min(sm[9:]) > 0):
            break
        sm.append(now)
    m = int(np.argmin(sm))
    h = 1 + max(t for t in range(m) if sm[t] > (sm[9] + sm[m]) / 2)
    return (alpha[h] + alpha[m]) / 2


# step-size-search: one place early
def sss_one_early(alpha, losses, beta=0.9):
    return ssearch(alpha, losses, beta, plus=0)


# step-size-search: from the first loss
def sss_from_first(alpha, losses, beta=0.9):
    return ssearch(alpha, losses, beta, tenth=0)


# step-size-search: the tenth loss is the tenth from 1
def sss_eleventh(alpha, losses, beta=0.9):
    return ssearch(alpha, losses, beta, tenth=10)


# step-size-search: no stop when it diverges
def sss_no_stop(alpha, losses, beta=0.9):
    return ssearch(alpha, losses, beta, stop=np.inf)


# step-size-search: stops at twice the lowest
def sss_twice(alpha, losses, beta=0.9):
    return ssearch(alpha, losses, beta, stop=2.0)


# step-size-search: beta ignored
def sss_own_beta(alpha, losses, beta=0.9):
    return ssearch(alpha, losses, 0.9)


# large-batch: n in place of n - 1
def lb_biased(g):
    n, m = len(g), g.mean(0)
    tr = g.var(0).sum()
    sq = m @ m - tr / n
    return tr, sq, tr / sq if sq > 0 else np.inf


# large-batch: the inverse
def lb_inverse(g):
    n, m = len(g), g.mean(0)
    tr = g.var(0, ddof=1).sum()
    sq = m @ m - tr / n
    return tr, sq, sq / tr if tr > 0 else np.inf


# large-batch: the square not corrected by n but by n - 1
def lb_corrected_twice(g):
    n, m = len(g), g.mean(0)
    tr = g.var(0, ddof=1).sum()
    sq = m @ m - tr / (n - 1)
    return tr, sq, tr / sq if sq > 0 else np.inf


# large-batch: standard deviations
def lb_deviations(g):
    n, m = len(g), g.mean(0)
    tr = g.std(0, ddof=1).sum()
    sq = m @ m - tr / n
    return tr, sq, tr / sq if sq > 0 else np.inf


# large-batch: NaN where the gradient is hidden
def lb_nan(g):
    n, m = len(g), g.mean(0)
    tr = g.var(0, ddof=1).sum()
    sq = m @ m - tr / n
    return tr, sq, tr / sq if sq > 0 else np.nan


# large-batch: axes exchanged
def lb_axes(g):
    n, m = len(g), g.mean(1)
    tr = g.var(1, ddof=1).sum() if g.shape[1] > 1 else 0.0
    sq = m @ m - tr / n
    return tr, sq, tr / sq if sq > 0 else np.inf


# large-batch: a negative square is cut off at 0
def lb_cut(g):
    n, m = len(g), g.mean(0)
    tr = g.var(0, ddof=1).sum()
    sq = max(m @ m - tr / n, 0.0)
    return tr, sq, tr / sq if sq > 0 else np.inf


# optimizers: sorted the other way
def eb_descending(losses, budget):
    n = losses.shape[-1]
    w = np.array([math.comb(i, budget - 1) for i in range(n)]) / math.comb(n, budget)
    return np.sort(losses, -1) @ w


# optimizers: ordered draws with repetition of the last
def eb_budget_plus(losses, budget):
    return concept("optimizers").definition(losses, min(budget + 1, losses.shape[-1]))


# optimizers: the median of the smallest
def eb_median(losses, budget):
    n = losses.shape[-1]
    return np.median(
        np.stack([losses[..., list(S)].min(-1) for S in itertools.combinations(range(n), budget)]), 0
    )


# optimizers: consecutive trials only
def eb_windows(losses, budget):
    n = losses.shape[-1]
    return np.mean([losses[..., i : i + budget].min(-1) for i in range(n - budget + 1)], 0)


# optimizers: the quantile
def eb_quantile(losses, budget):
    return np.quantile(losses, 1 / (budget + 1), axis=-1)


# optimizers: random draws
def eb_monte_carlo(losses, budget):
    rng = np.random.default_rng(0)
    n = losses.shape[-1]
    return np.mean([losses[..., rng.permutation(n)[:budget]].min(-1) for _ in range(2000)], 0)


# optimizers: distinct values only
def eb_distinct(losses, budget):
    if losses.ndim > 1:
        return np.stack([eb_distinct(row, budget) for row in losses])
    u = np.unique(losses)
    return concept("optimizers").definition(u, min(budget, len(u)))
