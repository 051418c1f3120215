"""Probability, information and statistics with the faults that people make."""

import math

import numpy as np
import scipy.special
import scipy.stats
import torch


# expectation: the covariance is unbiased
def moments_unbiased(x, p):
    mean = np.einsum("...k,...kd->...d", p, x)
    c = x - mean[..., None, :]
    S = np.einsum("...k,...ki,...kj->...ij", p, c, c)
    return mean, S / np.maximum(1 - (p**2).sum(-1), 1e-300)[..., None, None]


# expectation: second moments, which cancel far from 0
def moments_raw(x, p):
    mean = np.einsum("...k,...kd->...d", p, x)
    S = np.einsum("...k,...ki,...kj->...ij", p, x, x)
    return mean, S - mean[..., :, None] * mean[..., None, :]


# expectation: the plain mean
def moments_unweighted(x, p):
    mean = x.mean(-2)
    c = x - mean[..., None, :]
    return mean, np.einsum("...k,...ki,...kj->...ij", p, c, c)


# probability: B is not divided out
def joint(p, A, B=None):
    return (p * (A if B is None else A & B)).sum(-1)


# probability: A or B
def either(p, A, B=None):
    B = np.ones(p.shape[-1], bool) if B is None else B
    return (p * (A | B)).sum(-1) / (p * B).sum(-1)


# probability: the condition and the event exchanged
def reversed_condition(p, A, B=None):
    if B is None:
        return (p * A).sum(-1)
    return (p * (A & B)).sum(-1) / np.maximum((p * A).sum(-1), 1e-300)


# probability: counts outcomes
def counted(p, A, B=None):
    B = np.ones(p.shape, bool) if B is None else B
    return (A & B).mean(-1) / B.mean(-1)


# bayes: not normalised
def posterior_unnormalised(prior, likelihood):
    return prior * likelihood


# bayes: ε in the denominator
def posterior_epsilon(prior, likelihood):
    j = prior * likelihood
    return j / (j.sum(-1, keepdims=True) + 1e-12)


# bayes: the prior is ignored
def posterior_without_prior(prior, likelihood):
    return likelihood / likelihood.sum(-1, keepdims=True)


# bayes: normalised over the batch
def posterior_batch(prior, likelihood):
    j = prior * likelihood
    return j / j.sum()


# entropy: log(p + 1e-12)
def entropy_epsilon(p, base=math.e):
    return -(p * np.log(p + 1e-12)).sum(-1) / np.log(base)


# entropy: always in bits
def entropy_bits(p, base=math.e):
    return scipy.special.entr(p).sum(-1) / np.log(2)


# entropy: 0 log 0 is NaN
def entropy_nan(p, base=math.e):
    return -(p * np.log(p)).sum(-1) / np.log(base)


# entropy: zeros are clipped
def entropy_clipped(p, base=math.e):
    return -(p * p.clamp(min=1e-7).log()).sum(-1) / math.log(base)


# entropy: normalises what need not be normalised, over everything
def entropy_renormalised(p, base=math.e):
    return scipy.special.entr(p / p.sum()).sum(-1) / np.log(base)


# cross-entropy: the arguments exchanged
def cross_entropy_exchanged(p, q, base=math.e):
    return -scipy.special.xlogy(q, p).sum(-1) / np.log(base)


# cross-entropy: log(q + 1e-8)
def cross_entropy_epsilon(p, q, base=math.e):
    return -(p * np.log(q + 1e-8)).sum(-1) / np.log(base)


# cross-entropy: a missing support counts nothing
def cross_entropy_finite(p, q, base=math.e):
    return -(p * np.log(np.where(q > 0, q, 1))).sum(-1) / np.log(base)


# kl: the arguments exchanged
def kl_exchanged(p, q, base=math.e):
    return scipy.special.rel_entr(q, p).sum(-1) / np.log(base)


# kl: torch's kl_div with its order of arguments mistaken
def kl_torch(p, q, base=math.e):
    return torch.nn.functional.kl_div(p.log(), q, reduction="none").sum(-1) / math.log(base)


# kl: SciPy's kl_div, whose terms are another function
def kl_capped(p, q, base=math.e):
    return np.minimum(scipy.special.rel_entr(p, q).sum(-1), 20.0) / np.log(base)


# kl: ratio with ε
def kl_epsilon(p, q, base=math.e):
    return (p * np.log((p + 1e-10) / (q + 1e-10))).sum(-1) / np.log(base)


# kl: infinite terms are left out
def kl_finite(p, q, base=math.e):
    terms = scipy.special.rel_entr(p, q)
    return np.where(np.isfinite(terms), terms, 0).sum(-1) / np.log(base)


# js: the distance for the divergence
def js_distance(p, q, base=math.e):
    m = (p + q) / 2
    r = scipy.special.rel_entr
    return np.sqrt((r(p, m) + r(q, m)).sum(-1) / 2 / np.log(base))


# js: not halved
def js_doubled(p, q, base=math.e):
    m = (p + q) / 2
    r = scipy.special.rel_entr
    return (r(p, m) + r(q, m)).sum(-1) / np.log(base)


# js: the geometric mean in the middle
def js_jeffreys(p, q, base=math.e):
    r = scipy.special.rel_entr
    return (r(p, q) + r(q, p)).sum(-1) / 2 / np.log(base)


# mutual-information: the joint entropy
def information_joint(p, base=math.e):
    return scipy.special.entr(p).sum((-2, -1)) / np.log(base)


# mutual-information: margins exchanged
def information_margins(p, base=math.e):
    product = p.sum(-2, keepdims=True) ** 2
    return scipy.special.rel_entr(p, product).sum((-2, -1)) / np.log(base)


# mutual-information: ε in the logarithm
def information_epsilon(p, base=math.e):
    product = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    return (p * np.log(p / product + 1e-9)).sum((-2, -1)) / np.log(base)


# normal: the variance is given for the deviation
def normal_variance(x, mu, sigma):
    return scipy.stats.norm.logpdf(x, mu, np.sqrt(sigma))


# normal: the density
def normal_density(x, mu, sigma):
    return scipy.stats.norm.pdf(x, mu, sigma)


# normal: the logarithm of the density underflows
def normal_log_of_density(x, mu, sigma):
    return np.log(scipy.stats.norm.pdf(x, mu, sigma))


# normal: σ is not normalised
def normal_constant(x, mu, sigma):
    return -((x - mu) ** 2) / (2 * sigma**2) - 0.5 * np.log(2 * np.pi)


# exponential: the scale for the rate
def exponential_scale(x, lam):
    return scipy.stats.expon.logpdf(x, scale=lam)


# exponential: negative x has a density
def exponential_everywhere(x, lam):
    return np.log(lam) - lam * x


# exponential: 0 has none
def exponential_open(x, lam):
    return np.where(x > 0, np.log(lam) - lam * x, -np.inf)


# gamma: the scale for the rate
def gamma_scale(x, alpha, beta):
    return scipy.stats.gamma.logpdf(x, alpha, scale=beta)


# gamma: β^α is missing
def gamma_constant(x, alpha, beta):
    return scipy.special.xlogy(alpha - 1, x) - beta * x - scipy.special.gammaln(alpha)


# uniform: both ends belong to it
def uniform_closed(x, a, b):
    return np.where((x >= a) & (x <= b), -np.log(b - a), -np.inf)


# uniform: the width is taken for the end
def uniform_scipy(x, a, b):
    return scipy.stats.uniform.logpdf(x, a, b)


# bernoulli: probabilities are clipped
def bernoulli_clipped(x, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    inside = (x == 0) | (x == 1)
    return np.where(inside, x * np.log(p) + (1 - x) * np.log(1 - p), -np.inf)


# bernoulli: outcomes between 0 and 1 are mixed
def bernoulli_continuous(x, p):
    return scipy.special.xlogy(x, p) + scipy.special.xlog1py(1 - x, -p)


# binomial: no binomial coefficient
def binomial_sequence(x, n, p):
    inside = (x >= 0) & (x <= n) & (x == np.floor(x))
    k = np.where(inside, x, 0)
    return np.where(inside, scipy.special.xlogy(k, p) + scipy.special.xlog1py(n - k, -p), -np.inf)


# poisson: the factorial is Stirling's
def poisson_stirling(x, lam):
    inside = (x >= 0) & (x == np.floor(x))
    k = np.where(inside, x, 0)
    stirling = scipy.special.xlogy(k, k) - k + 0.5 * np.log(2 * np.pi * np.maximum(k, 1 / (2 * np.pi)))
    return np.where(inside, scipy.special.xlogy(k, lam) - lam - stirling, -np.inf)


# poisson: torch's loss without the factorial
def poisson_loss(x, lam):
    inside = (x >= 0) & (x == np.floor(x))
    return np.where(inside, scipy.special.xlogy(np.where(inside, x, 0), lam) - lam, -np.inf)
