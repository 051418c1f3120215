"""Hidden Markov models in other styles: PyTorch over the whole batch, and NumPy by matrices of logarithms."""

import numpy as np
import torch


# hmm: torch, all rows at once, rows that have ended stand still
def hmm_torch(start, transition, emission, x, lengths=None):
    if transition.shape != (len(start), len(start)) or x.max(initial=0) >= emission.shape[1]:
        raise ValueError("shapes or symbols")
    x = np.asarray(x)
    lead, T, K = x.shape[:-1], x.shape[-1], len(start)
    rows = torch.as_tensor(x.reshape(-1, T).copy())
    ends = (
        torch.full((len(rows),), T)
        if lengths is None
        else torch.as_tensor(np.asarray(lengths).reshape(-1).copy())
    )
    pi, A, B = (torch.as_tensor(np.array(p)).log() for p in (start, transition, emission))
    b = B.T[rows]  # (n, T, K)
    alpha, delta = [pi + b[:, 0]], [pi + b[:, 0]]
    for t in range(1, T):
        on = (t < ends)[:, None]
        step = torch.logsumexp(alpha[-1][:, :, None] + A, 1) + b[:, t]
        alpha.append(torch.where(on, step, alpha[-1]))
        delta.append(torch.where(on, (delta[-1][:, :, None] + A).amax(1) + b[:, t], delta[-1]))
    beta = [torch.zeros_like(alpha[0])]
    for t in range(T - 1, 0, -1):
        step = torch.logsumexp(A + (b[:, t] + beta[0])[:, None], 2)
        beta.insert(0, torch.where((t < ends)[:, None], step, torch.zeros_like(step)))
    total = torch.logsumexp(alpha[-1], -1)
    alpha, beta = torch.stack(alpha, 1), torch.stack(beta, 1)
    inside = torch.arange(T) < ends[:, None]
    gamma = torch.where(
        inside[..., None], (alpha + beta - total[:, None, None]).exp(), torch.zeros(()).to(alpha)
    )
    later = (b + beta)[:, 1:, None] + A + alpha[:, :-1, :, None] - total[:, None, None, None]
    pairs = torch.where(inside[:, 1:, None, None], later.exp(), torch.zeros(()).to(later)).sum(1)
    return (
        total.reshape(lead).numpy(), gamma.reshape(*lead, T, K).numpy(),
        pairs.reshape(*lead, K, K).numpy(), delta[-1].amax(-1).reshape(lead).numpy(),
    )  # fmt: skip


def _log_product(P, Q, reduce):
    return reduce(P[..., :, None] + Q, axis=-2)


# hmm: NumPy, prefixes and suffixes as products of matrices in logarithms
def hmm_matrices(start, transition, emission, x, lengths=None):
    K, T = len(start), x.shape[-1]
    if transition.shape != (K, K):
        raise ValueError("states")
    with np.errstate(divide="ignore"):
        pi, A, B = np.log(start), np.log(transition), np.log(emission)
    out = [
        np.zeros(x.shape[:-1]),
        np.zeros((*x.shape, K)),
        np.zeros((*x.shape[:-1], K, K)),
        np.zeros(x.shape[:-1]),
    ]
    for where in np.ndindex(*x.shape[:-1]):
        n = T if lengths is None else int(lengths[where])
        seen = x[where][:n]
        factors = [A + B[:, s] for s in seen[1:]]
        ahead, best = [pi + B[:, seen[0]]], pi + B[:, seen[0]]
        for F in factors:
            ahead.append(_log_product(ahead[-1], F, np.logaddexp.reduce))
            best = _log_product(best, F, np.max)
        behind = [np.zeros(K)]
        for F in factors[::-1]:
            behind.append(np.logaddexp.reduce(F + behind[-1], axis=1))
        behind = behind[::-1]
        out[0][where] = total = np.logaddexp.reduce(ahead[-1])
        out[1][where][:n] = np.exp(np.array(ahead) + behind - total)
        for t, F in enumerate(factors):
            out[2][where] += np.exp(ahead[t][:, None] + F + behind[t + 1] - total)
        out[3][where] = best.max()
    return tuple(out)
