"""Steps of Hamiltonian Monte Carlo in other styles: whitened momenta, and velocities."""

import numpy as np


def _require(u, Sigma, epsilon, steps):
    if epsilon <= 0 or steps < 1 or not bool(((u >= 0) & (u < 1)).all()) or abs(Sigma - Sigma.T).max() > 1e-6:
        raise ValueError("epsilon and steps above 0, u in [0, 1), a symmetric metric")


# hmc: momenta of unit mass, inner half kicks joined
def hmc_whitened(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    _require(u, Sigma, epsilon, steps)
    L = np.linalg.cholesky(Sigma)
    x, r = q, xi + epsilon / 2 * gradient(q) @ L
    for i in range(steps):
        x = x + epsilon * r @ L.T
        r = r + (epsilon if i < steps - 1 else epsilon / 2) * gradient(x) @ L
    start = (xi**2).sum(-1) / 2 - log_density(q)
    change = (r**2).sum(-1) / 2 - log_density(x) - start
    alpha = np.exp(-np.maximum(np.where(np.isnan(change), np.inf, change), 0))
    return (
        np.where((u < alpha)[..., None], x, q),
        x,
        -np.linalg.solve(L.T, r[..., None])[..., 0],
        change,
        alpha,
    )


# hmc: the position form of Störmer and Verlet, by velocities
def hmc_velocities(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    _require(u, Sigma, epsilon, steps)
    L, M = np.linalg.cholesky(Sigma), np.linalg.inv(Sigma)
    x, v, a = q, xi @ L.T, gradient(q) @ Sigma
    start = (v @ M * v).sum(-1) / 2 - log_density(q)
    for _ in range(steps):
        x = x + epsilon * v + epsilon**2 / 2 * a
        new = gradient(x) @ Sigma
        v, a = v + epsilon / 2 * (a + new), new
    change = (v @ M * v).sum(-1) / 2 - log_density(x) - start
    alpha = np.minimum(1, np.exp(-np.clip(np.nan_to_num(change, nan=np.inf), 0, None)))
    return np.where((alpha > u)[..., None], x, q), x, -v @ M, change, alpha
