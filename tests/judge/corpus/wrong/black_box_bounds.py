"""The bound of a normal distribution of free numbers, with the faults that people make."""

import math

import numpy as np
import torch


def _draws(log_density, gradient, mean, scale, noise, positive):
    u = mean + noise @ scale.T
    x = np.where(positive, np.exp(np.where(positive, u, 0)), u)
    f = log_density(x) + np.where(positive, u, 0).sum(-1)
    g = gradient(x) * np.where(positive, x, 1) + positive
    log_det = np.log(np.diag(scale)).sum()
    d = len(mean)
    log_q = -(noise**2).sum(-1) / 2 - d / 2 * math.log(2 * math.pi) - log_det
    return f, g, log_q, d / 2 * math.log(2 * math.pi * math.e) + log_det


# advi: the bound as a loss: everything with the other sign
def bound_as_a_loss(log_density, gradient, mean, scale, noise, positive, sticking=False):
    f, g, log_q, entropy = _draws(log_density, gradient, mean, scale, noise, positive)
    if sticking:
        g = g + np.linalg.solve(scale.T, noise.T).T
    by_scale = np.tril(g.T @ noise / len(noise)) + (not sticking) * np.diag(1 / np.diag(scale))
    return f - log_q, -(f.mean() + entropy), -g.mean(0), -by_scale


# advi: the gradient by the logarithm of the diagonal
def bound_by_the_logarithm(log_density, gradient, mean, scale, noise, positive, sticking=False):
    f, g, log_q, entropy = _draws(log_density, gradient, mean, scale, noise, positive)
    if sticking:
        g = g + np.linalg.solve(scale.T, noise.T).T
    by_scale = np.tril(g.T @ noise / len(noise)) + (not sticking) * np.diag(1 / np.diag(scale))
    chain = np.where(np.eye(len(mean), dtype=bool), np.diag(scale)[:, None], 1)
    return f - log_q, f.mean() + entropy, g.mean(0), by_scale * chain


# advi: weights that were normalised to sum to 1
def bound_with_normalised_weights(log_density, gradient, mean, scale, noise, positive, sticking=False):
    f, g, log_q, entropy = _draws(log_density, gradient, mean, scale, noise, positive)
    if sticking:
        g = g + np.linalg.solve(scale.T, noise.T).T
    by_scale = np.tril(g.T @ noise / len(noise)) + (not sticking) * np.diag(1 / np.diag(scale))
    w = f - log_q
    w = w - w.max() - np.log(np.exp(w - w.max()).sum())
    return w, f.mean() + entropy, g.mean(0), by_scale


# advi: the softplus for the exponential, in the volume alone
def bound_with_another_volume(log_density, gradient, mean, scale, noise, positive, sticking=False):
    f, g, log_q, entropy = _draws(log_density, gradient, mean, scale, noise, positive)
    u = mean + noise @ scale.T
    f = f + np.where(positive, -np.logaddexp(0, -u) - u, 0).sum(-1)
    if sticking:
        g = g + np.linalg.solve(scale.T, noise.T).T
    by_scale = np.tril(g.T @ noise / len(noise)) + (not sticking) * np.diag(1 / np.diag(scale))
    return f - log_q, f.mean() + entropy, g.mean(0), by_scale


# advi: torch, the draws detached: nothing flows through them but the entropy
def bound_torch_sampled(log_density, gradient, mean, scale, noise, positive, sticking=False):
    m, L = mean.clone().requires_grad_(), scale.clone().requires_grad_()
    u = (m + noise @ L.mT).detach()
    x = torch.where(positive, u.exp(), u)
    f = log_density(x) + (u * positive).sum(-1)
    q = torch.distributions.MultivariateNormal(m, scale_tril=L, validate_args=False)
    value = f.mean() + q.entropy()
    by_m, by_L = torch.autograd.grad(value, (m, L), allow_unused=True)
    by_m = torch.zeros_like(mean) if by_m is None else by_m
    return (f - q.log_prob(u)).detach(), value.detach(), by_m, by_L.tril()
