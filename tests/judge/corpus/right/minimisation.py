"""Quasi-Newton, proximal and interior-point methods, as users write them."""

import numpy as np
import torch


# bfgs: expanded, without a product of matrices
def bfgs_expanded(H, s, y):
    sy, Hy = s @ y, H @ y
    return H + (sy + y @ Hy) / sy**2 * np.outer(s, s) - (np.outer(Hy, s) + np.outer(s, Hy)) / sy


# bfgs: torch, as a rank-two change
def bfgs_torch(H: torch.Tensor, s: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    sy, Hy = torch.dot(s, y), H @ y
    w = ((1 + torch.dot(y, Hy) / sy) / 2) * s - Hy
    return H + (torch.outer(s, w) + torch.outer(w, s)) / sy


# interior-point: a plain barrier, made smaller by a constant factor
def barrier_method(P, q, A, b, steps=60):
    m = len(b)
    x = np.linalg.solve(P + A.T @ A, A.T @ b - q)
    s = np.maximum(b - A @ x, 1.0)
    z = np.ones(m)
    for _ in range(4 * steps):
        mu = 0.1 * (s @ z) / m
        if mu < 1e-15 or np.abs(x).max() > 1e13 or z.max() > 1e13:
            break
        rd, rp, rc = P @ x + q + A.T @ z, A @ x + s - b, s * z - mu
        n = len(q)
        K = np.block(
            [
                [P, np.zeros((n, m)), A.T],
                [A, np.eye(m), np.zeros((m, m))],
                [np.zeros((m, n)), np.diag(z), np.diag(s)],
            ]
        )
        step = np.linalg.solve(K, -np.concatenate([rd, rp, rc]))
        dx, ds, dz = step[:n], step[n : n + m], step[n + m :]
        a = 1.0
        for v, dv in ((s, ds), (z, dz)):
            if (dv < 0).any():
                a = min(a, 0.9 * (-v[dv < 0] / dv[dv < 0]).min())
        x, s, z = x + a * dx, s + a * ds, z + a * dz
    return x, z


# interior-point: predictor and corrector in torch, by a Cholesky factor
def predictor_corrector(P, q, A, b, steps=60):
    kind = q.dtype
    P, q, A, b = (v.double() for v in (P, q, A, b))
    H = P + A.T @ A
    x = torch.linalg.solve(H, A.T @ b - q)
    r = b - A @ x
    s = r - torch.clamp(r.min() - 1, max=0)
    z = -r - torch.clamp((-r).min() - 1, max=0)

    def most(s, z, ds, dz):
        ratios = torch.cat([-ds / s, -dz / z])
        return 1 / max(1.0, float(ratios.max()))

    for _ in range(int(steps)):
        dual, gap, mu = P @ x + q + A.T @ z, A @ x + s - b, (s @ z) / len(b)
        worst = max(float(dual.abs().max()), float(gap.abs().max()), float(mu))
        if worst < 1e-12 or max(float(x.abs().max()), float(z.max())) > 1e12:
            break
        w = z / s
        L = torch.linalg.cholesky(P + A.T @ torch.diag(w) @ A)

        def move(c, s=s, z=z, w=w, L=L, dual=dual, gap=gap):
            dx = torch.cholesky_solve((-dual - A.T @ (w * gap - c / s))[:, None], L)[:, 0]
            ds = -gap - A @ dx
            return dx, ds, -c / s - w * ds

        _, ds, dz = move(s * z)
        a = most(s, z, ds, dz)
        share = torch.clamp((((s + a * ds) @ (z + a * dz)) / len(b) / mu) ** 3, min=0.1)
        dx, ds, dz = move(s * z + ds * dz - share * mu)
        a = 0.98 * most(s, z, ds, dz)
        x, s, z = x + a * dx, s + a * ds, z + a * dz
    return x.to(kind), z.to(kind)


# lbfgs: torch, with a list of the shares
def lbfgs_torch(S: torch.Tensor, Y: torch.Tensor, g: torch.Tensor, gamma: float) -> torch.Tensor:
    q, shares = g.clone(), []
    rho = 1 / (S * Y).sum(1)
    for s, y, r in zip(S.flip(0), Y.flip(0), rho.flip(0), strict=True):
        shares.append(r * (s @ q))
        q = q - shares[-1] * y
    q = gamma * q
    for s, y, r, share in zip(S, Y, rho, reversed(shares), strict=True):
        q = q + s * (share - r * (y @ q))
    return q


# lbfgs: recursion in place of loops
def lbfgs_recursive(S, Y, g, gamma):
    if len(S) == 0:
        return gamma * g
    s, y = S[-1], Y[-1]
    a = (s @ g) / (s @ y)
    r = lbfgs_recursive(S[:-1], Y[:-1], g - a * y, gamma)
    return r + s * (a - (y @ r) / (s @ y))


# proximal: the point ahead kept as the last two points
def proximal_two_points(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, t = [np.array(theta0, float)], [0.0, 1.0]
    for k in range(steps):
        before = path[k - 1] if k else path[0]
        y = path[k] + ((t[-2] - 1) / t[-1] * (path[k] - before) if accelerated and k else 0.0)
        path.append(prox(y - alpha * gradient(y), alpha))
        t.append((1 + np.sqrt(1 + 4 * t[-1] ** 2)) / 2)
    return np.array(path)


# proximal: torch, ISTA and FISTA apart
def proximal_torch(gradient, prox, theta, steps, lr, accelerated=False):
    path, y, t = [theta], theta, 1.0
    for _ in range(int(steps)):
        new = prox(y - lr * gradient(y), lr)
        if accelerated:
            t_new = (1 + (1 + 4 * t * t) ** 0.5) / 2
            y, t = new + (t - 1) / t_new * (new - path[-1]), t_new
        else:
            y = new
        path.append(new)
    return torch.stack(path)
