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
