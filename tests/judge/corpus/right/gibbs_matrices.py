"""Transition matrices of Gibbs samplers in other styles: whole arrays, and torch."""

import numpy as np
import torch


# gibbs: whole arrays, an identity over the axes that stay
def gibbs_by_einsum(p):
    if p.ndim != 3 or not np.isfinite(p).all() or p.min() < 0 or p.max() <= 0:
        raise ValueError("a table of three axes with some mass")
    eyes = [np.eye(n) for n in p.shape]
    found = []
    for axis, letters in enumerate(("xbc,by,cz,a->abcxyz", "ayc,ax,cz,b->abcxyz", "abz,ax,by,c->abcxyz")):
        total = p.sum(axis, keepdims=True)
        law = np.divide(p, total, out=np.zeros_like(p), where=total > 0)
        stay = [eyes[i] for i in range(3) if i != axis]
        K = np.einsum(letters, law, *stay, np.ones(p.shape[axis]))
        K = K.reshape(p.size, p.size)
        found.append(K + np.diag((K.sum(1) == 0).astype(float)))
    a, b, c = found
    return a @ (b @ c), a / 3 + b / 3 + c / 3


# gibbs: torch, masks of the states that differ in one axis only
def gibbs_torch(p):
    places = torch.cartesian_prod(*(torch.arange(n) for n in p.shape)).reshape(-1, 3)
    q, found = p.reshape(-1), []
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        line = (places[:, None, others] == places[None, :, others]).all(-1)
        weight = line * q
        total = weight.sum(1, keepdim=True)
        stay = torch.eye(len(q), dtype=p.dtype)
        found.append(
            torch.where(total > 0, weight / torch.where(total > 0, total, torch.ones_like(total)), stay)
        )
    return found[0] @ found[1] @ found[2], (found[0] + found[1] + found[2]) / 3
