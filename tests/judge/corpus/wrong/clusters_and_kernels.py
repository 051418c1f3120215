"""Clusters, kernels and memories with the faults that people make."""

import numpy as np
import scipy.special
import scipy.stats
from sklearn.metrics import hinge_loss


# dbscan: the distance must be less than ε
def dbscan_open(X, eps, minimum):
    from sklearn.cluster import DBSCAN

    return DBSCAN(eps=eps * (1 - 1e-12), min_samples=minimum, algorithm="brute").fit_predict(X)


# dbscan: a point is not its own neighbour
def dbscan_self(X, eps, minimum):
    from sklearn.cluster import DBSCAN

    return DBSCAN(eps=eps, min_samples=minimum + 1, algorithm="brute").fit_predict(X)


# clustering: an empty centre stays where it was
def lloyd_empty(X, C, steps=300):
    for _ in range(steps):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        new = np.array([X[labels == j].mean(0) if (labels == j).any() else C[j] for j in range(len(C))])
        if (new == C).all():
            break
        C = new
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


# clustering: medians
def lloyd_medians(X, C, steps=300):
    for _ in range(steps):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        C = np.array([np.median(X[labels == j], 0) if (labels == j).any() else C[j] for j in range(len(C))])
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


# clustering: one step too many
def lloyd_step(X, C, steps=300):
    for _ in range(steps + 1):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        C = np.array([X[labels == j].mean(0) if (labels == j).any() else C[j] for j in range(len(C))])
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


# kernel-methods: the bandwidth σ in place of γ
def kernel_bandwidth(X, Z, gamma=1.0):
    return np.exp(-((X[:, None] - Z) ** 2).sum(-1) / (2 * gamma**2))


# kernel-methods: squares expanded, negative distances not cut
def kernel_single(X, Z, gamma=1.0):
    X, Z = X.astype(np.float32), Z.astype(np.float32)
    d = (X**2).sum(1)[:, None] + (Z**2).sum(1) - 2 * X @ Z.T
    return np.exp(-gamma * d).astype(float)


# random-features: √(1/D)
def features_scale(X, N, u, gamma=1.0):
    return np.cos(np.sqrt(2 * gamma) * (X @ N) + 2 * np.pi * u) * np.sqrt(1 / len(u))


# random-features: phases in units of π
def features_phase(X, N, u, gamma=1.0):
    return np.cos(np.sqrt(2 * gamma) * (X @ N) + np.pi * u) * np.sqrt(2 / len(u))


# kernel-ridge: the penalty is multiplied by n
def kernel_ridge_n(X, y, Z, lam=1.0, gamma=1.0):
    K = np.exp(-gamma * ((X[:, None] - X) ** 2).sum(-1))
    k = np.exp(-gamma * ((Z[:, None] - X) ** 2).sum(-1))
    return k @ np.linalg.solve(K + lam * len(X) * np.eye(len(X)), y)


# naive-bayes: the joint scores are not normalised
def naive_bayes_joint(X, y, Z, alpha=1.0):
    from sklearn.naive_bayes import MultinomialNB

    return MultinomialNB(alpha=alpha).fit(X, y).predict_joint_log_proba(Z)


# naive-bayes: equal priors
def naive_bayes_prior(X, y, Z, alpha=1.0):
    from sklearn.naive_bayes import MultinomialNB

    return MultinomialNB(alpha=alpha, fit_prior=False).fit(X, y).predict_log_proba(Z)


# hopfield: units keep their self-coupling
def recall_self(xi, s, order):
    W, s = xi.T @ xi, s.copy()
    for i in order:
        h = s @ W[i]
        s[..., i] = np.where(h == 0, s[..., i], np.sign(h))
    return s


# hopfield: a sum of 0 gives 1
def recall_ties(xi, s, order):
    W, s = xi.T @ xi * (1 - np.eye(xi.shape[1], dtype=int)), s.copy()
    for i in order:
        s[..., i] = np.where(s @ W[i] >= 0, 1, -1)
    return s


# hopfield: writes into the state that it is given
def recall_in_place(xi, s, order):
    W = xi.T @ xi * (1 - np.eye(xi.shape[1], dtype=int))
    for i in order:
        h = s @ W[i]
        s[..., i] = np.where(h == 0, s[..., i], np.sign(h))
    return s


# modern-hopfield: β is ignored
def modern_beta(X, q, beta=1.0, steps=1):
    for _ in range(steps):
        q = scipy.special.softmax(q @ X.T, -1) @ X
    return np.array(q)


# hinge: scikit-learn's, which reads a sample of one class as negative
def hinge_sklearn(s, y):
    return hinge_loss(y, s, labels=np.array([-1.0, 1.0]))
