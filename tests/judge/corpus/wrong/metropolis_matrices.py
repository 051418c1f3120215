"""Metropolis–Hastings matrices with the faults that people make."""

import numpy as np
import torch


def _finished(P):
    np.fill_diagonal(P, 0)
    np.fill_diagonal(P, 1 - P.sum(1))
    return P


# metropolis: Metropolis's rule of 1953 for proposals that are not symmetric
def metropolis_1953(p, Q):
    P = _finished(Q * np.minimum(1, p[None, :] / p[:, None]))
    return P, 1 - (p * (P.diagonal() - Q.diagonal())).sum() / p.sum()


# metropolis: the proposals transposed, as columns
def metropolis_columns(p, Q):
    F = p[None, :] * Q
    with np.errstate(all="ignore"):
        P = _finished(np.where(Q > 0, Q * np.minimum(1, np.nan_to_num(F.T / F)), 0))
    return P.T, 1 - (p * (P.diagonal() - Q.diagonal())).sum() / p.sum()


# metropolis: torch, an acceptance that counts proposals of the same state as rejected
def metropolis_moves_only(p, Q):
    F = p[:, None] * Q
    P = torch.where(F > 0, Q * torch.clamp(F.T / F, max=1), torch.where(p[:, None] > 0, 0 * Q, Q))
    P = P - torch.diag(P.diagonal())
    share = (p * P.sum(1)).sum() / p.sum()
    return P + torch.diag(1 - P.sum(1)), share


# metropolis: the rejected weight spread over all states instead of staying
def metropolis_spread(p, Q):
    F = p[:, None] * Q
    with np.errstate(all="ignore"):
        P = np.where(F > 0, Q * np.minimum(1, F.T / F), np.where(p[:, None] > 0, 0, Q))
    left = 1 - P.sum(1, keepdims=True)
    return P + left / len(p), 1 - (p * left[:, 0]).sum() / p.sum()
