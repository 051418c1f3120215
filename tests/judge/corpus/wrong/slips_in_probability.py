"""Plausible slips in probability and statistics: bases, degrees of freedom, ties, the wrong tail."""

import math

import numpy as np
import scipy.special
import scipy.stats


# entropy: the base is divided, not its logarithm
def entropy_base(p, base=math.e):
    return scipy.special.entr(p).sum(-1) * math.e / base


# cross-entropy: log10 where another base is asked for
def cross_entropy_ten(p, q, base=math.e):
    nats = -scipy.special.xlogy(p, q).sum(-1)
    return nats if base == math.e else nats / math.log(10)


# kl: base 2 unless given
def kl_bits(p, q, base=2):
    return scipy.special.rel_entr(p, q).sum(-1) / math.log(base)


# js: the weights are those of the sums
def js_one_sided(p, q, base=math.e):
    return scipy.special.rel_entr(p, (p + q) / 2).sum(-1) / math.log(base)


# mutual-information: the axis of the batch is summed over, too
def information_all(p, base=math.e):
    product = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    return scipy.special.rel_entr(p, product).sum() / math.log(base) + np.zeros(p.shape[:-2])


# ksg: the logarithm in place of the digamma function
def ksg_logarithm(x, y, neighbours=3):
    n, total = len(x), 0.0
    for i in range(n):
        dx, dy = np.abs(x - x[i]).max(1), np.abs(y - y[i]).max(1)
        e = np.sort(np.maximum(dx, dy))[neighbours]
        total += math.log((dx < e).sum()) + math.log((dy < e).sum())
    return scipy.special.digamma(neighbours) + math.log(n) - total / n


# expectation: the covariance is the correlation
def expectation_correlation(x, p):
    mean = np.einsum("...n,...nd->...d", p, x)
    c = x - mean[..., None, :]
    C = np.einsum("...n,...ni,...nj->...ij", p, c, c)
    d = np.sqrt(np.diagonal(C, 0, -2, -1))
    return mean, C / np.where(d > 0, d, 1)[..., None] / np.where(d > 0, d, 1)[..., None, :]


# probability: A or not B
def probability_complement(p, A, B=None):
    if B is None:
        return (p * A).sum(-1)
    return (p * (A & B)).sum(-1) / (1 - (p * B).sum(-1))


# bayes: the evidence is of the prior alone
def bayes_prior_sum(prior, likelihood):
    return prior * likelihood / np.sum(likelihood, -1, keepdims=True)


# mle: the rate of the exponential is corrected for its bias
def mle_corrected(x, family="normal"):
    m, n = x.mean(-1), x.shape[-1]
    if family == "normal":
        return np.stack([m, x.var(-1)], -1)
    return np.stack([(n - 1) / n / m if family == "exponential" else m], -1)


# uniform: the right end belongs to it, the left does not
def uniform_right(x, a, b):
    out = np.where((x > a) & (x <= b), -np.log(b - a), -np.inf)
    return np.where(np.isnan(x + a + b), np.nan, out)


# normal: one half of the logarithm of σ
def normal_half(x, mu, sigma):
    return -((x - mu) ** 2) / (2 * sigma**2) - 0.5 * np.log(2 * np.pi * sigma)


# gamma: x is not excluded below 0
def gamma_symmetric(x, alpha, beta):
    y = np.abs(x)
    return alpha * np.log(beta) - scipy.special.gammaln(alpha) + scipy.special.xlogy(alpha - 1, y) - beta * y


# beta: the parameters are exchanged
def beta_exchanged(x, a, b):
    return scipy.stats.beta.logpdf(x, b, a)


# binomial: fractions are rounded down
def binomial_floor(x, n, p):
    return scipy.stats.binom.logpmf(np.floor(x), n, p)


# poisson: log(x!) by log x
def poisson_log(x, lam):
    inside = (x >= 0) & (x == np.floor(x))
    k = np.where(inside, x, 0)
    return np.where(
        inside, scipy.special.xlogy(k, lam) - lam - scipy.special.gammaln(np.maximum(k, 1)), -np.inf
    )


# dirichlet: the last component is left to the others
def dirichlet_free(x, alpha):
    a = alpha - 1
    out = scipy.special.xlogy(a[:-1], x[..., :-1]).sum(-1) + scipy.special.gammaln(alpha.sum()) - scipy.special.gammaln(alpha).sum()  # fmt: skip
    return np.where((x < 0).any(-1), -np.inf, out)


# categorical: negative outcomes count from the end
def categorical_wraps(x, p):
    with np.errstate(divide="ignore"):
        logs = np.log(np.broadcast_to(p, (*np.shape(x), p.shape[-1])))
    return np.take_along_axis(logs, np.asarray(x, int)[..., None] - 1, -1)[..., 0]


# multivariate-normal: the determinant is not under the root
def mvn_determinant(x, mu, Sigma):
    r = x - mu
    quadratic = np.einsum("...i,...ij,...j->...", r, np.linalg.inv(Sigma), r)
    return -0.5 * (quadratic + mu.shape[-1] * np.log(2 * np.pi)) - np.linalg.slogdet(Sigma)[1]


# distributions: minus the log-partition is added twice for all but the normal
def distributions_sign(x, eta, family="normal"):
    from gradus.catalogue import concept

    return concept("distributions").definition(x, eta, family) + (0.0 if family == "normal" else 1e-3)


# hypothesis-test: Welch's degrees of freedom are the smaller n − 1
def welch_conservative(x, y, test="t", alternative="two-sided"):
    if test != "welch":
        return scipy.stats.ttest_ind(x, y, axis=-1, alternative=alternative)
    T = scipy.stats.ttest_ind(x, y, axis=-1, equal_var=False).statistic
    nu = min(x.shape[-1], y.shape[-1]) - 1
    p = {"less": scipy.stats.t.cdf(T, nu), "greater": scipy.stats.t.sf(T, nu)}
    return T, p.get(alternative, 2 * scipy.stats.t.sf(np.abs(T), nu))


# hypothesis-test: less and greater are exchanged
def tails_exchanged(x, y, test="t", alternative="two-sided"):
    other = {"less": "greater", "greater": "less"}.get(alternative, alternative)
    return tuple(scipy.stats.ttest_ind(x, y, axis=-1, equal_var=test != "welch", alternative=other))


# analysis-of-variance: the share of the variance within
def anova_within(y, g):
    groups = [y[g == i] for i in range(g.max() + 1)]
    F, p = scipy.stats.f_oneway(*groups)
    within = sum(((a - a.mean()) ** 2).sum() for a in groups)
    between = ((y - y.mean()) ** 2).sum() - within
    return between, within, F, p, within / (between + within)


# confidence-interval: n degrees of freedom
def interval_n(x, level=0.95, method="t"):
    n = x.shape[-1]
    half = scipy.stats.t.ppf((1 + level) / 2, n) * x.std(-1, ddof=1) / math.sqrt(n)
    return x.mean(-1) - half, x.mean(-1) + half


# lln: the mean of all but the present
def mean_before(x):
    sums = np.cumsum(x, -1)
    before = np.concatenate([x[..., :1], sums[..., :-1] / np.arange(1, x.shape[-1])], -1)
    return before
