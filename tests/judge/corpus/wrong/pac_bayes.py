"""PAC-Bayes bounds with the faults that people make."""

import numpy as np
import scipy.optimize
import scipy.special


def _kl(q, p):
    return scipy.special.rel_entr(q, p) + scipy.special.rel_entr(1 - q, 1 - p)


def _inverse(q, c):
    if q >= 1 or _kl(q, 1 - 1e-16) <= c:
        return 1.0
    return scipy.optimize.brentq(lambda p: _kl(q, p) - c, q, 1 - 1e-16, xtol=1e-16, rtol=1e-15)


_each = np.vectorize(_inverse, otypes=[float])


def _all(q, D, n, delta, m, delta_m, j, constant=None, inverse=_each):
    q, D = np.broadcast_arrays(np.asarray(q, float), np.asarray(D, float))
    if m:
        q = inverse(q, np.log(1 / delta_m) / m)
    if j:
        delta = delta * 6 / (np.pi * j) ** 2
    c = (D + np.log((2 * np.sqrt(n) if constant is None else constant) / delta)) / n
    seeger = inverse(q, (D + np.log((n + 1) / delta)) / n)
    return inverse(q, c), seeger, q + np.sqrt((D + np.log(n / delta)) / (2 * n - 2)), c, q


# pac-bayes: Pinsker's root where the divergence is to be inverted
def pac_bayes_pinsker(q, D, n, delta, m=0, delta_m=0.01, j=0):
    return _all(q, D, n, delta, m, delta_m, j, inverse=lambda q, c: q + np.sqrt(c / 2))


# pac-bayes: five steps of Newton's method from the upper bound q + √(c/2), and never a look at whether they arrived
def pac_bayes_five_steps(q, D, n, delta, m=0, delta_m=0.01, j=0):
    def inverse(q, c):
        p = np.clip(q + np.sqrt(c / 2), 1e-6, 1 - 1e-6)
        for _ in range(5):
            p = np.clip(p - (_kl(q, p) - c) * p * (1 - p) / np.maximum(p - q, 1e-9), 1e-6, 1 - 1e-6)
        return p

    return _all(q, D, n, delta, m, delta_m, j, inverse=inverse)


# pac-bayes: n for 2√n, the constant of McAllester's bound put into the inverse
def pac_bayes_constant(q, D, n, delta, m=0, delta_m=0.01, j=0):
    return _all(q, D, n, delta, m, delta_m, j, constant=n)


# pac-bayes: the estimate from draws raised by Hoeffding's root
def pac_bayes_hoeffding_draws(q, D, n, delta, m=0, delta_m=0.01, j=0):
    raised = np.minimum(q + np.sqrt(np.log(1 / delta_m) / (2 * m)), 1.0) if m else q
    return _all(raised, D, n, delta, 0, delta_m, j)


# pac-bayes: the priors of a list share the confidence as 1/2ʲ, which is right, but the price is taken per sample
def pac_bayes_list_per_sample(q, D, n, delta, m=0, delta_m=0.01, j=0):
    return _all(q, D + (n * j * np.log(2) if j else 0.0), n, delta, m, delta_m, 0)
