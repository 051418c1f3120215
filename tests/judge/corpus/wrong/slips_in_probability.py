"""Plausible slips in probability, statistics and learning: bases, degrees of freedom, ties, weights, the wrong tail."""

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


# classification-metrics: recall and precision are exchanged
def metrics_exchanged(y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    p, r, f, _ = precision_recall_fscore_support(
        y, predicted, average=average, sample_weight=weights, zero_division=0.0
    )
    return np.array([accuracy_score(y, predicted, sample_weight=weights), r, p, f])


# classification-metrics: an absent class is given the score 1
def metrics_absent(y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    s = precision_recall_fscore_support(
        y, predicted, average=average, sample_weight=weights, zero_division=1.0
    )
    return np.array([accuracy_score(y, predicted, sample_weight=weights), *s[:3]])


# proper-scores: the logarithm of base 2
def scores_bits(y, p, weights=None):
    loss = -np.log2(np.where(y == 1, p, 1 - p))
    return np.array([np.average(loss, weights=weights), np.average((p - y) ** 2, weights=weights)])


# roc-auc: positives and negatives are exchanged
def auc_exchanged(y, score, weights=None):
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(1 - y, score, sample_weight=weights)


# naive-bayes: the prior is of the classes' number, smoothed
def bayes_smoothed_prior(X, y, Z, event="multinomial", alpha=1.0, epsilon=1e-9):
    from gradus.catalogue import concept

    S = concept("naive-bayes").definition(X, y, Z, event, alpha, epsilon)
    counts = np.bincount(y)
    S = S - np.log(counts / len(y)) + np.log((counts + 1) / (len(y) + len(counts)))
    return S - scipy.special.logsumexp(S, 1, keepdims=True)


# logistic-regression: the penalty is not in the Hessian
def logistic_hessian(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        p = scipy.special.expit(X @ theta)
        theta = theta + np.linalg.solve((X.T * (p * (1 - p))) @ X, X.T @ (y - p) - penalty * theta)
    z = X @ theta
    return theta, (y * z - np.logaddexp(0, z)).sum() - penalty / 2 * theta @ theta


# linear-regression: standard errors lack the root
def regression_variances(X, y, intercept=True):
    from gradus.catalogue import concept

    theta, se, s, R2, F = concept("linear-regression").definition(X, y, intercept)
    return theta, se**2, s, R2, F


# regularization: the penalty of the ridge is halved
def elastic_half(X, y, l1, l2):
    from gradus.catalogue import concept

    return concept("regularization").definition(X, y, l1, l2 / 2)


# kernel-ridge: the prediction uses the kernel of the points with themselves
def ridge_width(X, y, Z, lam=1.0, gamma=1.0):
    def K(a, b, g):
        return np.exp(-g * ((a[:, None] - b) ** 2).sum(-1))

    alpha = np.linalg.solve(K(X, X, gamma) + lam * np.eye(len(X)), y)
    return K(Z, X, 1.0) @ alpha


# kernel-methods: the Laplacian kernel by Euclidean distance
def laplacian_euclidean(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    D = np.sqrt(((X[:, None] - Z) ** 2).sum(-1))
    P = X @ Z.T
    return {"gaussian": lambda: np.exp(-gamma * D**2), "laplacian": lambda: np.exp(-gamma * D), "linear": lambda: P, "polynomial": lambda: (gamma * P + c) ** degree}[kernel]()  # fmt: skip


# random-features: the cosine of the negative phase
def features_phase(X, N, u, gamma=1.0):
    return np.sqrt(2 / N.shape[1]) * np.cos(np.sqrt(2 * gamma) * X @ N - 2 * np.pi * u)


# clustering: labels are those before the last step
def kmeans_stale(X, C, steps=300):
    from gradus.catalogue import concept

    D = ((X[:, None] - C) ** 2).sum(-1)
    centres, _ = concept("clustering").definition(X, C, steps)
    return centres, D.argmin(1)


# dbscan: border points go to the last cluster that reaches them
def dbscan_last(X, eps, minimum):
    from gradus.catalogue import concept

    labels = concept("dbscan").definition(X[::-1], eps, minimum)[::-1]
    order = {c: i for i, c in enumerate(dict.fromkeys(v for v in labels if v >= 0))}
    return np.array([order.get(v, -1) for v in labels])


# kmeans-plus-plus: without the squares' sum, the draw is of the cumulated distances
def plus_plus_strict(X, u):
    chosen = [int(u[0] * (len(X) - 1))]
    for draw in u[1:]:
        D2 = np.min([((X - X[c]) ** 2).sum(1) for c in chosen], axis=0)
        chosen.append(int((np.cumsum(D2 / D2.sum()) < draw).sum()))
    return np.array(chosen)


# perceptron: the bias is updated by half
def perceptron_bias(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.full(len(X), 0.5), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        before = M
        for x, t in zip(A, y, strict=True):
            if t * (w @ x) <= 0:
                w, M = w + t * x, M + 1
        if before == M:
            break
    return w, M


# model-selection: ties go to the largest setting
def selection_last(fit, X, y, fold, grid):
    from gradus.catalogue import concept

    E, _ = concept("model-selection").definition(fit, X, y, fold, grid)
    m = E.mean(0)
    return E, grid[len(grid) - 1 - m[::-1].argmin()]
