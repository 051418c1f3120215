"""Fits of scaling laws written in other ways."""

import numpy as np
import scipy.optimize


def _checked(N, D, L):
    x = np.log(np.stack([N, D], 1))
    x = x - x.mean(0)
    if len(L) < 6 or len(L) != len(N) or abs(np.corrcoef(x.T)[0, 1]) > 1 - 1e-6:
        raise ValueError("six runs or more, in which N and D vary independently")


def _answer(theta, r, J, delta, C):
    E, A, B, alpha, beta = theta
    share = (np.abs(r) <= delta).mean()
    s = np.sqrt((np.clip(r, -delta, delta) ** 2).sum() / (len(r) - 5)) / share
    errors = s * np.linalg.norm(np.linalg.pinv(J), axis=1)[3:]
    G, a = (alpha * A / beta / B) ** (1 / (alpha + beta)), beta / (alpha + beta)
    return (
        np.array([E, A, B]),
        np.array([alpha, beta]),
        errors,
        np.array([G * (C / 6) ** a, (C / 6) ** (1 - a) / G]),
    )


# scaling-laws: SciPy's least squares with Huber's loss, then Newton's method by differences of the gradient
def scaling_by_scipy(N, D, L, delta, C):
    _checked(N, D, L)
    n, d = np.exp(np.log(N).mean()), np.exp(np.log(D).mean())
    x1, x2, y = np.log(N / n), np.log(D / d), np.log(L)

    def parts(t):
        z = np.stack([0 * y + t[0], t[1] - t[3] * x1, t[2] - t[4] * x2])
        f = np.logaddexp.reduce(z, axis=0)
        p = np.exp(z - f)
        return f - y, np.stack([p[0], p[1], p[2], -p[1] * x1, -p[2] * x2], 1)

    starts = [[np.log(0.6 * L.min()), -1, -1, q, w] for q, w in ((0.2, 0.2), (0.6, 0.2), (0.4, 0.4))]
    t = min(
        (scipy.optimize.least_squares(
            lambda t: parts(t)[0], start, jac=lambda t: parts(t)[1], loss="huber", f_scale=delta,
            xtol=1e-7, ftol=1e-8, max_nfev=100, x_scale="jac",
        ) for start in starts),
        key=lambda found: found.cost,
    ).x  # fmt: skip
    for _ in range(40):  # fixed point of reweighting
        r, J = parts(t)
        root = np.sqrt(np.minimum(1, delta / np.maximum(np.abs(r), 1e-300)))
        t = t - np.linalg.pinv(root[:, None] * J) @ (root * r)
    r, J = parts(t)
    theta = np.array([np.exp(t[0]), np.exp(t[1]) * n ** t[3], np.exp(t[2]) * d ** t[4], t[3], t[4]])
    return _answer(theta, r, J, delta, C)


# scaling-laws: a search over both exponents, the amounts from a reweighted linear fit of the relative error, then reweighting
def scaling_by_exponents(N, D, L, delta, C):
    _checked(N, D, L)
    n, d = N.mean(), D.mean()

    def linear(alpha, beta):
        T = np.stack([np.ones(len(L)), (N / n) ** -alpha, (D / d) ** -beta], 1)
        return T, np.maximum(np.linalg.lstsq(T / L[:, None], np.ones(len(L)), rcond=None)[0], 1e-4)

    def cost(q):
        T, c = linear(*np.exp(q))
        r = np.abs(np.log(T @ c) - np.log(L))
        return np.where(r <= delta, r * r / 2, delta * (r - delta / 2)).sum() / delta**2

    starts = [np.log([a, b]) for a in (0.2, 0.35, 0.6) for b in (0.2, 0.35, 0.6)]
    best = scipy.optimize.minimize(
        cost, min(starts, key=cost), method="Nelder-Mead", options=dict(xatol=1e-3, fatol=1e-3)
    )
    alpha, beta = np.exp(best.x)
    T, c = linear(alpha, beta)
    t = np.array([*c, alpha, beta])
    for _ in range(50):
        T = np.stack([np.ones(len(L)), (N / n) ** -t[3], (D / d) ** -t[4]], 1)
        f = T @ t[:3]
        J = np.concatenate([T, -(T[:, 1:] * t[1:3] * np.log(np.stack([N / n, D / d], 1)))], 1) / f[:, None]
        r = np.log(f / L)
        root = np.sqrt(np.minimum(1, delta / np.maximum(np.abs(r), 1e-300)))
        t = t - np.linalg.lstsq(root[:, None] * J, root * r, rcond=None)[0]
    theta = np.array([t[0], t[1] * n ** t[3], t[2] * d ** t[4], t[3], t[4]])
    return _answer(theta, r, J, delta, C)
