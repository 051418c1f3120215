"""The bound of a normal distribution of free numbers, draw by draw, and by PyTorch's own derivatives."""

import math

import numpy as np
import torch


# advi: draw by draw, with the density of q from its covariance
def bound_by_loops(log_density, gradient, mean, scale, noise, positive, sticking=False):
    d = len(mean)
    if np.any(np.triu(scale, 1)) or np.any(np.diag(scale) <= 0):
        raise ValueError("a Cholesky factor, please")
    if noise.shape[1] != d:
        raise ValueError("noise: one column a number")
    precision = np.linalg.inv(scale @ scale.T)
    weights, by_mean, by_scale, total = [], np.zeros(d), np.zeros((d, d)), 0.0
    for e in noise:
        u = mean + scale @ e
        x = np.array([math.exp(v) if held else v for v, held in zip(u, positive, strict=True)])
        f = log_density(x[None])[0] + sum(v for v, held in zip(u, positive, strict=True) if held)
        g = gradient(x[None])[0]
        g = np.array([v * z + 1 if held else v for v, z, held in zip(g, x, positive, strict=True)])
        log_q = -(u - mean) @ precision @ (u - mean) / 2 - d / 2 * math.log(2 * math.pi)
        weights.append(f - log_q + np.log(np.diag(scale)).sum())
        if sticking:
            g = g + precision @ (u - mean)
        by_mean += g
        by_scale += np.tril(np.outer(g, e))
        total += f
    n = len(noise)
    by_scale = by_scale / n + (0 if sticking else 1) * np.diag(1 / np.diag(scale))
    entropy = d / 2 * math.log(2 * math.pi * math.e) + np.log(np.diag(scale)).sum()
    return np.array(weights), total / n + entropy, by_mean / n, by_scale


# advi: torch, differentiated by PyTorch through torch.distributions
def bound_torch(log_density, gradient, mean, scale, noise, positive, sticking=False):
    if bool((scale.triu(1) != 0).any()) or not bool((scale.diagonal() > 0).all()):
        raise ValueError("scale must be lower triangular")
    m, L = mean.clone().requires_grad_(), scale.clone().requires_grad_()
    u = m + noise @ L.mT
    x = torch.where(positive, u.exp(), u)
    f = log_density(x) + (u * positive).sum(-1)
    q = torch.distributions.MultivariateNormal(m, scale_tril=L, validate_args=False)
    value = f.mean() + q.entropy()
    if sticking:
        fixed = torch.distributions.MultivariateNormal(mean, scale_tril=scale, validate_args=False)
        climbed = (f - fixed.log_prob(u)).mean()
    else:
        climbed = value
    by_m, by_L = torch.autograd.grad(climbed, (m, L))
    weights = f - q.log_prob(u)
    return weights.detach(), value.detach(), by_m, by_L.tril()
