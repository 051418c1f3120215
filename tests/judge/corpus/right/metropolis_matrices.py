"""Metropolis–Hastings matrices in other styles: flows at once, and torch in logarithms."""

import numpy as np
import torch


# metropolis: the smaller of both flows, divided by the weight
def metropolis_by_flows(p, Q):
    if (
        (p < 0).any()
        or (Q < 0).any()
        or p.sum() <= 0
        or Q.shape != (p.size, p.size)
        or np.ptp(np.r_[1, Q.sum(1)]) > 0.01
    ):
        raise ValueError("weights and rows of probabilities")
    flow = p[:, None] * Q
    P = np.divide(np.minimum(flow, flow.T), p[:, None], out=Q.copy(), where=p[:, None] > 0)
    np.fill_diagonal(P, 0.0)
    A = p @ (P.sum(1) + np.diag(Q)) / p.sum()
    return P + np.diag(1 - P.sum(1)), A


# metropolis: torch, logarithms
def metropolis_logarithms(p, Q):
    flow = p.log()[:, None] + Q.log()
    taken = torch.exp(torch.nan_to_num(flow.T - flow, nan=0.0, posinf=0.0).clamp(max=0))
    taken = torch.where(p[:, None] > 0, taken, torch.ones_like(taken))
    off = 1 - torch.eye(len(p), dtype=Q.dtype)
    P = torch.where(Q > 0, Q * taken, torch.zeros_like(Q)) * off
    share = ((P.sum(1) + Q.diagonal()) * p).sum() / p.sum()
    return P + torch.diag(1 - P.sum(1)), share
