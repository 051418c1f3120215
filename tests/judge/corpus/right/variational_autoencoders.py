"""Bounds of variational autoencoders in other styles: by PyTorch's distributions, and by loops over numbers."""

import math

import numpy as np
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence


# vae: distributions of PyTorch throughout
def vae_distributions(x, mean, log_variance, W, b, noise, variance=None):
    if (variance is None and not bool(((x >= 0) & (x <= 1)).all())) or (
        variance is not None and variance <= 0
    ):
        raise ValueError("out of range")
    q = Independent(Normal(mean, torch.exp(log_variance / 2), validate_args=False), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    wide = Independent(Normal(mean.unsqueeze(-2), torch.exp(log_variance / 2).unsqueeze(-2)), 1)
    z = mean.unsqueeze(-2) + torch.exp(log_variance / 2).unsqueeze(-2) * noise
    eta = torch.einsum("di,...i->...d", W, z) + b
    if variance is None:
        pixels = Bernoulli(logits=eta, validate_args=False)
    else:
        pixels = Normal(eta, torch.as_tensor(variance, dtype=x.dtype).sqrt())
    fit = pixels.log_prob(x.unsqueeze(-2)).sum(-1)
    kl = kl_divergence(q, prior)
    own = Independent(Normal(torch.zeros_like(z), torch.ones_like(z)), 1).log_prob(z)
    weights = fit + own - wide.log_prob(z)
    K = torch.logsumexp(weights, -1) - math.log(z.shape[-2])
    return fit.mean(-1) - kl, fit.mean(-1), kl, K


# vae: one number after the other
def vae_loops(x, mean, log_variance, W, b, noise, variance=None):
    x, mean, log_variance, noise = (np.asarray(a, float) for a in (x, mean, log_variance, noise))
    lead = x.shape[:-1]
    found = np.zeros((4, *lead))
    for at in np.ndindex(*lead):
        weights, fits = [], []
        for e in noise[at]:
            z = [m + math.exp(s / 2) * n for m, s, n in zip(mean[at], log_variance[at], e, strict=True)]
            fit = 0.0
            for pixel, row, c in zip(x[at], W, b, strict=True):
                eta = c + math.fsum(w * v for w, v in zip(row, z, strict=True))
                if variance is None:
                    if not 0 <= pixel <= 1:
                        raise ValueError("no pixel")
                    fit += pixel * eta - (max(eta, 0) + math.log1p(math.exp(-abs(eta))))
                else:
                    if not variance > 0:
                        raise ValueError("no variance")
                    fit -= (pixel - eta) ** 2 / (2 * variance) + math.log(2 * math.pi * variance) / 2
            fits.append(fit)
            change = zip(e, z, log_variance[at], strict=True)
            weights.append(fit + math.fsum((n**2 - v**2 + s) / 2 for n, v, s in change))
        kl = math.fsum(
            (m * m + math.exp(s) - s - 1) / 2 for m, s in zip(mean[at], log_variance[at], strict=True)
        )
        top = max(weights)
        found[(1, *at)], found[(2, *at)] = sum(fits) / len(fits), kl
        found[(0, *at)] = found[(1, *at)] - kl
        found[(3, *at)] = top + math.log(math.fsum(math.exp(w - top) for w in weights) / len(weights))
    return tuple(found)


# conditional-vae: distributions of PyTorch throughout
def conditional_vae_distributions(
    x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance
):
    from torch.distributions import Independent, Normal, kl_divergence

    x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise = (
        torch.as_tensor(v) for v in (x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise)
    )
    if not float(variance) > 0:
        raise ValueError("variance")
    q = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    p = Independent(Normal(prior_mean, (prior_log_variance / 2).exp()), 1)
    draws = noise.movedim(-2, 0)
    z = mean + (log_variance / 2).exp() * draws
    fit = Independent(Normal(z @ W.T + b, float(variance) ** 0.5), 1).log_prob(x)
    price = kl_divergence(q, p)
    tight = torch.logsumexp(fit + p.log_prob(z) - q.log_prob(z), 0) - torch.log(
        torch.tensor(float(len(draws)), dtype=x.dtype)
    )
    return fit.mean(0) - price, fit.mean(0), price, tight
