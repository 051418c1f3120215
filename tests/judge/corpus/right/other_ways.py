"""Right functions by other algorithms: SciPy, scikit-learn, recursion, other factorisations."""

import functools
import itertools
import math

import numpy as np
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.special
import scipy.stats


# determinant: recursive blocks by cofactors of the first column, one matrix
def determinant_recursive(A):
    if len(A) == 1:
        return A[0][0]
    minor = functools.partial(np.delete, A[:, 1:])
    return sum((-1) ** i * A[i, 0] * determinant_recursive(minor(i, 0)) for i in range(len(A)))


# lu: SciPy's indices of rows turned into a matrix
def lu_indices(A):
    p, L, U = scipy.linalg.lu(A, p_indices=True)
    P = np.zeros_like(L)
    P[np.arange(len(p)), p] = 1
    return P, L, U


# svd: by the eigenvalues of the augmented matrix
def svd_scipy_gesvd(A):
    return scipy.linalg.svd(A, full_matrices=False, lapack_driver="gesvd", check_finite=True)


# convolution: a Toeplitz product, one axis only
def convolve_toeplitz(f, g):
    if np.ndim(f) != 1:
        raise NotImplementedError("one axis only")
    column = np.concatenate([f, np.zeros(len(g) - 1)])
    return scipy.linalg.toeplitz(column, np.r_[f[0], np.zeros(len(g) - 1)]) @ g


# integral: SciPy's tanh-sinh or quad
def integral_quad(f, a, b):
    return scipy.integrate.quad(
        lambda t: f(np.array([t]))[0], float(a), float(b), epsabs=0, epsrel=2.3e-14, limit=500
    )[0]


# gamma: SciPy's distribution with a scale
def gamma_frozen(x, alpha, beta):
    return scipy.stats.gamma(alpha, scale=1 / beta).logpdf(x)


# binomial: through logarithms of the beta function
def binomial_beta(x, n, p):
    inside = (x >= 0) & (x <= n) & (np.floor(x) == x)
    k = np.where(inside, x, 0)
    choose = -np.log(n + 1) - scipy.special.betaln(n - k + 1, k + 1)
    return np.where(inside, choose + scipy.special.xlogy(k, p) + scipy.special.xlog1py(n - k, -p), -np.inf)


# beta: SciPy's distribution
def beta_stats(x, a, b):
    return scipy.stats.beta.logpdf(x, a, b)


# hypothesis-test: SciPy's t test with its result's attributes, the t test alone
def t_test(x, y, alternative="two-sided"):
    result = scipy.stats.ttest_ind(x, y, axis=-1, alternative=alternative)
    return result.statistic, result.pvalue


# analysis-of-variance: SciPy's f_oneway and sums of squares by matrices
def anova_design(y, g):
    D = np.eye(g.max() + 1)[g]
    means = np.linalg.lstsq(D, y, rcond=None)[0]
    between, within = ((D @ means - y.mean()) ** 2).sum(), ((y - D @ means) ** 2).sum()
    F, p = scipy.stats.f_oneway(*[y[g == i] for i in range(g.max() + 1)])
    return between, within, F, p, between / (between + within)


# roc-auc: the Mann–Whitney statistic, without weights
def auc_mann_whitney(y, score):
    U = scipy.stats.mannwhitneyu(score[y == 1], score[y == 0]).statistic
    return U / ((y == 1).sum() * (y == 0).sum())


# roc-auc: the area below the curve by the trapezoid rule, with weights
def auc_trapezoid(y, score, weights=None):
    w = np.ones(len(y)) if weights is None else weights
    levels = np.unique(score)[::-1]
    tp = np.array([0.0, *[w[(score >= t) & (y == 1)].sum() for t in levels]])
    fp = np.array([0.0, *[w[(score >= t) & (y == 0)].sum() for t in levels]])
    return np.trapezoid(tp / tp[-1], fp / fp[-1])


# linear-regression: the pseudo-inverse
def regression_pinv(X, y, intercept=True):
    A = np.insert(X, 0, 1.0, axis=1) if intercept else X
    n, p = A.shape
    theta, rss = np.linalg.pinv(A) @ y, None
    Q, R = np.linalg.qr(A)
    theta = scipy.linalg.solve_triangular(R, Q.T @ y)
    rss = np.sum((y - A @ theta) ** 2)
    s = math.sqrt(rss / (n - p))
    Ri = scipy.linalg.solve_triangular(R, np.eye(p))
    tss = np.sum((y - y.mean()) ** 2) if intercept else np.sum(y**2)
    return theta, s * np.sqrt((Ri**2).sum(1)), s, 1 - rss / tss, (tss - rss) / (p - bool(intercept)) / s**2


# pca: eigenvectors by SciPy, descending by slices, other signs
def pca_scipy(X, k):
    mean = X.mean(0)
    w, V = scipy.linalg.eigh(
        np.atleast_2d(np.cov(X, rowvar=False)), subset_by_index=[X.shape[1] - k, X.shape[1] - 1]
    )
    return mean, -V.T[::-1], w[::-1]


# kernel-methods: SciPy's distances
def kernel_cdist(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    from scipy.spatial.distance import cdist

    if kernel in ("gaussian", "laplacian"):
        return np.exp(-gamma * cdist(X, Z, "sqeuclidean" if kernel == "gaussian" else "cityblock"))
    return X @ Z.T if kernel == "linear" else np.power(gamma * np.inner(X, Z) + c, degree)


# dbscan: a breadth-first search with a queue
def dbscan_queue(X, eps, minimum):
    from collections import deque

    near = [np.flatnonzero(np.linalg.norm(X - x, axis=1) <= eps) for x in X]
    labels, cluster = np.full(len(X), -1), -1
    for i in range(len(X)):
        if labels[i] != -1 or len(near[i]) < minimum:
            continue
        cluster += 1
        labels[i], queue = cluster, deque([i])
        while queue:
            for j in near[queue.popleft()]:
                if labels[j] == -1:
                    labels[j] = cluster
                    if len(near[j]) >= minimum:
                        queue.append(j)
    return labels


# perceptron: augmented vectors in lists
def perceptron_lists(X, y, epochs=100, intercept=True):
    rows = [([1.0] if intercept else []) + list(map(float, row)) for row in X]
    w, mistakes = [0.0] * len(rows[0]), 0
    for _ in range(epochs):
        clean = True
        for row, t in zip(rows, y, strict=True):
            if t * sum(a * b for a, b in zip(w, row, strict=True)) <= 0:
                w = [a + t * b for a, b in zip(w, row, strict=True)]
                mistakes, clean = mistakes + 1, False
        if clean:
            break
    return np.array(w), mistakes


# hopfield: the matrix of weights is divided by n
def hopfield_normalised(xi, s, order):
    n = xi.shape[-1]
    W = np.einsum("ki,kj->ij", xi, xi)
    np.fill_diagonal(W, 0)
    state = np.array(s)
    for i in order:
        h = state @ W[:, i]
        state[..., i] = np.where(h > 0, 1, np.where(h < 0, -1, state[..., i]))
    assert n == W.shape[0]
    return state


# conjugate-gradients: stops when it has arrived
def conjugate_stops(A, b, steps):
    path = np.zeros((steps + 1, len(b)))
    r = p = np.array(b)
    rr = r @ r
    for k in range(steps):
        if rr == 0:
            path[k + 1 :] = path[k]
            break
        Ap = A @ p
        alpha = rr / (p @ Ap)
        path[k + 1] = path[k] + alpha * p
        r = r - alpha * Ap
        rr, before = r @ r, rr
        p = r + rr / before * p
    return path


# power-iteration: SciPy's norms, unbatched
def power_one(A, x0, steps):
    x, values, vectors = x0 / scipy.linalg.norm(x0), [], []
    for _ in range(steps + 1):
        vectors.append(x)
        values.append(x @ A @ x)
        x = A @ x
        x = x / scipy.linalg.norm(x)
    return np.array(values), np.array(vectors)


# quadrature: SciPy's Gauss nodes, that rule alone
def gauss_legendre(f, a, b, n):
    nodes, weights = scipy.special.roots_legendre(n)
    half = (b - a)[..., None] / 2
    return (half * weights * f(half * nodes + (a + b)[..., None] / 2)).sum(-1)


# taylor: coefficients by NumPy's FFT, evaluated by Horner
def taylor_horner(f, a, x, n, r=0.5):
    circle = np.exp(2j * np.pi * np.arange(128) / 128)
    c = np.fft.fft(f(a + r * circle)).real[: n + 1] / 128 / r ** np.arange(n + 1)
    return np.polynomial.polynomial.polyval(x - a, c)


# classification-metrics: scikit-learn, three averages
def metrics_sklearn(y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    scores = precision_recall_fscore_support(
        y, predicted, average=average, sample_weight=weights, zero_division=0.0
    )
    return np.array([accuracy_score(y, predicted, sample_weight=weights), *scores[:3]])


# proper-scores: SciPy's entropies, with weights
def scores_average(y, p, weights=None):
    log_loss = -(scipy.special.xlogy(y, p) + scipy.special.xlog1py(1 - y, -p))
    return np.array([np.average(log_loss, weights=weights), np.average((y - p) ** 2, weights=weights)])


# mutual-information: SciPy's relative entropy to the product of the margins
def information_rel_entr(p, base=np.e):
    product = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    return scipy.special.rel_entr(p, product).sum((-2, -1)) / np.log(base)


# kmeans-plus-plus: the inverse of the distribution by comparing
def plus_plus_compare(X, u):
    chosen = [int(sum(np.cumsum(np.full(len(X), 1 / len(X))) < u[0]))]
    for draw in u[1:]:
        D2 = np.min([((X - X[c]) ** 2).sum(1) for c in chosen], axis=0)
        chosen.append(int((np.cumsum(D2 / D2.sum()) < draw).sum()))
    return np.array(chosen)


# losses: sums over pairs
def losses_pairs(loss, y, p, c):
    R = np.array(
        [sum(q * loss(np.array([g]), np.array([t]))[0] for q, t in zip(p, y, strict=True)) for g in c]
    )
    return R, c[np.argmin(R)], np.min([a - 2 * b + d for a, b, d in zip(R, R[1:], R[2:], strict=False)])


# basis: projections by the pseudo-inverse, coefficients by a triangular solve
def basis_qr_signs(A):
    Q, R = np.linalg.qr(A)
    signs = np.where(np.diagonal(R, 0, -2, -1) < 0, -1.0, 1.0)
    return Q * signs[..., None, :], R * signs[..., :, None]


# multiple-integral: SciPy's nodes, products by itertools
def integral_products(f, phi, d, n=20):
    t, w = scipy.special.roots_legendre(n)
    points = np.array(list(itertools.product((t + 1) / 2, repeat=d))).T
    weights = np.array([math.prod(c) for c in itertools.product(w / 2, repeat=d)])
    J = np.array(
        [[np.imag(phi(points + 1e-40j * np.eye(d)[:, [j]]))[i] / 1e-40 for j in range(d)] for i in range(d)]
    )
    return (weights * f(phi(points)) * np.abs(np.linalg.det(J.transpose(2, 0, 1)))).sum()
