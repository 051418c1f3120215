"""Steps of Hamiltonian Monte Carlo in PyTorch."""

import torch


# hmc: in PyTorch, momenta by the triangular factor
def hmc(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    if not epsilon > 0 or steps < 1 or not bool(((u >= 0) & (u < 1)).all()):
        raise ValueError("epsilon > 0, steps >= 1, u in [0, 1)")
    if float((Sigma - Sigma.mT).abs().max()) > 1e-4 * float(Sigma.abs().max()):
        raise ValueError("Sigma must be symmetric")
    L = torch.linalg.cholesky(Sigma)
    p = torch.linalg.solve_triangular(L.mT, xi.unsqueeze(-1), upper=True).squeeze(-1)

    def energy(q, p):
        return -log_density(q) + 0.5 * ((p @ Sigma) * p).sum(-1)

    start = energy(q, p)
    x = q
    for _ in range(steps):
        p = p + epsilon / 2 * gradient(x)
        x = x + epsilon * (p @ Sigma)
        p = p + epsilon / 2 * gradient(x)
    change = energy(x, p) - start
    alpha = torch.exp(-change.clamp(min=0)).nan_to_num(0.0)
    return torch.where((u < alpha).unsqueeze(-1), x, q), x, -p, change, alpha
