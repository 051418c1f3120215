"""Kronecker factors, programs, searches and estimates in other styles: plain Python, torch, other formulas."""

import math

import numpy as np
import torch


# kfac: the Kronecker product in full
def kfac_full(a, g, gradient, damping=1e-3):
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    ta, ts = np.trace(A) / len(A), np.trace(S) / len(S)
    pi = math.sqrt(ta) / math.sqrt(ts) if ta > 0 and ts > 0 else 1.0
    A = A + pi * math.sqrt(damping) * np.eye(len(A))
    S = S + math.sqrt(damping) / pi * np.eye(len(S))
    v = np.linalg.solve(np.kron(A, S), gradient.T.ravel())
    return v.reshape(gradient.shape[::-1]).T


# kfac: torch, by Cholesky factors
def kfac_chol(a, g, gradient, damping=1e-3):
    n = a.shape[0]
    A, S = a.T @ a / n, g.T @ g / g.shape[0]
    ta, ts = A.trace() / A.shape[0], S.trace() / S.shape[0]
    pi = ta.sqrt() / ts.sqrt() if ta > 0 and ts > 0 else 1.0
    A = A + pi * damping**0.5 * torch.eye(A.shape[0], dtype=a.dtype)
    S = S + damping**0.5 / pi * torch.eye(S.shape[0], dtype=a.dtype)
    left = torch.cholesky_solve(gradient, torch.linalg.cholesky(S))
    return torch.cholesky_solve(left.T, torch.linalg.cholesky(A)).T


# proximal: plain Python, number by number
def prox_py(gradient, prox, theta0, steps, alpha, accelerated=False):
    x, y, t, path = list(theta0), list(theta0), 1.0, [list(theta0)]
    for _ in range(steps):
        g = gradient(y)
        new = prox([a - alpha * b for a, b in zip(y, g, strict=False)], alpha)
        t2 = (1 + math.sqrt(1 + 4 * t * t)) / 2
        m = (t - 1) / t2 if accelerated else 0.0
        y = [n + m * (n - o) for n, o in zip(new, x, strict=False)]
        x, t = list(new), t2
        path.append(x)
    return path


# proximal: without acceleration, arguments in another order
def ista(theta0, gradient, prox, alpha, steps):
    out = [theta0]
    for _ in range(steps):
        out.append(prox(out[-1] - alpha * gradient(out[-1]), alpha))
    return np.array(out)


# interior-point: another start, other constants
def ip_own(P, q, A, b, steps=60):
    n, m = len(q), len(b)
    x = np.zeros(n)
    s = np.maximum(1, b - A @ x)
    z = np.ones(m)
    for _ in range(4 * steps):
        rd, rp, mu = P @ x + q + A.T @ z, A @ x + s - b, s @ z / m
        if max(abs(rd).max(), abs(rp).max(), mu) < 1e-12 or max(abs(x).max(), z.max()) > 1e10:
            break
        sig = 0.1 if mu > 1e-6 else 0.02
        W = z / s
        rhs = -rd - A.T @ (W * rp - (s * z - sig * mu) / s)
        dx = np.linalg.solve(P + A.T * W @ A, rhs)
        ds = -rp - A @ dx
        dz = -(s * z - sig * mu + z * ds) / s
        a = 1.0
        for v, d in ((s, ds), (z, dz)):
            k = d < 0
            if k.any():
                a = min(a, 0.95 * (-v[k] / d[k]).min())
        x, s, z = x + a * dx, s + a * ds, z + a * dz
    return x, z


# step-size-search: plain Python
def sss_py(alpha, losses, beta=0.9):
    if len(alpha) != len(losses):
        raise ValueError("lengths")
    avg, sm = 0.0, []
    for i, l in enumerate(losses):
        avg = beta * avg + (1 - beta) * l
        cur = avg / (1 - beta ** (i + 1))
        if not math.isfinite(cur):
            break
        if i >= 10:
            best = min(sm[9:])
            if best > 0 and cur > 4 * best:
                break
        sm.append(cur)
    lo = min(range(len(sm)), key=sm.__getitem__)
    mid = (sm[9] + sm[lo]) / 2
    first = max(t for t in range(lo) if sm[t] > mid) + 1
    return math.sqrt(alpha[first] * alpha[lo])


# step-size-search: torch
def sss_torch(alpha, losses, beta=0.9):
    if alpha.shape != losses.shape:
        raise ValueError("lengths")
    avg, sm = losses.new_zeros(()), []
    for i, l in enumerate(losses):
        avg = beta * avg + (1 - beta) * l
        cur = avg / (1 - beta ** (i + 1))
        if not torch.isfinite(cur) or (i >= 10 and cur > 4 * min(sm[9:]) > 0):
            break
        sm.append(cur)
    sm = torch.stack(sm)
    lo = int(sm.argmin())
    first = int(torch.nonzero(sm[:lo] > (sm[9] + sm[lo]) / 2).max()) + 1
    return (alpha[first] * alpha[lo]).sqrt()


# large-batch: plain Python
def lb_py(g):
    n, d = len(g), len(g[0])
    if n < 2:
        raise ValueError("two rows")
    m = [sum(r[j] for r in g) / n for j in range(d)]
    tr = sum((r[j] - m[j]) ** 2 for r in g for j in range(d)) / (n - 1)
    sq = sum(v * v for v in m) - tr / n
    return tr, sq, tr / sq if sq > 0 else math.inf


# large-batch: from the scalar products of the rows
def lb_gram(g):
    n = len(g)
    K = g @ g.T
    sq = (K.sum() - np.trace(K)) / (n * (n - 1))
    tr = np.trace(K) / n - sq
    return tr, sq, tr / sq if sq > 0 else np.inf


# large-batch: torch, results by name
def lb_torch(g):
    from collections import namedtuple

    tr = torch.cov(g.T).reshape(g.shape[1], g.shape[1]).trace()
    sq = g.mean(0).pow(2).sum() - tr / g.shape[0]
    return namedtuple("Noise", "trace square scale")(tr, sq, tr / sq if sq > 0 else g.new_tensor(math.inf))


# optimizers: plain Python, by binomials
def eb_py(losses, budget):
    n = len(losses)
    s = sorted(losses)
    if not 1 <= budget <= n:
        raise ValueError("budget")
    c = math.comb(n, budget)
    return sum(
        v * math.comb(n - 1 - i, budget - 1) / c for i, v in enumerate(s) if math.comb(n - 1 - i, budget - 1)
    )


# optimizers: NumPy, by binomials
def eb_np(losses, budget):
    n = losses.shape[-1]
    if not 1 <= budget <= n:
        raise ValueError("budget")
    w = np.array([math.comb(n - 1 - i, budget - 1) for i in range(n)], float) / math.comb(n, budget)
    k = w > 0
    return (np.sort(losses, -1)[..., k] * w[k]).sum(-1)


# optimizers: torch, all subsets at once
def eb_torch(losses, budget):
    n = losses.shape[-1]
    c = torch.combinations(torch.arange(n), int(budget))
    return losses[..., c].amin(-1).mean(-1)
