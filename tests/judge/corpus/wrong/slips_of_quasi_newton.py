"""Quasi-Newton updates and line searches with slips of order, of constants and of guards."""

import numpy as np

from gradus.catalogue import concept


# bfgs: s and y exchanged
def bfgs_exchanged(H, s, y):
    return concept("bfgs").definition(H, y, s)


# bfgs: the curvature's sign is not kept
def bfgs_absolute(H, s, y):
    rho = 1 / abs(s @ y)
    V = np.eye(len(s)) - rho * np.outer(y, s)
    return V.T @ H @ V + rho * np.outer(s, s)


# bfgs: negative curvature is skipped
def bfgs_skips(H, s, y):
    return concept("bfgs").definition(H, s, y) if s @ y > 0 else H


# bfgs: rank one
def bfgs_rank_one(H, s, y):
    d = s - H @ y
    return H + np.outer(d, d) / (d @ y) if abs(d @ y) > 1e-14 else H


# bfgs: DFP
def bfgs_dfp(H, s, y):
    Hy = H @ y
    return H - np.outer(Hy, Hy) / (y @ Hy) + np.outer(s, s) / (s @ y)


# bfgs: the cross terms once
def bfgs_cross(H, s, y):
    sy, Hy = s @ y, H @ y
    return H + (sy + y @ Hy) / sy**2 * np.outer(s, s) - 2 * np.outer(Hy, s) / sy


# bfgs: a small curvature is guarded by an epsilon
def bfgs_epsilon(H, s, y):
    rho = 1 / (s @ y + 1e-8)
    V = np.eye(len(s)) - rho * np.outer(y, s)
    return V.T @ H @ V + rho * np.outer(s, s)


# bfgs: scaled first
def bfgs_scaled_first(H, s, y):
    H = (s @ y) / (y @ y) * np.eye(len(s)) if np.array_equal(H, np.eye(len(s))) else H
    return concept("bfgs").definition(H, s, y)


# bfgs: damped as Powell does
def bfgs_powell(H, s, y):
    B = np.linalg.inv(H)
    sBs = s @ B @ s
    th = 1.0 if s @ y >= 0.2 * sBs else 0.8 * sBs / (sBs - s @ y)
    return concept("bfgs").definition(H, s, th * y + (1 - th) * B @ s)


def two_loop(S, Y, g, gamma, order=None, forget=None, share=lambda a, b: a - b, start=None):
    q, a = g, {}
    ks = list(range(len(S)))
    for k in reversed(ks):
        a[k] = (S[k] @ q) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    r = (start(S, Y, gamma) if start else gamma) * q
    for k in ks:
        b = (Y[k] @ r) / (S[k] @ Y[k])
        r = r + share(a[k], b) * S[k]
    return r


# lbfgs: its own gamma, from the newest pair
def lbfgs_own_gamma(S, Y, g, gamma):
    return two_loop(S, Y, g, gamma, start=lambda S, Y, c: (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1]) if len(S) else c)


# lbfgs: the pairs from new to old
def lbfgs_reversed(S, Y, g, gamma):
    return two_loop(S[::-1], Y[::-1], g, gamma)


# lbfgs: a + b
def lbfgs_plus(S, Y, g, gamma):
    return two_loop(S, Y, g, gamma, share=lambda a, b: a + b)


# lbfgs: the oldest pair is left out
def lbfgs_forgets(S, Y, g, gamma):
    return two_loop(S[1:], Y[1:], g, gamma)


# lbfgs: at most ten pairs
def lbfgs_ten(S, Y, g, gamma):
    return two_loop(S[-10:], Y[-10:], g, gamma)


# lbfgs: gamma inverted
def lbfgs_gamma_inverted(S, Y, g, gamma):
    return two_loop(S, Y, g, 1 / gamma)


# lbfgs: S and Y exchanged
def lbfgs_exchanged(S, Y, g, gamma):
    return two_loop(Y, S, g, gamma)


# lbfgs: the first loop's product is taken with g throughout
def lbfgs_of_g(S, Y, g, gamma):
    q, a = g, {}
    for k in reversed(range(len(S))):
        a[k] = (S[k] @ g) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    r = gamma * q
    for k in range(len(S)):
        r = r + (a[k] - (Y[k] @ r) / (S[k] @ Y[k])) * S[k]
    return r


def search(
    f,
    gradient,
    x,
    d,
    c1,
    c2,
    first,
    strong=True,
    strict=False,
    halves=2.0,
    most=200,
    uphill=np.nan,
    slack=0.0,
    infinite=np.inf,
):
    f0, m = f(x), gradient(x) @ d
    if not m < 0:
        return uphill
    lo, hi, t = 0.0, np.inf, first
    for _ in range(most):
        y = x + t * d
        s = gradient(y) @ d
        if not f(y) <= f0 + c1 * t * m + slack * abs(f0) or (strong and s > -c2 * m):
            hi = t
        elif s < c2 * m:
            lo = t
        else:
            return t
        t = (lo + hi) / 2 if hi < np.inf else halves * t
    return infinite if hi == np.inf else t


# line-search: the two constants exchanged
def ls_exchanged(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d, c2, c1, first)


# line-search: the first constant is not used
def ls_simple(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d, 0.0, c2, first)


# line-search: the constants of the defaults, whatever is given
def ls_own_constants(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d, 1e-4, 0.9, first)


# line-search: an uphill direction gives 0
def ls_zero_uphill(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d, c1, c2, first, uphill=0.0)


# line-search: gives up after ten trials
def ls_ten(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d, c1, c2, first, most=10)


# line-search: a hair of the value is allowed
def ls_lenient(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d, c1, c2, first, slack=1e-6)


# line-search: no longer than the first step
def ls_never_longer(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    a = search(f, gradient, x, d, c1, c2, first)
    return min(a, first) if a < np.inf else a


# line-search: the direction is normalised
def ls_unit(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(f, gradient, x, d / np.linalg.norm(d), c1, c2, first)


# line-search: the slope compared with that of the gradient's norm
def ls_norm(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    return search(
        f,
        gradient,
        x,
        d,
        c1,
        min(c2 * np.linalg.norm(gradient(x)) * np.linalg.norm(d) / abs(gradient(x) @ d), 0.999),
        first,
    )
