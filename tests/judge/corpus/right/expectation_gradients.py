"""Derivatives of expectations in other styles: finite differences of quantiles, and PyTorch's distributions by hand."""

import numpy as np
import torch
from scipy.special import digamma, expit, gammainc, gammaincinv


# reparameterization: SciPy, with the gamma draw moved along its quantile
def reparameterization_scipy(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    polynomial = np.polynomial.Polynomial(c)
    a, b = theta
    if law == "normal":
        z = a + b * noise
        score = np.stack([noise / b, (noise**2 - 1) / b], 1)
        moves = np.stack([np.ones_like(noise), noise], 1)
    elif law == "gamma":
        z, h = noise / b, 1e-5 * a
        u = gammainc(a, noise)
        with np.errstate(divide="ignore", invalid="ignore"):
            by_shape = (gammaincinv(a + h, u) - gammaincinv(a - h, u)) / (2 * h)
        by_shape = np.where(
            np.isfinite(by_shape) & (u < 1 - 1e-9) & (u > 1e-9), by_shape, 1.0
        )  # far out, without weight
        score = np.stack([np.log(noise) - digamma(a), a / b - z], 1)
        moves = np.stack([by_shape / b, -z / b], 1)
    elif law == "relaxed coin":
        z = expit((a + noise) / b)
        score = np.stack([(a + noise > 0) - expit(a), np.zeros_like(noise)], 1)
        moves = (z * (1 - z))[:, None] * np.stack([np.ones_like(noise) / b, -(a + noise) / b**2], 1)
    else:
        raise ValueError(law)
    hard = (a + noise > 0) * 1.0 if law == "relaxed coin" else z
    reward = polynomial(hard) + jump * (hard > 0) - baseline
    return polynomial.deriv()(z)[:, None] * moves, reward[:, None] * score


# reparameterization: torch, all draws at once by a vector-Jacobian product for each parameter copied a draw
def reparameterization_torch(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    each = theta.detach().expand(len(noise), 2).clone().requires_grad_()
    a, b = each.unbind(-1)
    if law == "normal":
        z = drawn = a + b * noise
        density = torch.distributions.Normal(a, b)
    elif law == "gamma":
        z = drawn = (noise + (a - a.detach()) * torch._standard_gamma_grad(a.detach(), noise)) / b
        density = torch.distributions.Gamma(a, b)
    elif law == "relaxed coin":
        z = torch.sigmoid((a + noise) / b)
        drawn = (a + noise > 0).to(z)
        density = torch.distributions.Bernoulli(logits=a)
    else:
        raise ValueError(law)

    def f(x):
        powers = x[:, None] ** torch.arange(len(c))
        return (powers * c).sum(-1)

    (path,) = torch.autograd.grad(f(z).sum() + 0 * each.sum(), each, retain_graph=True)
    with torch.no_grad():
        hard = drawn.detach()
        reward = f(hard) + jump * (hard > 0) - baseline
    (score,) = torch.autograd.grad((reward * density.log_prob(hard)).sum() + 0 * each.sum(), each)
    return path, score
