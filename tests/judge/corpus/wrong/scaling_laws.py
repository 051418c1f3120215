"""Fits of scaling laws with the faults that people make."""

import numpy as np


def _fit(N, D, L, delta, C, target=np.log, weight=None, flops=6.0, tokens_only=False, per_run=False):
    x1, x2 = np.log(N), np.log(D)
    x1, x2, m1, m2 = x1 - x1.mean(), x2 - x2.mean(), x1.mean(), x2.mean()
    if len(L) < 6 or len(L) != len(N) or abs(np.corrcoef(x1, x2)[0, 1]) > 1 - 1e-6:
        raise ValueError("six runs or more, in which N and D vary independently")
    y = np.log(L)

    def parts(t):
        z = np.exp(np.stack([0 * y + t[0], t[1] - t[3] * x1, t[2] - t[4] * x2]))
        p = z / z.sum(0)
        r, J = np.log(z.sum(0)) - y, np.stack([p[0], p[1], p[2], -p[1] * x1, -p[2] * x2], 1)
        return (r, J) if target is np.log else (z.sum(0) - L, J * z.sum(0)[:, None])

    t, found = None, np.inf
    for alpha in np.geomspace(0.1, 1, 7):
        for beta in np.geomspace(0.1, 1, 7):
            T = np.stack([0 * y + 1, np.exp(-alpha * x1), np.exp(-beta * x2)], 1)
            c = np.maximum(np.linalg.lstsq(T / L[:, None], 0 * y + 1, rcond=None)[0], 1e-3 * L.min())
            rest = np.abs(np.log(T @ c) - y).sum()
            if rest < found:
                t, found = np.array([*np.log(c), alpha, beta]), rest
    for _ in range(120):
        r, J = parts(t)
        root = np.sqrt(np.minimum(1, delta / np.maximum(np.abs(r), 1e-300))) if weight is None else weight(r)
        step = np.linalg.lstsq(
            np.r_[root[:, None] * J, 1e-7 * np.eye(5)], np.r_[root * r, np.zeros(5)], rcond=None
        )[0]
        t = t - step / max(1, np.abs(step).max())
    r, J = parts(t)
    alpha, beta = t[3:]
    E, A, B = np.exp(t[0]), np.exp(t[1] + alpha * m1), np.exp(t[2] + beta * m2)
    s = np.sqrt((np.clip(r, -delta, delta) ** 2).sum() / (len(L) - 5)) / (np.abs(r) <= delta).mean()
    errors = s * np.linalg.norm(np.linalg.pinv(J), axis=1)[3:]
    G, a = (alpha * A / beta / B) ** (1 / (alpha + beta)), beta / (alpha + beta)
    return (
        np.array([E, A, B]),
        np.array([alpha, beta]),
        errors,
        np.array([G * (C / flops) ** a, (C / flops) ** (1 - a) / G]),
    )


# scaling-laws: the losses themselves fitted, not their logarithms
def scaling_of_losses(N, D, L, delta, C):
    return _fit(N, D, L, delta, C, target=None)


# scaling-laws: squares, whatever δ is
def scaling_by_squares(N, D, L, delta, C):
    return _fit(N, D, L, delta, C, weight=lambda r: np.ones(len(r)))


# scaling-laws: two operations for each parameter and token, the forward pass alone
def scaling_of_the_forward_pass(N, D, L, delta, C):
    return _fit(N, D, L, delta, C, flops=2.0)


# scaling-laws: the factor G without the exponents in it
def scaling_without_the_exponents_ratio(N, D, L, delta, C):
    terms, exponents, errors, _ = _fit(N, D, L, delta, C)
    G, a = (terms[1] / terms[2]) ** (1 / exponents.sum()), exponents[1] / exponents.sum()
    return terms, exponents, errors, np.array([G * (C / 6) ** a, (C / 6) ** (1 - a) / G])


# scaling-laws: negative exponents, as a slope on paper has them
def scaling_with_signs(N, D, L, delta, C):
    terms, exponents, errors, split = _fit(N, D, L, delta, C)
    return terms, -exponents, errors, split


# scaling-laws: errors with as many degrees of freedom as runs
def scaling_with_all_degrees(N, D, L, delta, C):
    terms, exponents, errors, split = _fit(N, D, L, delta, C)
    return terms, exponents, errors * np.sqrt((len(L) - 5) / len(L)), split
