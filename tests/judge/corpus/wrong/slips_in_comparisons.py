"""Range tests, noise scales and comparisons of optimizers with slips of counting and of means."""

import numpy as np


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
