"""Classical learners and their metrics as users write them."""

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from sklearn.cluster import DBSCAN
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import SVC


def analysis(A, y, theta, inverse_gram, intercept):
    n, p = A.shape
    rss = np.sum((y - A @ theta) ** 2)
    s = np.sqrt(rss / (n - p))
    tss = np.sum((y - (y.mean() if intercept else 0)) ** 2)
    F = (tss - rss) / (p - bool(intercept)) / s**2
    return theta, s * np.sqrt(np.diag(inverse_gram)), s, 1 - rss / tss, F


def design(X, intercept):
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


# linear-regression: Householder QR
def regression_qr(X, y, intercept=True):
    A = design(X, intercept)
    Q, R = np.linalg.qr(A)
    R_inverse = scipy.linalg.solve_triangular(R, np.eye(len(R)))
    return analysis(A, y, R_inverse @ (Q.T @ y), R_inverse @ R_inverse.T, intercept)


# linear-regression: the SVD behind lstsq
def regression_lstsq(X, y, intercept=True):
    A = design(X, intercept)
    theta = np.linalg.lstsq(A, y, rcond=None)[0]
    pseudo = np.linalg.pinv(A)
    return analysis(A, y, theta, pseudo @ pseudo.T, intercept)


# logistic-regression: Newton's method with weights
def newton(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        p = scipy.special.expit(X @ theta)
        H = X.T @ ((p * (1 - p))[:, None] * X) + penalty * np.eye(X.shape[1])
        theta = theta + scipy.linalg.solve(H, X.T @ (y - p) - penalty * theta, assume_a="pos")
    z = X @ theta
    return theta, np.sum(y * z - np.logaddexp(0, z)) - 0.5 * penalty * theta @ theta


# regularization: scikit-learn's coordinate descent to the last digit
def elastic_net_sklearn(X, y, l1, l2):
    if l1 + l2 == 0 or l1 == 0:
        n = len(X)
        Xc, yc = X - X.mean(0), y - y.mean()
        beta = np.linalg.solve(Xc.T @ Xc / n + l2 * np.eye(X.shape[1]), Xc.T @ yc / n)
        return beta, y.mean() - X.mean(0) @ beta
    m = ElasticNet(alpha=l1 + l2, l1_ratio=l1 / (l1 + l2), tol=1e-15, max_iter=10**6).fit(X, y)
    return m.coef_, m.intercept_


# perceptron: a while loop
def perceptron_loop(X, y, epochs=100, intercept=True):
    A = design(X, intercept)
    w, updates = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        wrong = 0
        for row, label in zip(A, y, strict=True):
            if label * np.dot(w, row) <= 0:
                w = w + label * row
                wrong += 1
        updates += wrong
        if not wrong:
            break
    return w, updates


# adaline: the LMS rule on one sequence
def lms(X, y, mu, w0):
    w = [np.array(w0, float)]
    for x, target, step in zip(X, y, np.broadcast_to(mu, len(X)), strict=True):
        w.append(w[-1] + step * (target - w[-1] @ x) * x)
    return np.array(w)


# svm: scikit-learn's libsvm, tightly converged
def svm_sklearn(X, y, C=1.0, gamma=0.0):
    kernel = dict(kernel="rbf", gamma=gamma) if gamma else dict(kernel="linear")
    m = SVC(C=C, tol=1e-12, shrinking=False, **kernel).fit(X, y)
    alpha = np.zeros(len(y))
    alpha[m.support_] = np.abs(m.dual_coef_[0])
    return alpha, m.intercept_[0]


# roc-auc: ranks, without weights
def auc_ranks(y, score):
    r = scipy.stats.rankdata(score)
    n1 = (y == 1).sum()
    n0 = len(y) - n1
    return (r[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)


# roc-auc: scikit-learn
def auc_sklearn(y, score, weights=None):
    return roc_auc_score(y, score, sample_weight=weights)


# proper-scores: scikit-learn and NumPy
def scores_sklearn(y, p, weights=None):
    brier = np.average((p - y) ** 2, weights=weights)
    return np.array([log_loss(y, p, sample_weight=weights, labels=[0, 1]), brier])


# classification-metrics: a confusion matrix, macro only
def metrics_macro(y, predicted):
    classes = np.union1d(y, predicted)
    M = np.array([[np.sum((y == a) & (predicted == b)) for b in classes] for a in classes])
    hits, said, true = np.diag(M), M.sum(0), M.sum(1)
    divide = lambda a, b: np.divide(a, b, out=np.zeros(len(a)), where=b > 0).mean()
    return np.array(
        [hits.sum() / len(y), divide(hits, said), divide(hits, true), divide(2 * hits, said + true)]
    )


# dbscan: scikit-learn
def dbscan_sklearn(X, eps, minimum):
    return DBSCAN(eps=eps, min_samples=minimum, algorithm="brute").fit_predict(X)


# clustering: Lloyd's algorithm with the worst served for an empty centre
def lloyd(X, C, steps=300):
    for _ in range(steps):
        d = np.stack([np.sum((X - c) ** 2, 1) for c in C], 1)
        labels = np.argmin(d, 1)
        for j in range(len(C)):
            if not np.any(labels == j):
                labels[np.argmax(d.min(1))] = j
        new = np.array([X[labels == j].mean(0) for j in range(len(C))])
        if np.array_equal(new, C):
            break
        C = new
    return C, np.argmin(np.stack([np.sum((X - c) ** 2, 1) for c in C], 1), 1)


# kernel-methods: matrices of distances
def kernels(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    if kernel == "gaussian":
        return np.exp(-gamma * ((X[:, None] - Z) ** 2).sum(-1))
    if kernel == "laplacian":
        return np.exp(-gamma * np.abs(X[:, None] - Z).sum(-1))
    return (gamma * X @ Z.T + c) ** degree if kernel == "polynomial" else X @ Z.T


# kernel-methods: scikit-learn's Gaussian kernel alone
def gaussian_kernel(X, Z, gamma=1.0):
    return rbf_kernel(X, Z, gamma=gamma)


# random-features: NumPy
def features(X, N, u, gamma=1.0):
    return np.cos(np.sqrt(2 * gamma) * (X @ N) + 2 * np.pi * u) * np.sqrt(2 / len(u))


# kernel-ridge: scikit-learn
def kernel_ridge_sklearn(X, y, Z, lam=1.0, gamma=1.0):
    return KernelRidge(alpha=lam, kernel="rbf", gamma=gamma).fit(X, y).predict(Z)


# naive-bayes: scikit-learn, the multinomial alone
def naive_bayes_sklearn(X, y, Z, alpha=1.0):
    return MultinomialNB(alpha=alpha).fit(X, y).predict_log_proba(Z)


# hopfield: units one after another
def recall(xi, s, order):
    W = xi.T @ xi
    W = W - np.diag(np.diag(W))
    s = np.array(s)
    for i in order:
        field = (s * W[i]).sum(-1)
        s[..., i] = np.where(field > 0, 1, np.where(field < 0, -1, s[..., i]))
    return s


# modern-hopfield: SciPy's softmax
def modern_recall(X, q, beta=1.0, steps=1):
    for _ in range(steps):
        q = scipy.special.softmax(beta * (q @ X.T), -1) @ X
    return np.array(q)


# model-selection: two loops
def cross_validated(fit, X, y, fold, grid):
    E = [
        [np.mean((y[fold == k] - fit(X[fold != k], y[fold != k], s)(X[fold == k])) ** 2) for s in grid]
        for k in range(fold.max() + 1)
    ]
    return np.array(E), grid[int(np.argmin(np.mean(E, 0)))]
