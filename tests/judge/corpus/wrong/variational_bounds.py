"""Evidence lower bounds with the faults that people make."""

import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import logsumexp, rel_entr, xlogy


# elbo: the mean over samples, and the divergence divided by their number once more
def elbo_as_a_mean_loss(q, prior, log_likelihood, total=None):
    n = log_likelihood.shape[-2]
    nll = -(q[..., None, :] * log_likelihood).sum(-1).mean(-1)
    return -(nll + rel_entr(q, prior).sum(-1) / n) * (n if total is None else total)


# elbo: PyTorch's kl_div with its arguments the wrong way round
def elbo_kl_div_swapped(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    kl = F.kl_div(q.log(), prior, reduction="none").sum(-1)
    return scale * (q * log_likelihood.sum(-2)).sum(-1) - kl


# elbo: the free energy, to be minimised
def elbo_as_a_loss(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    return rel_entr(q, prior).sum(-1) - scale * xlogy(q, np.exp(log_likelihood.sum(-2))).sum(-1)


# elbo: the prior counted with each sample
def elbo_prior_with_each_sample(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    joint = (log_likelihood + jnp.log(prior)[..., None, :]).sum(-2)
    return scale * (q * joint).sum(-1) - (q * jnp.log(q)).sum(-1)


# elbo: scaled by n/N
def elbo_scaled_upside_down(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else log_likelihood.shape[-2] / total
    return scale * (q * log_likelihood.sum(-2)).sum(-1) - rel_entr(q, prior).sum(-1)


# elbo: the importance-weighted bound with infinitely many draws, which is the evidence
def elbo_importance_weighted(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    with np.errstate(divide="ignore"):
        return logsumexp(scale * log_likelihood.sum(-2) + np.log(prior), axis=-1)


# elbo: the entropy of the prior for that of q
def elbo_entropy_of_the_prior(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    fit = (q * (scale * log_likelihood.sum(-2) + prior.log())).sum(-1)
    return fit + torch.distributions.Categorical(prior, validate_args=False).entropy()


def _sweeps(mu, precision, m, v, sweeps, update, order=None):
    m, v = np.array(m, float), np.array(v, float)
    C = np.linalg.inv(precision)
    history = []
    for _ in range(sweeps):
        row = []
        for i in order or range(len(mu)):
            m[i], v[i] = update(m, v, i)
            gap = np.linalg.solve(C, m - mu) @ (m - mu)
            row.append(
                (len(mu) + np.log(v).sum() - np.diag(precision) @ v - gap - np.linalg.slogdet(C)[1]) / 2
            )
        history.append(row)
    return m, v, np.array(history)


# mean-field: a damped step, as is due where updates are noisy
def mean_field_damped(mu, precision, m, v, sweeps=10):
    def update(m, v, i):
        return m[i] - 0.7 * precision[i] @ (m - mu) / precision[i, i], 1 / precision[i, i]

    return _sweeps(mu, precision, m, v, sweeps, update)


# mean-field: expectation propagation's variances
def mean_field_moments(mu, precision, m, v, sweeps=10):
    C = np.linalg.inv(precision)
    return _sweeps(
        mu,
        precision,
        m,
        v,
        sweeps,
        lambda m, v, i: (m[i] - precision[i] @ (m - mu) / precision[i, i], C[i, i]),
    )


# mean-field: in the axes of the law, where it would be exact
def mean_field_in_other_axes(mu, precision, m, v, sweeps=10):
    C = np.linalg.inv(precision)
    m, v, L = _sweeps(mu, precision, m, v, sweeps, lambda m, v, i: (mu[i], C[i, i]))
    return m, v, 0 * L


# mean-field: the bound before each step in place of the one after it
def mean_field_bound_before(mu, precision, m, v, sweeps=10):
    a, s, L = _sweeps(
        mu,
        precision,
        m,
        v,
        sweeps,
        lambda m, v, i: (m[i] - precision[i] @ (m - mu) / precision[i, i], 1 / precision[i, i]),
    )
    start = _sweeps(mu, precision, m, v, 1, lambda m, v, i: (m[i], v[i]))[2][0, 0]
    return a, s, np.r_[start, L.ravel()[:-1]].reshape(L.shape)


# mean-field: one gradient step a coordinate, with the length 0.1
def mean_field_gradient(mu, precision, m, v, sweeps=10):
    return _sweeps(
        mu, precision, m, v, sweeps,
        lambda m, v, i: (m[i] - 0.1 * precision[i] @ (m - mu), v[i] * np.exp(0.1 * (1 - precision[i, i] * v[i]))),
    )  # fmt: skip
