"""Evidence lower bounds in other styles: SciPy's special functions, PyTorch's, JAX's, plain loops."""

import math

import jax.numpy as jnp
import numpy as np
import torch
from jax.scipy.special import xlogy as jax_xlogy
from scipy.special import entr, rel_entr


# elbo: relative entropy, and the fit without values that q leaves out
def elbo_rel_entr(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    fit = np.einsum("...k,...nk->...", q, np.where(q[..., None, :] > 0, log_likelihood, 0.0))
    return scale * fit - rel_entr(q, prior).sum(-1)


# elbo: the other form, mean of the log-joint and entropy
def elbo_log_joint(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    with np.errstate(divide="ignore"):
        joint = scale * log_likelihood.sum(-2) + np.log(prior)
    return (q * np.where(q > 0, joint, 0.0) + entr(q)).sum(-1)


# elbo: torch, value by value
def elbo_torch(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    there = q > 0
    one = torch.ones_like(q)
    ratio = torch.where(there, prior, one).log() - torch.where(there, q, one).log()
    fit = torch.where(there, log_likelihood.sum(-2), torch.zeros_like(q))
    return (q * (scale * fit + ratio)).sum(-1)


# elbo: JAX
def elbo_jax(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    fit = jnp.where(q > 0, q * jnp.where(q > 0, log_likelihood.sum(-2), 0), 0).sum(-1)
    return scale * fit - (jax_xlogy(q, q) - jax_xlogy(q, prior)).sum(-1)


# elbo: loops over one guess
def elbo_loops(q, prior, log_likelihood, total=None):
    if q.ndim > 1:
        return np.array([elbo_loops(*row, total) for row in zip(q, prior, log_likelihood, strict=True)])
    n = len(log_likelihood)
    bound = 0.0
    for j, p in enumerate(q):
        if p > 0:
            if prior[j] == 0:
                return np.float64(-math.inf)
            bound += p * ((total or n) / n * sum(row[j] for row in log_likelihood) + math.log(prior[j] / p))
    return np.float64(bound)


# mean-field: Gauss–Seidel by triangular solves of parts, the bound by PyTorch's divergence of normal laws
def mean_field_distributions(mu, precision, m, v, sweeps=10):
    from torch.distributions import MultivariateNormal, kl_divergence

    law = MultivariateNormal(mu, precision_matrix=precision)
    m, v, history = list(m), list(v), []
    for _ in range(sweeps):
        for i in range(len(mu)):
            rest = sum(precision[i, j] * (m[j] - mu[j]) for j in range(len(mu)) if j != i)
            m[i], v[i] = mu[i] - rest / precision[i, i], 1 / precision[i, i]
            q = MultivariateNormal(torch.stack(m), torch.diag(torch.stack(v)))
            history.append(-kl_divergence(q, law))
    return torch.stack(m), torch.stack(v), torch.stack(history).reshape(sweeps, len(mu))


# mean-field: the natural parameters, with Cholesky's factor for the determinant
def mean_field_natural(mu, precision, m, v, sweeps=10):
    d, h = len(mu), precision @ mu
    half = np.log(np.diag(np.linalg.cholesky(precision))).sum()
    m, v, history = np.array(m, float), np.array(v, float), np.empty((sweeps, d))
    for t in range(sweeps):
        for i in range(d):
            m[i] = (h[i] - precision[i, :i] @ m[:i] - precision[i, i + 1 :] @ m[i + 1 :]) / precision[i, i]
            v[i] = 1 / precision[i, i]
            gap = m - mu
            history[t, i] = (
                half + (d + np.log(v).sum() - np.diag(precision) @ v - gap @ (precision @ gap)) / 2
            )
    return m, v, history


# mean-field: JAX
def mean_field_jax(mu, precision, m, v, sweeps=10):
    d = len(mu)
    rows = []
    for t in range(sweeps * d):
        i = t % d
        m = m.at[i].add(-precision[i] @ (m - mu) / precision[i, i])
        v = v.at[i].set(1 / precision[i, i])
        quadratic = (m - mu) @ precision @ (m - mu) + jnp.diagonal(precision) @ v
        rows.append((d + jnp.linalg.slogdet(precision)[1] + jnp.log(v).sum() - quadratic) / 2)
    return m, v, jnp.stack(rows).reshape(sweeps, d)
