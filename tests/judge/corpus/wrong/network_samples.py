"""Samples of Bayesian networks given evidence, with the faults that people make."""

import numpy as np


def _order(G):
    G = np.asarray(G) != 0
    n = len(G)
    if np.linalg.matrix_power(G.astype(int), n).any():
        raise ValueError("a cycle")
    above = np.linalg.matrix_power(np.eye(n, dtype=int) + G, n) > 0
    return sorted(range(n), key=lambda i: int(above[:, i].sum()))


def _draw(G, tables, likelihoods, u, held=True):
    G, u = np.asarray(G), np.asarray(u)
    if (
        u.ndim != 2
        or u.shape[1] != len(G)
        or u.min() < 0
        or u.max() >= 1
        or any(v.min() < 0 for v in likelihoods)
    ):
        raise ValueError("u or likelihoods")
    if any(abs(t.sum(-1) - 1).max() > 1e-3 for t in tables):
        raise ValueError("rows that do not sum to 1")
    x, log_w = np.zeros(u.shape, int), np.zeros(len(u))
    for i in _order(G):
        rows = np.broadcast_to(
            tables[i][tuple(x[:, np.flatnonzero(G[:, i])].T)], (len(u), tables[i].shape[-1])
        )
        q = rows * likelihoods[i]
        ends = np.cumsum(q if held else rows, 1)
        x[:, i] = np.minimum((ends <= u[:, i, None] * ends[:, -1:]).sum(1), q.shape[1] - 1)
        with np.errstate(divide="ignore"):
            log_w += np.log(q.sum(1) if held else np.asarray(likelihoods[i])[x[:, i]])
    if not np.isfinite(log_w).any():
        raise ValueError("no weight")
    return x, log_w


def _sum_up(x, log_w, tables, v=None):
    N, w = len(x), np.exp(log_w - log_w.max())
    v = w / w.sum() if v is None else v
    k = [t.shape[-1] for t in tables]
    shares, errors = np.zeros((len(k), max(k))), np.zeros((len(k), max(k)))
    for i, n in enumerate(k):
        f = x[:, i, None] == np.arange(n)
        shares[i, :n] = v @ f
        errors[i, :n] = np.sqrt(v**2 @ (f - shares[i, :n]) ** 2 * (N / (N - 1) if N > 1 else np.nan))
    return x, log_w, np.log(w.mean()) + log_w.max(), shares, errors, 1 / (v @ v)


# bn-sampling: what is known is drawn by the prior, and the likelihood of what was drawn is the weight: rejection, sold as weighting
def sample_rejecting(G, tables, likelihoods, u):
    return _sum_up(*_draw(G, tables, likelihoods, u, held=False), tables)


# bn-sampling: shares without weights
def sample_unweighted(G, tables, likelihoods, u):
    x, log_w = _draw(G, tables, likelihoods, u)
    return _sum_up(x, log_w, tables, np.full(len(x), 1 / len(x)))


# bn-sampling: the mean of the logarithms in place of the logarithm of the mean
def sample_mean_of_logs(G, tables, likelihoods, u):
    x, log_w, _, *rest = _sum_up(*_draw(G, tables, likelihoods, u), tables)
    return x, log_w, log_w.mean(), *rest


# bn-sampling: draws of weight 0 thrown away before the mean weight is taken
def sample_without_zeros(G, tables, likelihoods, u):
    x, log_w, _, *rest = _sum_up(*_draw(G, tables, likelihoods, u), tables)
    kept = log_w[np.isfinite(log_w)]
    return x, log_w, np.log(np.exp(kept - kept.max()).mean()) + kept.max(), *rest


# bn-sampling: the standard error divided by the root of the effective size once more
def sample_errors_twice(G, tables, likelihoods, u):
    *rest, errors, worth = _sum_up(*_draw(G, tables, likelihoods, u), tables)
    return *rest, errors / np.sqrt(worth), worth


# bn-sampling: parents taken in the opposite order, so that the axes of a table are confused
def sample_parents_turned(G, tables, likelihoods, u):
    turned = []
    for t in tables:
        flipped = t.transpose([*reversed(range(t.ndim - 1)), t.ndim - 1])
        turned.append(flipped if flipped.shape == t.shape else t)
    return _sum_up(*_draw(G, turned, likelihoods, u), tables)
