"""Plausible slips in learning: metrics, weights, penalties, kernels, clusters."""

import numpy as np
import scipy.special
import scipy.stats


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
