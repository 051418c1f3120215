"""PAC-Bayes bounds in other styles: SciPy's root finder, torch with Newton's method, plain Python."""

import math

import numpy as np
import scipy.optimize
import scipy.special
import torch


def _inverse(q, c):
    def over(p):
        return scipy.special.rel_entr(q, p) + scipy.special.rel_entr(1 - q, 1 - p) - c

    top = 1 - 2.0**-53
    return 1.0 if q >= top or over(top) <= 0 else scipy.optimize.brentq(over, q, top, xtol=1e-300, rtol=1e-15)


# pac-bayes: SciPy's brentq on rel_entr
def pac_bayes_brentq(q, D, n, delta, m=0, delta_m=0.01, j=0):
    q, D = np.broadcast_arrays(np.asarray(q, float), np.asarray(D, float))
    inverse = np.vectorize(_inverse, otypes=[float])
    if m:
        q = inverse(q, -np.log(delta_m) / m)
    price = np.log(np.pi**2 * j**2 / 6) if j else 0.0
    c = (D + np.log(2 * np.sqrt(n)) - np.log(delta) + price) / n
    s = (D + np.log1p(n) - np.log(delta) + price) / n
    return inverse(q, c), inverse(q, s), q + np.sqrt((D + np.log(n / delta) + price) / 2 / (n - 1)), c, q


# pac-bayes: torch, by bisection in double precision, the last step Newton's, so that gradients flow
def pac_bayes_torch(q, D, n, delta, m=0, delta_m=0.01, j=0):
    q, D = (v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=torch.float64) for v in (q, D))
    q, D = torch.broadcast_tensors(q, D)
    dtype, q, D = q.dtype, q.double(), D.double()

    def kl(q, p):
        return torch.xlogy(q, q / p) + torch.xlogy(1 - q, (1 - q) / (1 - p))

    def inverse(q, c):
        low, high = q.detach(), torch.ones_like(q)
        for _ in range(80):
            middle = (low + high) / 2
            inside = kl(q.detach(), middle) <= c
            low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
        p = torch.where((low > q) & (low < 1 - 2.0**-52), low, 0.5 * (q.detach() + 1))
        newton = p - (kl(q, p) - c) * (p * (1 - p) / (p - q.detach()))
        return torch.where((low > q) & (low < 1 - 2.0**-52), newton, low + 0 * q)

    if m:
        q = inverse(q, torch.full_like(q, math.log(1 / delta_m) / m))
    share = delta * 6 / math.pi**2 / j**2 if j else delta
    c, s = ((D + math.log(k / share)) / n for k in (2 * math.sqrt(n), n + 1))
    root = q + ((D + math.log(n / share)) / (2 * n - 2)).sqrt()
    return tuple(part.to(dtype) for part in (inverse(q, c), inverse(q, s), root, c + 0 * q, q))
