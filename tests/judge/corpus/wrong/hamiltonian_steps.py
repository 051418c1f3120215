"""Steps of Hamiltonian Monte Carlo with the faults that people make."""

import numpy as np
import torch


def _finished(log_density, q, x, p, start, Sigma, u):
    change = -log_density(x) + (p @ Sigma * p).sum(-1) / 2 - start
    alpha = np.exp(np.minimum(0, -np.nan_to_num(change, nan=np.inf)))
    return np.where((u < alpha)[..., None], x, q), x, -p, change, alpha


# hmc: one kick too few: the last half kick is forgotten
def hmc_last_kick_forgotten(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    L = np.linalg.cholesky(Sigma)
    p = np.linalg.solve(L.T, xi[..., None])[..., 0]
    start = -log_density(q) + (xi**2).sum(-1) / 2
    x, p = q, p + epsilon / 2 * gradient(q)
    for i in range(steps):
        x = x + epsilon * p @ Sigma
        if i < steps - 1:
            p = p + epsilon * gradient(x)
    return _finished(log_density, q, x, p, start, Sigma, u)


# hmc: momenta drawn by L in place of its inverse transposed
def hmc_momenta_of_the_covariance(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    x, p = q, xi @ np.linalg.cholesky(Sigma).T
    start = -log_density(q) + (p @ Sigma * p).sum(-1) / 2
    for _ in range(steps):
        p = p + epsilon / 2 * gradient(x)
        x = x + epsilon * p @ Sigma
        p = p + epsilon / 2 * gradient(x)
    return _finished(log_density, q, x, p, start, Sigma, u)


# hmc: one choice for all chains, by the mean probability
def hmc_one_choice_for_all(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    L = np.linalg.cholesky(Sigma)
    x, p = q, np.linalg.solve(L.T, xi[..., None])[..., 0]
    start = -log_density(q) + (xi**2).sum(-1) / 2
    for _ in range(steps):
        p = p + epsilon / 2 * gradient(x)
        x = x + epsilon * p @ Sigma
        p = p + epsilon / 2 * gradient(x)
    _, x, m, change, alpha = _finished(log_density, q, x, p, start, Sigma, u)
    alpha = np.full_like(alpha, alpha.mean())
    return np.where((u < alpha)[..., None], x, q), x, m, change, alpha


# hmc: torch, the gradient of the negative log density, as optimisers want it
def hmc_torch_downhill(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    L = torch.linalg.cholesky(Sigma)
    x, p = q, torch.linalg.solve_triangular(L.T, xi[..., None], upper=True)[..., 0]
    start = -log_density(x) + (p @ Sigma * p).sum(-1) / 2
    for _ in range(steps):
        p = p - epsilon / 2 * gradient(x)
        x = x + epsilon * p @ Sigma
        p = p - epsilon / 2 * gradient(x)
    change = -log_density(x) + (p @ Sigma * p).sum(-1) / 2 - start
    alpha = torch.exp(-change.clamp(min=0))
    return torch.where((torch.as_tensor(u) < alpha)[..., None], x, q), x, -p, change, alpha
