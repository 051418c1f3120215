"""Regression, classifiers and their metrics with the faults that people make."""

import numpy as np
import scipy.special
import scipy.stats
from sklearn.metrics import average_precision_score


def design(X, intercept):
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


def analysis(A, y, intercept, n_free=None, centre=True):
    n, p = A.shape
    theta = np.linalg.lstsq(A, y, rcond=None)[0]
    rss = ((y - A @ theta) ** 2).sum()
    s = np.sqrt(rss / (n - p if n_free is None else n_free))
    tss = ((y - (y.mean() if intercept and centre else 0)) ** 2).sum()
    F = (tss - rss) / (p - bool(intercept)) / s**2
    return theta, s * np.sqrt(np.diag(np.linalg.pinv(A.T @ A))), s, 1 - rss / tss, F


# linear-regression: divided by n, not by n − p
def regression_biased(X, y, intercept=True):
    return analysis(design(X, intercept), y, intercept, n_free=len(X))


# linear-regression: R² is not centred
def regression_uncentred(X, y, intercept=True):
    return analysis(design(X, intercept), y, intercept, centre=False)


# linear-regression: the intercept comes last
def regression_order(X, y, intercept=True):
    theta, se, s, R2, F = analysis(design(X, intercept), y, intercept)
    return (np.roll(theta, -1), np.roll(se, -1), s, R2, F) if intercept else (theta, se, s, R2, F)


# linear-regression: never an intercept
def regression_through_origin(X, y, intercept=True):
    return analysis(X, y, False)


# logistic-regression: the intercept is not there, the penalty is not halved
def newton_penalty(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        p = scipy.special.expit(X @ theta)
        H = (X.T * (p * (1 - p))) @ X + penalty * np.eye(len(theta))
        theta = theta + np.linalg.solve(H, X.T @ (y - p) - penalty * theta)
    z = X @ theta
    return theta, (y * z - np.logaddexp(0, z)).sum() - penalty * theta @ theta


# logistic-regression: gradient ascent for Newton's step
def newton_gradient(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        theta = theta + 0.01 * (X.T @ (y - scipy.special.expit(X @ theta)) - penalty * theta)
    z = X @ theta
    return theta, (y * z - np.logaddexp(0, z)).sum() - penalty / 2 * theta @ theta


# logistic-regression: log(1 + e^z) overflows
def newton_overflows(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        p = 1 / (1 + np.exp(-X @ theta))
        H = (X.T * (p * (1 - p))) @ X + penalty * np.eye(len(theta))
        theta = theta + np.linalg.solve(H, X.T @ (y - p) - penalty * theta)
    z = X @ theta
    return theta, (y * z - np.log(1 + np.exp(z))).sum() - penalty / 2 * theta @ theta


# regularization: the intercept is penalised
def elastic_net_intercept(X, y, l1, l2):
    n, d = X.shape
    beta = np.zeros(d)
    for _ in range(200):
        for j in range(d):
            z = X[:, j] @ (y - X @ beta + X[:, j] * beta[j]) / n
            beta[j] = np.sign(z) * max(abs(z) - l1, 0) / (X[:, j] @ X[:, j] / n + l2)
    return beta, y.mean() - X.mean(0) @ beta


# regularization: the loss is not divided by n
def elastic_net_sum(X, y, l1, l2):
    d = X.shape[1]
    Xc, yc, beta = X - X.mean(0), y - y.mean(), np.zeros(d)
    for _ in range(200):
        for j in range(d):
            z = Xc[:, j] @ (yc - Xc @ beta + Xc[:, j] * beta[j])
            beta[j] = np.sign(z) * max(abs(z) - l1, 0) / (Xc[:, j] @ Xc[:, j] + l2)
    return beta, y.mean() - X.mean(0) @ beta


# perceptron: strict inequality: points on the boundary are right
def perceptron_strict(X, y, epochs=100, intercept=True):
    A = design(X, intercept)
    w, updates = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        before = updates
        for row, label in zip(A, y, strict=True):
            if label * (w @ row) < 0:
                w, updates = w + label * row, updates + 1
        if updates == before:
            break
    return w, updates


# perceptron: all wrong points at once
def perceptron_batch(X, y, epochs=100, intercept=True):
    A = design(X, intercept)
    w, updates = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        wrong = y * (A @ w) <= 0
        if not wrong.any():
            break
        w, updates = w + (y[wrong][:, None] * A[wrong]).sum(0), updates + int(wrong.sum())
    return w, updates


# adaline: the error is doubled
def lms_doubled(X, y, mu, w0):
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        w.append(w[-1] + 2 * step * (y[..., t] - (w[-1] * x).sum(-1))[..., None] * x)
    return np.stack(w, -2)


# adaline: normalised
def lms_normalised(X, y, mu, w0):
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = (y[..., t] - (w[-1] * x).sum(-1)) / ((x * x).sum(-1) + 1e-9)
        w.append(w[-1] + step * e[..., None] * x)
    return np.stack(w, -2)


# roc-auc: ties by isclose
def auc_isclose(y, score):
    d = score[y == 1][:, None] - score[y == 0]
    tie = np.isclose(d, 0)
    return ((d > 0) & ~tie).mean() + 0.5 * tie.mean()


# roc-auc: ties count nothing
def auc_strict(y, score):
    return (score[y == 1][:, None] > score[y == 0]).mean()


# roc-auc: ties count whole
def auc_generous(y, score):
    return (score[y == 1][:, None] >= score[y == 0]).mean()


# roc-auc: never below one half
def auc_folded(y, score):
    d = score[y == 1][:, None] - score[y == 0]
    a = (np.sign(d) / 2 + 0.5).mean()
    return max(a, 1 - a)


# roc-auc: the average precision
def auc_precision(y, score):
    return average_precision_score(y, score)


# roc-auc: ranks by argsort, ties as they come
def auc_argsort(y, score):
    r = np.argsort(np.argsort(score)) + 1
    n1 = (y == 1).sum()
    return (r[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1))


# roc-auc: weights are ignored
def auc_unweighted(y, score, weights=None):
    d = score[y == 1][:, None] - score[y == 0]
    return (np.sign(d) / 2 + 0.5).mean()


# roc-auc: scores in single precision
def auc_single(y, score):
    s = score.astype(np.float32)
    return (np.sign(s[y == 1][:, None] - s[y == 0]) / 2 + 0.5).mean()


# proper-scores: clipped at 1e-7
def scores_clipped(y, p, weights=None):
    q = np.clip(p, 1e-7, 1 - 1e-7)
    loss = -(y * np.log(q) + (1 - y) * np.log(1 - q))
    return np.array([np.average(loss, weights=weights), np.average((p - y) ** 2, weights=weights)])


# proper-scores: divided by n though there are weights
def scores_weights(y, p, weights=None):
    w = np.ones(len(y)) if weights is None else weights
    loss = -np.log(np.where(y == 1, p, 1 - p))
    return np.array([(w * loss).mean(), (w * (p - y) ** 2).mean()])


# proper-scores: the Brier score of both classes
def scores_both(y, p, weights=None):
    loss = -np.log(np.where(y == 1, p, 1 - p))
    return np.array([np.average(loss, weights=weights), 2 * np.average((p - y) ** 2, weights=weights)])


# classification-metrics: F1 of the averages
def metrics_f1(y, predicted):
    classes = np.union1d(y, predicted)
    M = np.array([[np.sum((y == a) & (predicted == b)) for b in classes] for a in classes])
    hit, said, true = np.diag(M), M.sum(0), M.sum(1)
    P = np.divide(hit, said, out=np.zeros(len(hit)), where=said > 0).mean()
    R = np.divide(hit, true, out=np.zeros(len(hit)), where=true > 0).mean()
    return np.array([hit.sum() / len(y), P, R, 2 * P * R / max(P + R, 1e-300)])


# classification-metrics: classes of the truth alone
def metrics_classes(y, predicted):
    classes = np.unique(y)
    hit = np.array([np.sum((y == c) & (predicted == c)) for c in classes])
    said, true = (np.array([np.sum(v == c) for c in classes]) for v in (predicted, y))
    P = np.divide(hit, said, out=np.zeros(len(hit)), where=said > 0)
    return np.array(
        [(y == predicted).mean(), P.mean(), (hit / true).mean(), (2 * hit / (said + true)).mean()]
    )
