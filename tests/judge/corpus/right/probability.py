"""Probability, information and statistics as users write them."""

import math

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
import torch
from scipy.spatial.distance import jensenshannon
from torch import distributions


# expectation: a scalar product and a weighted covariance
def moments(x, p):
    mean = np.einsum("...k,...kd->...d", p, x)
    c = x - mean[..., None, :]
    return mean, np.einsum("...k,...ki,...kj->...ij", p, c, c)


# expectation: one distribution, numpy.cov with weights
def moments_cov(x, p):
    return p @ x, np.cov(x.T, aweights=p, ddof=0).reshape(x.shape[1], x.shape[1])


# probability: masks
def conditional(p, A, B=None):
    if B is None:
        return np.where(A, p, 0).sum(-1)
    return np.where(A & B, p, 0).sum(-1) / np.where(B, p, 0).sum(-1)


# bayes: NumPy
def bayes_numpy(prior, likelihood):
    return prior * likelihood / np.sum(prior * likelihood, axis=-1, keepdims=True)


# bayes: through logarithms
def bayes_log(prior, likelihood):
    return torch.softmax(prior.log() + likelihood.log(), dim=-1)


# entropy: SciPy
def entropy_scipy(p, base=math.e):
    return scipy.stats.entropy(p, base=base, axis=-1)


# entropy: torch's xlogy
def entropy_xlogy(p, base=math.e):
    return -torch.xlogy(p, p).sum(-1) / math.log(base)


# entropy: SciPy's entr
def entropy_entr(p, base=math.e):
    return scipy.special.entr(p).sum(-1) / np.log(base)


# cross-entropy: SciPy's xlogy
def cross_entropy_probabilities(p, q, base=math.e):
    return -scipy.special.xlogy(p, q).sum(-1) / math.log(base)


# kl: SciPy
def kl_scipy(p, q, base=math.e):
    return scipy.special.rel_entr(p, q).sum(-1) / math.log(base)


# kl: a comprehension over lists
def kl_lists(p, q, base=math.e):
    def term(a, b):
        return 0.0 if a == 0 else math.inf if b == 0 else a * math.log(a / b, base)

    return sum(term(a, b) for a, b in zip(p, q, strict=True))


# js: the square of SciPy's distance
def js_scipy(p, q, base=math.e):
    return jensenshannon(p, q, base=base, axis=-1) ** 2


# js: two divergences to the middle
def js_two_kl(p, q, base=math.e):
    m = (p + q) / 2
    kl = lambda a: scipy.special.rel_entr(a, m).sum(-1)
    return (kl(p) + kl(q)) / 2 / np.log(base)


# mutual-information: entropies of margins and table
def information_by_entropies(p, base=math.e):
    h = lambda q, axis: scipy.special.entr(q).sum(axis)
    joint = h(p, (-2, -1))
    return (h(p.sum(-1), -1) + h(p.sum(-2), -1) - joint) / np.log(base)


# normal: SciPy
def normal_scipy(x, mu, sigma):
    return scipy.stats.norm.logpdf(x, mu, sigma)


# normal: torch's distribution
def normal_torch(x, mu, sigma):
    return distributions.Normal(mu, sigma).log_prob(x)


# exponential: SciPy
def exponential_scipy(x, lam):
    return scipy.stats.expon.logpdf(x, scale=1 / lam)


# gamma: SciPy
def gamma_scipy(x, alpha, beta):
    return scipy.stats.gamma.logpdf(x, alpha, scale=1 / beta)


# uniform: log of an indicator
def uniform_numpy(x, a, b):
    return np.log(np.where((a <= x) & (x < b), 1 / (b - a), 0))


# bernoulli: SciPy
def bernoulli_scipy(x, p):
    inside = (x == 0) | (x == 1)
    return np.where(inside, scipy.special.xlogy(x, p) + scipy.special.xlog1py(1 - x, -p), -np.inf)


# beta: SciPy's betaln
def beta_scipy(x, a, b):
    inside = (x >= 0) & (x <= 1)
    v = np.where(inside, x, 0.5)
    log_p = scipy.special.xlogy(a - 1, v) + scipy.special.xlog1py(b - 1, -v) - scipy.special.betaln(a, b)
    return np.where(inside, log_p, -np.inf)


# binomial: SciPy
def binomial_scipy(x, n, p):
    return scipy.stats.binom.logpmf(x, n, p)


# poisson: SciPy
def poisson_scipy(x, lam):
    return scipy.stats.poisson.logpmf(x, lam)


# categorical: fancy indexing
def categorical_numpy(x, p):
    p = np.broadcast_to(p, (*x.shape, p.shape[-1]))
    return np.log(np.take_along_axis(p, x[..., None], -1))[..., 0]


# dirichlet: SciPy's gammaln
def dirichlet_scipy(x, alpha):
    g = scipy.special.gammaln
    log_p = g(alpha.sum()) - g(alpha).sum() + scipy.special.xlogy(alpha - 1, x).sum(-1)
    return np.where((x < 0).any(-1), -np.inf, log_p)


# multivariate-normal: Cholesky's factor, SciPy's triangular solver
def multivariate_normal_cholesky(x, mu, Sigma):
    L = np.linalg.cholesky(Sigma)
    r = (x - mu).reshape(-1, len(mu))
    z = scipy.linalg.solve_triangular(L, r.T, lower=True)
    log_p = -0.5 * ((z * z).sum(0) + len(mu) * np.log(2 * np.pi)) - np.log(np.diag(L)).sum()
    return log_p.reshape(x.shape[:-1])


# multivariate-normal: torch's distribution
def multivariate_normal_torch(x, mu, Sigma):
    return distributions.MultivariateNormal(mu, Sigma).log_prob(x)


# mle: the four closed forms
def fit_by_moments(x, family="normal"):
    m = x.mean(-1)
    if family == "normal":
        return np.stack([m, x.var(-1)], -1)
    return (1 / m if family == "exponential" else m)[..., None]


# hypothesis-test: SciPy's t tests
def t_test_scipy(x, y, test="t", alternative="two-sided"):
    if test not in ("t", "welch"):
        raise NotImplementedError(test)
    r = scipy.stats.ttest_ind(x, y, axis=-1, equal_var=test == "t", alternative=alternative)
    return r.statistic, r.pvalue


# analysis-of-variance: SciPy's F distribution
def one_way(y, g):
    groups = [y[g == i] for i in range(g.max() + 1)]
    means = np.array([a.mean() for a in groups])
    sizes = np.array([len(a) for a in groups])
    between = (sizes * (means - y.mean()) ** 2).sum()
    within = ((y - means[g]) ** 2).sum()
    d1, d2 = len(groups) - 1, len(y) - len(groups)
    F = between / d1 / (within / d2)
    return between, within, F, scipy.stats.f.sf(F, d1, d2), between / (between + within)


# confidence-interval: SciPy's t, the mean's interval only
def t_interval(x, level=0.95):
    n = x.shape[-1]
    half = scipy.stats.t.ppf((1 + level) / 2, n - 1) * x.std(-1, ddof=1) / math.sqrt(n)
    return x.mean(-1) - half, x.mean(-1) + half


# lln: NumPy
def running_means(x):
    return np.cumsum(x, -1) / np.arange(1, x.shape[-1] + 1)


# lln: an update of the mean
def running_means_updated(x):
    m, out = np.zeros(x.shape[:-1]), np.empty_like(x)
    for k in range(x.shape[-1]):
        m = m + (x[..., k] - m) / (k + 1)
        out[..., k] = m
    return out


# optimizers: the chance that all k are among those from a rank on, by hypergeometric survival
def budget_curve(losses, budget):
    x, n = np.sort(losses, -1), losses.shape[-1]
    beyond = np.array([math.comb(n - i, budget) / math.comb(n, budget) for i in range(n + 1)])
    w = beyond[:-1] - beyond[1:]
    return x[..., w > 0] @ w[w > 0]


# optimizers: torch, all choices at once
def all_choices(losses, budget):
    rows = torch.combinations(torch.arange(losses.shape[-1]), budget)
    return losses[..., rows].amin(-1).mean(-1)


# performance-profiles: an empirical distribution function of logarithms of ratios
def profile_by_logarithms(costs, factors):
    if not (costs > 0).all():
        raise ValueError("costs must be positive")
    logs = np.log(costs)
    best = logs.min(axis=1, keepdims=True)
    behind = np.where(np.isfinite(best), logs - np.where(np.isfinite(best), best, 0), np.inf)
    return np.array([[(column <= np.log(tau) + 1e-12).mean() for tau in factors] for column in behind.T])


# performance-profiles: torch, counted with broadcasting
def profile_in_torch(costs, factors):
    if not (costs > 0).all():
        raise ValueError("costs must be positive")
    best = costs.amin(1, keepdim=True)
    hit = (costs[..., None] / torch.where(best.isinf(), torch.ones_like(best), best)[..., None]) <= factors
    return hit.to(costs.dtype).mean(0)
