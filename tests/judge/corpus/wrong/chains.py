"""Hidden Markov models with the faults that people make."""

import numpy as np
from scipy.special import logsumexp


def _each(one, start, transition, emission, x, lengths):
    """`one` row by row, padded with 0."""
    K, T = len(start), x.shape[-1]
    rows = x.reshape(-1, T)
    ends = np.full(len(rows), T) if lengths is None else np.asarray(lengths).reshape(-1)
    logs, best = np.zeros(len(rows)), np.zeros(len(rows))
    gamma, pairs = np.zeros((len(rows), T, K)), np.zeros((len(rows), K, K))
    for i, n in enumerate(ends):
        logs[i], gamma[i, :n], pairs[i], best[i] = one(start, transition, emission, rows[i, :n])
    lead = x.shape[:-1]
    return (
        logs.reshape(lead), gamma.reshape(*lead, T, K), pairs.reshape(*lead, K, K), best.reshape(lead),
    )  # fmt: skip


def _logarithmic(pi, A, B, x, back=None, floor=0.0, unnormalised=False, last_pair=True):
    with np.errstate(divide="ignore"):
        p, a, b = np.log(pi + floor), np.log(A + floor), np.log(B + floor)
    alpha, delta = [p + b[:, x[0]]], [p + b[:, x[0]]]
    for s in x[1:]:
        alpha.append(logsumexp(alpha[-1][:, None] + a, axis=0) + b[:, s])
        delta.append((delta[-1][:, None] + a).max(0) + b[:, s])
    a_back = a if back is None else back(a)
    beta = [np.zeros(len(pi))]
    for s in x[:0:-1]:
        beta.append(logsumexp(a_back + b[:, s] + beta[-1], axis=1))
    alpha, beta = np.array(alpha), np.array(beta[::-1])
    total = logsumexp(alpha[-1])
    gamma = np.exp(alpha + beta - total)
    if not unnormalised:
        gamma /= gamma.sum(1, keepdims=True)
    pairs = sum(
        (np.exp(alpha[t][:, None] + a + b[:, x[t + 1]] + beta[t + 1] - total) for t in range(len(x) - (1 if last_pair else 2))),
        np.zeros_like(A),
    )  # fmt: skip
    return total, gamma, pairs, delta[-1].max()


# hmm: the backward pass with the transitions transposed
def hmm_backward_transposed(start, transition, emission, x, lengths=None):
    return _each(lambda *m: _logarithmic(*m, back=lambda a: a.T), start, transition, emission, x, lengths)


# hmm: 1e-6 added to every probability before the logarithm
def hmm_small_constant(start, transition, emission, x, lengths=None):
    return _each(lambda *m: _logarithmic(*m, floor=1e-6), start, transition, emission, x, lengths)


# hmm: the pair at the end is not counted
def hmm_last_pair_missing(start, transition, emission, x, lengths=None):
    return _each(lambda *m: _logarithmic(*m, last_pair=False), start, transition, emission, x, lengths)


def _rabiner(pi, A, B, x):
    """Scaled by sums, in plain numbers."""
    _, gamma, pairs, best = _logarithmic(pi, A, B, x)
    alpha, scales = [], []
    message = pi * B[:, x[0]]
    for t, s in enumerate(x):
        if t:
            message = (alpha[-1] @ A) * B[:, s]
        scales.append(message.sum())
        alpha.append(message / scales[-1])
    return np.log(scales).sum(), gamma, pairs, best


# hmm: Rabiner's scaling, which loses a state that comes back
def hmm_rabiner(start, transition, emission, x, lengths=None):
    return _each(_rabiner, start, transition, emission, x, lengths)


# hmm: the score of the best path is of the posterior's modes
def hmm_modes(start, transition, emission, x, lengths=None):
    def one(pi, A, B, x):
        total, gamma, pairs, _ = _logarithmic(pi, A, B, x)
        z = gamma.argmax(1)
        with np.errstate(divide="ignore"):
            own = np.log(pi[z[0]]) + np.log(A[z[:-1], z[1:]]).sum() + np.log(B[z, x]).sum()
        return total, gamma, pairs, own

    return _each(one, start, transition, emission, x, lengths)
