"""Distributions, quadrature, seeding and other pages: what people get wrong."""

import numpy as np
import scipy.special
import scipy.stats
import torch


# activations: slopes at the points, averaged, for those of the chords
def properties_kinks(f, x):
    y = f(x)
    q = np.gradient(y, x)
    return y.min(), y.max(), q.min(), q.max(), q[0], q[-1], np.abs(np.diff(q)).max()


# activations: the grid is taken for even
def properties_even(f, x):
    y = f(x)
    q = np.diff(y) / (x[1] - x[0])
    return y.min(), y.max(), q.min(), q.max(), q[0], q[-1], np.abs(np.diff(q)).max()


# beta: the normaliser is B(a + 1, b)
def beta_normaliser(x, a, b):
    inside = (x >= 0) & (x <= 1)
    v = np.where(inside, x, 0.5)
    log_p = scipy.special.xlogy(a - 1, v) + scipy.special.xlog1py(b - 1, -v) - scipy.special.betaln(a + 1, b)
    return np.where(inside, log_p, -np.inf)


# beta: the exponents are a and b
def beta_exponents(x, a, b):
    inside = (x >= 0) & (x <= 1)
    v = np.where(inside, x, 0.5)
    log_p = scipy.special.xlogy(a, v) + scipy.special.xlog1py(b, -v) - scipy.special.betaln(a, b)
    return np.where(inside, log_p, -np.inf)


# categorical: the probability, not its logarithm
def categorical_probability(x, p):
    return np.where(np.arange(p.shape[-1]) == x[..., None], p, 0).sum(-1)


# categorical: outcomes are counted from 1
def categorical_from_one(x, p):
    with np.errstate(divide="ignore"):
        return np.where(np.arange(p.shape[-1]) == (x[..., None] - 1) % p.shape[-1], np.log(p), 0).sum(-1)


# dirichlet: the normaliser lacks Γ of the sum
def dirichlet_normaliser(x, alpha):
    log_p = scipy.special.xlogy(alpha - 1, x).sum(-1) - scipy.special.gammaln(alpha).sum()
    return np.where((x >= 0).all(-1), log_p, -np.inf)


# dirichlet: exponents are not lowered by 1
def dirichlet_exponents(x, alpha):
    g = scipy.special.gammaln
    return np.where(
        (x >= 0).all(-1), g(alpha.sum()) - g(alpha).sum() + scipy.special.xlogy(alpha, x).sum(-1), -np.inf
    )


# multivariate-normal: the covariance is taken for the precision
def multivariate_precision(x, mu, Sigma):
    r = x - mu
    square = (r @ Sigma * r).sum(-1)
    return -0.5 * (len(mu) * np.log(2 * np.pi) - np.linalg.slogdet(Sigma)[1] + square)


# multivariate-normal: the diagonal alone
def multivariate_diagonal(x, mu, Sigma):
    return scipy.stats.norm.logpdf(x, mu, np.sqrt(np.diag(Sigma))).sum(-1)


# multivariate-normal: a jitter of 1e-6
def multivariate_jitter(x, mu, Sigma):
    S = Sigma + 1e-6 * torch.eye(len(mu), dtype=Sigma.dtype)
    return torch.distributions.MultivariateNormal(mu, S).log_prob(x)


# distributions: the base measure is left out
def family_without_base(x, eta, family="normal"):
    if family != "normal":
        raise NotImplementedError(family)
    return eta[0] * x + eta[1] * x**2 + eta[0] ** 2 / (4 * eta[1]) + 0.5 * np.log(-2 * eta[1])


# multiple-integral: the determinant's sign is kept
def integral_signed(f, phi, d, n=20):
    t, w = np.polynomial.legendre.leggauss(n)
    u = np.array(np.meshgrid(*[(t + 1) / 2] * d, indexing="ij")).reshape(d, -1)
    W = np.array(np.meshgrid(*[w / 2] * d, indexing="ij")).reshape(d, -1).prod(0)
    J = np.stack([np.imag(phi(u + 1e-30j * e[:, None])) / 1e-30 for e in np.eye(d)], 1)
    return (W * f(phi(u)) * np.linalg.det(np.moveaxis(J, 2, 0))).sum()


# multiple-integral: no determinant
def integral_without_jacobian(f, phi, d, n=20):
    t, w = np.polynomial.legendre.leggauss(n)
    u = np.array(np.meshgrid(*[(t + 1) / 2] * d, indexing="ij")).reshape(d, -1)
    W = np.array(np.meshgrid(*[w / 2] * d, indexing="ij")).reshape(d, -1).prod(0)
    return (W * f(phi(u))).sum()


def rule_of(name, n):
    if name == "gauss":
        t, w = np.polynomial.legendre.leggauss(n)
        return (t + 1) / 2, w / 2
    t, w = np.arange(n + 1) / n, np.full(n + 1, 1 / n)
    if name == "simpson":
        w = w * np.where(np.arange(n + 1) % 2, 4, 2) / 3
    w[[0, n]] /= 2
    return t, w


# quadrature: the ends count whole in the trapezoid rule
def quadrature_ends(f, a, b, n, rule="gauss"):
    t, w = rule_of(rule, n)
    if rule == "trapezoid":
        w = np.full(n + 1, 1 / n)
    return (b - a) * (w * f(a[..., None] + (b - a)[..., None] * t)).sum(-1)


# quadrature: one node more than asked for
def quadrature_node(f, a, b, n, rule="gauss"):
    t, w = rule_of(rule, n + 1 if rule == "gauss" else n)
    return (b - a) * (w * f(a[..., None] + (b - a)[..., None] * t)).sum(-1)


# quadrature: the width of the interval is taken absolutely
def quadrature_unsigned(f, a, b, n, rule="gauss"):
    t, w = rule_of(rule, n)
    return np.abs(b - a) * (w * f(a[..., None] + (b - a)[..., None] * t)).sum(-1)


# kmeans-plus-plus: proportional to the distance, not to its square
def seeding_distance(X, u):
    chosen = [int(np.searchsorted(np.cumsum(np.full(len(X), 1 / len(X))), u[0]))]
    for draw in u[1:]:
        d = np.sqrt(((X[:, None] - X[chosen]) ** 2).sum(-1)).min(1)
        chosen.append(int(np.searchsorted(np.cumsum(d / d.sum()), draw)))
    return np.array(chosen)


# kmeans-plus-plus: the farthest point, no draw
def seeding_farthest(X, u):
    chosen = [int(u[0] * len(X))]
    for _ in u[1:]:
        chosen.append(int(((X[:, None] - X[chosen]) ** 2).sum(-1).min(1).argmax()))
    return np.array(chosen)


# kmeans-plus-plus: the distance from the last centre only
def seeding_last(X, u):
    chosen = [int(np.searchsorted(np.cumsum(np.full(len(X), 1 / len(X))), u[0]))]
    for draw in u[1:]:
        d = ((X - X[chosen[-1]]) ** 2).sum(-1)
        chosen.append(int(np.searchsorted(np.cumsum(d / d.sum()), draw)))
    return np.array(chosen)


# ksg: neighbours at the distance itself count
def ksg_closed(x, y, neighbours=3):
    n, total = len(x), 0.0
    for i in range(n):
        dx, dy = np.abs(x - x[i]).max(1), np.abs(y - y[i]).max(1)
        e = np.sort(np.maximum(dx, dy))[neighbours]
        total += scipy.special.digamma((dx <= e).sum()) + scipy.special.digamma((dy <= e).sum())
    return scipy.special.digamma(neighbours) + scipy.special.digamma(n) - total / n


# ksg: negative estimates are cut at 0
def ksg_cut(x, y, neighbours=3):
    n, total = len(x), 0.0
    for i in range(n):
        dx, dy = np.abs(x - x[i]).max(1), np.abs(y - y[i]).max(1)
        e = np.sort(np.maximum(dx, dy))[neighbours]
        total += scipy.special.digamma((dx < e).sum()) + scipy.special.digamma((dy < e).sum())
    return max(0.0, scipy.special.digamma(neighbours) + scipy.special.digamma(n) - total / n)


# ksg: the point is its own neighbour
def ksg_self(x, y, neighbours=3):
    n, total = len(x), 0.0
    for i in range(n):
        dx, dy = np.abs(x - x[i]).max(1), np.abs(y - y[i]).max(1)
        e = np.sort(np.maximum(dx, dy))[neighbours - 1] + 1e-300
        total += scipy.special.digamma(max((dx < e).sum(), 1)) + scipy.special.digamma(max((dy < e).sum(), 1))
    return scipy.special.digamma(neighbours) + scipy.special.digamma(n) - total / n


# svm: libsvm's default tolerance of 1e-3
def svm_loose(X, y, C=1.0, gamma=0.0):
    from sklearn.svm import SVC

    m = SVC(C=C, **(dict(kernel="rbf", gamma=gamma) if gamma else dict(kernel="linear"))).fit(X, y)
    alpha = np.zeros(len(y))
    alpha[m.support_] = np.abs(m.dual_coef_[0])
    return alpha, m.intercept_[0]


# svm: the multipliers carry the labels' signs
def svm_signed(X, y, C=1.0, gamma=0.0):
    from sklearn.svm import SVC

    m = SVC(C=C, tol=1e-12, **(dict(kernel="rbf", gamma=gamma) if gamma else dict(kernel="linear"))).fit(X, y)
    alpha = np.zeros(len(y))
    alpha[m.support_] = m.dual_coef_[0]
    return alpha, m.intercept_[0]
