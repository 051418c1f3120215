"""Slips in normalisations and dropout: axes, counts, ε, gradients cut off, precision."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F


# batch-norm: torch, the gradient does not pass through the statistics
def batch_norm_statistics_detached(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    _, mean, variance = batch_norm_functional(x, gamma, beta, mean, variance, training, momentum, eps)
    z = x.detach()
    mu, s2 = (z.mean((0, 2)), z.var((0, 2), correction=0)) if training else (mean, variance)
    return gamma[:, None] * (x - mu[:, None]) / torch.sqrt(s2 + eps)[:, None] + beta[:, None], mean, variance


def batch_norm_functional(x, gamma, beta, mean, variance, training, momentum, eps):
    mean, variance = mean.detach().clone(), variance.detach().clone()
    y = F.batch_norm(x, mean, variance, gamma, beta, training, momentum, eps)
    return y, mean, variance


# batch-norm: torch, γ and β are buffers and get no gradient
def batch_norm_affine_detached(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    return batch_norm_functional(x, gamma.detach(), beta.detach(), mean, variance, training, momentum, eps)


# batch-norm: the correction of the running variance counts samples, not values
def batch_norm_counts_samples(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    mu, s2, n = (x.mean((0, 2)), x.var((0, 2)), len(x)) if training else (mean, variance, 2)
    y = gamma[:, None] * (x - mu[:, None]) / np.sqrt(s2 + eps)[:, None] + beta[:, None]
    if training:
        mean = (1 - momentum) * mean + momentum * mu
        variance = (1 - momentum) * variance + momentum * s2 * n / max(n - 1, 1)
    return y, mean, variance


# batch-norm: in training normalised by the running statistics, once they are updated
def batch_norm_by_running(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2]
        mean = (1 - momentum) * mean + momentum * x.mean((0, 2))
        variance = (1 - momentum) * variance + momentum * x.var((0, 2)) * n / (n - 1)
    return (
        gamma[:, None] * (x - mean[:, None]) / np.sqrt(variance + eps)[:, None] + beta[:, None],
        mean,
        variance,
    )


# batch-norm: a variance below ε is replaced by ε
def batch_norm_floor(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    mu, s2, n = x.mean((0, 2)), x.var((0, 2)), x.shape[0] * x.shape[2]
    a, b = (mu, s2) if training else (mean, variance)
    y = gamma[:, None] * (x - a[:, None]) / np.sqrt(np.maximum(b, eps))[:, None] + beta[:, None]
    if training:
        mean = (1 - momentum) * mean + momentum * mu
        variance = (1 - momentum) * variance + momentum * s2 * n / (n - 1)
    return y, mean, variance


# layer-norm: torch, over all axes but the first
def layer_norm_all_but_first(x, gamma, beta, eps=1e-5):
    axes = tuple(range(min(1, x.ndim - 1), x.ndim))
    return (
        gamma * (x - x.mean(axes, keepdim=True)) * torch.rsqrt(x.var(axes, correction=0, keepdim=True) + eps)
        + beta
    )


# layer-norm: torch, the gradient does not pass through mean and deviation
def layer_norm_statistics_detached(x, gamma, beta, eps=1e-5):
    s2, mu = torch.var_mean(x.detach(), -1, correction=0, keepdim=True)
    return gamma * (x - mu) * torch.rsqrt(s2 + eps) + beta


# layer-norm: JAX, a variance below ε is replaced by ε
def layer_norm_floor(x, gamma, beta, eps=1e-5):
    return (
        gamma * (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(jnp.maximum(x.var(-1, keepdims=True), eps))
        + beta
    )


# layer-norm: torch, the deviation is unbiased and ε is added to it, as in a well-known tutorial
def layer_norm_annotated(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) + beta


# layer-norm: torch, ε is always 1e-5
def layer_norm_own_eps(x, gamma, beta, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], gamma, beta)


# group-norm: the variance of a group is the mean of its channels' variances
def group_norm_mean_of_variances(x, gamma, beta, groups, eps=1e-5):
    z = x.reshape(*x.shape[:-2], groups, -1, x.shape[-1])
    s2 = z.var(-1, keepdims=True).mean(-2, keepdims=True)
    y = (z - z.mean((-2, -1), keepdims=True)) / np.sqrt(s2 + eps)
    return y.reshape(x.shape) * gamma[:, None] + beta[:, None]


# group-norm: torch, groups is read as the number of channels of a group
def group_norm_size_for_number(x, gamma, beta, groups, eps=1e-5):
    flat = x.reshape(-1, *x.shape[-2:])
    return F.group_norm(flat, x.shape[-2] // groups, gamma, beta, eps).reshape(x.shape)


# group-norm: JAX, the unbiased variance
def group_norm_unbiased(x, gamma, beta, groups, eps=1e-5):
    z = x.reshape(*x.shape[:-2], groups, -1)
    y = (z - z.mean(-1, keepdims=True)) / jnp.sqrt(z.var(-1, keepdims=True, ddof=1) + eps)
    return y.reshape(x.shape) * gamma[:, None] + beta[:, None]


# group-norm: torch, channels last are taken for channels first
def group_norm_channels_last(x, gamma, beta, groups, eps=1e-5):
    z = x.transpose(-1, -2).reshape(*x.shape[:-2], groups, -1)
    y = (
        F.layer_norm(z, z.shape[-1:], eps=eps)
        .reshape(*x.shape[:-2], x.shape[-1], x.shape[-2])
        .transpose(-1, -2)
    )
    return y * gamma[:, None] + beta[:, None]


# instance-norm: the weight is read as γ − 1
def instance_norm_one_plus(x, gamma, beta, eps=1e-5):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return (1 + gamma[:, None]) * y + beta[:, None]


# instance-norm: torch, the gradient does not pass through the deviation
def instance_norm_deviation_detached(x, gamma, beta, eps=1e-5):
    s2 = x.var(-1, correction=0, keepdim=True).detach()
    return gamma[:, None] * (x - x.mean(-1, keepdim=True)) / torch.sqrt(s2 + eps) + beta[:, None]


# instance-norm: contrast is scaled, brightness is put back
def instance_norm_mean_put_back(x, gamma, beta, eps=1e-5):
    mu = x.mean(-1, keepdims=True)
    return gamma[:, None] * (x - mu) / np.sqrt(x.var(-1, keepdims=True) + eps) + beta[:, None] + mu


# rms-norm: γ is multiplied in before the mean square is taken
def rms_norm_weight_first(x, gamma, eps=1e-6):
    x = gamma * x
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)


# rms-norm: torch, only the first quarter of the features is measured
def rms_norm_partial(x, gamma, eps=1e-6):
    k = max(1, x.shape[-1] // 4)
    return gamma * x * torch.rsqrt(x[..., :k].pow(2).mean(-1, keepdim=True) + eps)


# rms-norm: torch, computed in single precision whatever comes
def rms_norm_in_float(x, gamma, eps=1e-6):
    y = x.float()
    return gamma * (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype)


# rms-norm: torch, the gradient does not pass through the mean square
def rms_norm_detached(x, gamma, eps=1e-6):
    return gamma * x * torch.rsqrt(x.detach().pow(2).mean(-1, keepdim=True) + eps)


# rms-norm: JAX, x/max(r, ε)
def rms_norm_floor(x, gamma, eps=1e-6):
    return gamma * x / jnp.maximum(jnp.sqrt((x**2).mean(-1, keepdims=True)), eps)


# dropout: divided by the share that the whole batch has left
def dropout_share_of_the_batch(x, m, p=0.5, training=True):
    if not training:
        return 1.0 * x
    share = m.mean() if m.any() else 1.0
    return m * x / share


# dropout: torch, gradients pass through what is dropped
def dropout_gradient_for_all(x, m, p=0.5, training=True):
    if not training:
        return x
    scale = 0.0 if p == 1 else 1 / (1 - p)
    return x * scale + (m * x * scale - x * scale).detach()


# dropout: torch, the first place's mask for all places of a row
def dropout_mask_of_a_row(x, m, p=0.5, training=True):
    m = m[..., :1] if m.ndim > 1 else m
    return (m * x / (1 - p) if p < 1 else 0 * x) if training else x


# dropout: JAX, what is dropped keeps the value of SELU's saturation
def dropout_alpha(x, m, p=0.5, training=True):
    if not training:
        return x
    low = -1.7580993408473766
    a = 1 / jnp.sqrt((1 - p) * (1 + p * low**2)) if p < 1 else 0.0
    return a * jnp.where(m, x, low) - a * p * low


# dropout: scaled by 1 + p in place of 1/(1 − p)
def dropout_first_order(x, m, p=0.5, training=True):
    return m * x * (1 + p) if training else 1.0 * x
