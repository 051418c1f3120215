"""Losses of adversarial training in other styles: softplus by hand in torch, log1p in NumPy."""

import numpy as np
import torch
from scipy.special import log_expit


# gan: torch, all losses from one softplus, a logarithm of a sum of exponentials
def gan_by_softplus(real, fake, real_weights=None, fake_weights=None):
    def softplus(t):
        return torch.logaddexp(t, torch.zeros_like(t))

    def average(t, w):
        if w is None:
            return t.sum(-1) / t.shape[-1]
        if torch.any(w < 0) or not torch.allclose(w.sum(-1), torch.ones_like(w.sum(-1)), atol=1e-5):
            raise ValueError("no probabilities")
        return torch.einsum("...i,...i->...", w, t)

    missed, fooled = average(softplus(-real), real_weights), average(softplus(fake), fake_weights)
    return missed + fooled, -fooled, average(softplus(-fake), fake_weights)


# gan: NumPy, SciPy's logarithm of the sigmoid, weights filled in
def gan_by_log_expit(real, fake, real_weights=None, fake_weights=None):
    p = np.full(real.shape, 1 / real.shape[-1]) if real_weights is None else real_weights
    q = np.full(fake.shape, 1 / fake.shape[-1]) if fake_weights is None else fake_weights
    if min(p.min(initial=0), q.min(initial=0)) < 0 or any((abs(w.sum(-1) - 1) > 1e-5).any() for w in (p, q)):
        raise ValueError("no probabilities")
    if p.shape != real.shape or q.shape != fake.shape:
        raise ValueError("a weight for each sample")
    minimax = np.sum(q * log_expit(-fake), -1)
    return -np.sum(p * log_expit(real), -1) - minimax, minimax, -np.sum(q * log_expit(fake), -1)
