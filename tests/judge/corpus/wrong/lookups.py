"""Embedding layers with the slips of hand-written gradients and of options that sound harmless."""

import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def blank(e, i, padding_idx):
    return e if padding_idx is None else torch.where((i == padding_idx)[..., None], 0.0, e)


# embedding: torch, gradients divided by how often a token stands in the batch
def embedding_by_frequency(i, E, padding_idx=None):
    return blank(F.embedding(i, E, scale_grad_by_freq=True), i, padding_idx)


class LastWins(torch.autograd.Function):
    @staticmethod
    def forward(ctx, i, E):
        ctx.save_for_backward(i)
        ctx.rows = E.shape
        return E[i]

    @staticmethod
    def backward(ctx, g):
        dE = g.new_zeros(ctx.rows)
        dE[ctx.saved_tensors[0]] += g
        return None, dE


# embedding: torch, a backward of its own that assigns with += where tokens repeat
def embedding_last_wins(i, E, padding_idx=None):
    return blank(LastWins.apply(i, E), i, padding_idx)


# embedding: torch, rows cut to the length 1 as with max_norm
def embedding_max_norm(i, E, padding_idx=None):
    return blank(F.embedding(i, E.clone(), max_norm=1.0), i, padding_idx)


# embedding: NumPy, the padding token's row is taken out of the table and the numbers behind it are not moved
def embedding_row_removed(i, E, padding_idx=None):
    if padding_idx is None:
        return E[i]
    rest = np.delete(E, padding_idx, 0)
    return np.where(
        (i == padding_idx)[..., None], 0.0, rest[np.minimum(i, len(rest) - 1)] if len(rest) else 0.0
    )


# embedding: JAX, sorted for fast reading and never sorted back
def embedding_sorted(i, E, padding_idx=None):
    i = jnp.sort(i, axis=-1)
    return E[i] if padding_idx is None else jnp.where((i == padding_idx)[..., None], 0.0, E[i])


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 2))

    def forward(self, i):
        return self.weight.detach()[i]


# embedding: torch, a module whose table is detached
embedding_detached = Detached()
