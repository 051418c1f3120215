"""Methods of second order, programs and estimates in other styles: plain Python, factors, torch, SciPy."""

import itertools
import math

import numpy as np
import scipy.linalg
import scipy.optimize
import torch


# convexity: plain Python
def conv_py(f, X, Y):
    v = f(X)
    dot = lambda a, b: sum(p * q for p, q in zip(a, b, strict=False))
    c = []
    for i, j in itertools.combinations(range(len(X)), 2):
        m = [(a + b) / 2 for a, b in zip(X[i], X[j], strict=False)]
        c.append(
            4 * (v[i] + v[j] - 2 * f([m])[0]) / sum((a - b) ** 2 for a, b in zip(X[i], X[j], strict=False))
        )
    up = [max(dot(x, y) - w for x, w in zip(X, v, strict=False)) for y in Y]
    return min(c), max(c), up, [max(dot(x, y) - u for y, u in zip(Y, up, strict=False)) for x in X]


# convexity: the whole square of pairs, results by name
def conv_square(f, X, Y):
    d = ((X[:, None] - X[None]) ** 2).sum(-1)
    n = len(X)
    M = f(((X[:, None] + X[None]) / 2).reshape(n * n, -1)).reshape(n, n)
    v = f(X)
    with np.errstate(all="ignore"):
        c = 4 * (v[:, None] + v[None] - 2 * M) / d
    c = c[~np.eye(n, dtype=bool)]
    u = np.max(np.einsum("kd,nd->kn", Y, X) - v, axis=-1)
    return {
        "mu": c.min(),
        "L": c.max(),
        "conjugate": u,
        "biconjugate": np.max(np.einsum("nd,kd->nk", X, Y) - u, -1),
    }


# duality: plain Python around a linear program in the prices
def dual_cutting(f, g):
    n, m = len(f), len(g[0])
    allowed = [f[i] for i in range(n) if all(v <= 0 for v in g[i])]
    r = scipy.optimize.linprog(
        [0.0] * m + [-1.0],
        A_ub=[[-v for v in row] + [1.0] for row in g],
        b_ub=f,
        bounds=[(0, None)] * m + [(None, None)],
    )
    if not r.success:
        raise ValueError("unbounded")
    return min(allowed, default=math.inf), -r.fun, list(r.x[:m])


# newton: plain Python, Gauss's elimination
def newton_py(f, gradient, hessian, theta0, steps):
    x = list(theta0)
    out = [x]
    for _ in range(steps):
        A = [[*list(r), b] for r, b in zip(hessian(x), gradient(x), strict=False)]
        n = len(x)
        for i in range(n):
            p = max(range(i, n), key=lambda k: abs(A[k][i]))
            A[i], A[p] = A[p], A[i]
            for k in range(i + 1, n):
                q = A[k][i] / A[i][i]
                A[k] = [u - q * w for u, w in zip(A[k], A[i], strict=False)]
        d = [0.0] * n
        for i in reversed(range(n)):
            d[i] = (A[i][n] - sum(A[i][j] * d[j] for j in range(i + 1, n))) / A[i][i]
        x = [u - w for u, w in zip(x, d, strict=False)]
        out.append(x)
    return out


# newton: torch, by its own factors, in place
def newton_lu(f, gradient, hessian, theta0, steps):
    x = theta0.clone()
    out = [x.clone()]
    for _ in range(steps):
        LU, p = torch.linalg.lu_factor(hessian(x))
        x -= torch.linalg.lu_solve(LU, p, gradient(x).unsqueeze(1)).squeeze(1)
        out.append(x.clone())
    return torch.stack(out)


# newton: the page's names in another order
def newton_order(theta0, f, gradient, hessian, steps):
    out = [theta0]
    for _ in range(steps):
        out.append(out[-1] + scipy.linalg.solve(hessian(out[-1]), -gradient(out[-1])))
    return np.array(out)


# newton-cg: torch, products forward through the gradient
def ncg_torch(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    hvp = lambda x, v: torch.func.jvp(gradient, (x,), (v,))[1]
    out, delta = [theta0], radius
    for _ in range(steps):
        x = out[-1]
        g, fx = gradient(x), f(x)
        n = g.norm().item()
        s = torch.zeros_like(x)
        for _ in range(20):
            s, r, d = torch.zeros_like(x), g.clone(), -g
            for _ in range(2 * x.numel()):
                if r.norm() <= min(forcing, n**0.5) * n:
                    break
                Hd = hvp(x, d)
                c = d @ Hd
                a = r @ r / c if c > 0 else 0
                if c <= 0 or (s + a * d).norm() >= delta:
                    A, B, C = d @ d, s @ d, s @ s - delta**2
                    s = s + (-B + (B * B - A * C).sqrt()) / A * d
                    break
                s, r2 = s + a * d, r + a * Hd
                d, r = -r2 + r2 @ r2 / (r @ r) * d, r2
            L = s.norm()
            if L == 0:
                break
            slack = 10 * 2.0**-52 * fx.abs()
            rho = (fx - f(x + s) + slack) / (-(g @ s + s @ hvp(x, s) / 2) + slack)
            if not rho >= 0.25:
                delta = L / 4
            elif rho > 0.75 and 0.99 * delta < L:
                delta = 2 * delta
            if rho > 1e-4:
                break
            s = 0 * s
        out.append(x + s)
    return torch.stack(out)


# bfgs: plain Python
def bfgs_py(H, s, y):
    n = len(s)
    sy = sum(a * b for a, b in zip(s, y, strict=False))
    Hy = [sum(H[i][j] * y[j] for j in range(n)) for i in range(n)]
    yHy = sum(a * b for a, b in zip(y, Hy, strict=False))
    return [
        [H[i][j] + (sy + yHy) / sy**2 * s[i] * s[j] - (Hy[i] * s[j] + s[i] * Hy[j]) / sy for j in range(n)]
        for i in range(n)
    ]


# bfgs: torch, rank-one updates in place
def bfgs_in_place(H, s, y):
    H = H.clone()
    rho = 1 / s.dot(y)
    Hy = H.mv(y)
    H.addr_(Hy, s, alpha=-float(rho)).addr_(s, Hy, alpha=-float(rho))
    return H.addr_(s, s, alpha=float(rho * (1 + rho * y.dot(Hy))))


# bfgs: SciPy's strategy
InverseHessian = scipy.optimize.BFGS


# lbfgs: SciPy's operator
InverseHessianProduct = scipy.optimize.LbfgsInvHessProduct


# lbfgs: plain Python
def lbfgs_py(S, Y, g, gamma):
    dot = lambda a, b: sum(p * q for p, q in zip(a, b, strict=False))
    q, al = list(g), []
    for s, y in zip(reversed(S), reversed(Y), strict=False):
        a = dot(s, q) / dot(s, y)
        al.append(a)
        q = [u - a * w for u, w in zip(q, y, strict=False)]
    r = [gamma * u for u in q]
    for s, y, a in zip(S, Y, reversed(al), strict=False):
        b = dot(y, r) / dot(s, y)
        r = [u + (a - b) * w for u, w in zip(r, s, strict=False)]
    return r


# line-search: plain Python, doubling and bisection
def ls_py(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    dot = lambda a, b: sum(p * q for p, q in zip(a, b, strict=False))
    f0, m = f(x), dot(gradient(x), d)
    if m >= 0:
        return math.nan
    lo, hi, t = 0.0, math.inf, first
    for _ in range(200):
        y = [a + t * b for a, b in zip(x, d, strict=False)]
        sl = dot(gradient(y), d)
        if not f(y) <= f0 + c1 * t * m or sl > -c2 * m:
            hi = t
        elif sl < c2 * m:
            lo = t
        else:
            return t
        t = (lo + hi) / 2 if hi < math.inf else 2 * t
    return math.inf
