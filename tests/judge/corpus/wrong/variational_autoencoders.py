"""Bounds of variational autoencoders with the faults that people make."""

import numpy as np


def _bound(
    x,
    m,
    s,
    W,
    b,
    noise,
    variance,
    *,
    deviation=False,
    tempered=1.0,
    mean_square=False,
    median=False,
    per_batch=False,
):
    if (variance is None and not ((x >= 0) & (x <= 1)).all()) or (variance is not None and variance <= 0):
        raise ValueError("out of range")
    sigma = np.exp(s) if deviation else np.exp(s / 2)
    z = m[..., None, :] + sigma[..., None, :] * noise
    eta, y = z @ W.T + b, x[..., None, :]
    if variance is None:
        fit = -(np.logaddexp(0, -eta) * y + np.logaddexp(0, eta) * (1 - y)).sum(-1)
    elif mean_square:
        fit = -((y - eta) ** 2).mean(-1)
    else:
        fit = -(((y - eta) ** 2) / variance + np.log(2 * np.pi * variance)).sum(-1) / 2
    kl = (
        -(1 + 2 * s - m**2 - np.exp(2 * s)).sum(-1) / 2
        if deviation
        else -(1 + s - m**2 - np.exp(s)).sum(-1) / 2
    )
    if per_batch and kl.ndim:
        kl = np.full(kl.shape, kl.mean())
    w = fit + ((noise**2).sum(-1) - (z**2).sum(-1) + (2 * s if deviation else s).sum(-1)[..., None]) / 2
    top = w.max(-1, keepdims=True)
    K = np.log(np.exp(w - top).mean(-1)) + top[..., 0]
    first = np.median(fit, -1) if median else fit.mean(-1)
    return first - tempered * kl, first, kl, K


# vae: the encoder's second output taken for the logarithm of the deviation, in draws and divergence alike
def vae_log_deviation(x, mean, log_variance, W, b, noise, variance=None):
    return _bound(x, mean, log_variance, W, b, noise, variance, deviation=True)


# vae: the divergence with weight 4, and called the bound
def vae_beta_four(x, mean, log_variance, W, b, noise, variance=None):
    return _bound(x, mean, log_variance, W, b, noise, variance, tempered=4.0)


# vae: the mean squared error for normal noise, whatever its variance
def vae_mean_square(x, mean, log_variance, W, b, noise, variance=None):
    return _bound(x, mean, log_variance, W, b, noise, variance, mean_square=True)


# vae: the mean divergence of the batch in each sample's bound
def vae_divergence_of_the_batch(x, mean, log_variance, W, b, noise, variance=None):
    return _bound(x, mean, log_variance, W, b, noise, variance, per_batch=True)


# vae: the median of the draws for their mean
def vae_median(x, mean, log_variance, W, b, noise, variance=None):
    return _bound(x, mean, log_variance, W, b, noise, variance, median=True)


# conditional-vae: the divergence from the standard prior
def conditional_vae_standard_prior(
    x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance
):
    if not variance > 0:
        raise ValueError
    z = mean[..., None, :] + np.exp(log_variance[..., None, :] / 2) * noise
    eta = z @ W.T + b[..., None, :]
    fit = (-((x[..., None, :] - eta) ** 2) / (2 * variance) - np.log(2 * np.pi * variance) / 2).sum(-1)
    price = ((mean**2 + np.exp(log_variance) - log_variance - 1) / 2).sum(-1)
    prior = (
        -(
            (z - prior_mean[..., None, :]) ** 2 / np.exp(prior_log_variance[..., None, :])
            + prior_log_variance[..., None, :]
        ).sum(-1)
        / 2
    )
    weight = fit + prior + (noise**2 + log_variance[..., None, :]).sum(-1) / 2
    top = weight.max(-1, keepdims=True)
    return fit.mean(-1) - price, fit.mean(-1), price, top[..., 0] + np.log(np.exp(weight - top).mean(-1))
