"""Bidirectional networks as users write them."""

import jax
import jax.numpy as jnp
import torch
from torch import nn

# bidirectional: torch, a module
bidirectional_module = nn.RNN(4, 6, batch_first=True, bidirectional=True)

# bidirectional: torch, a module with time first
bidirectional_time_first = nn.RNN(4, 6, bidirectional=True)


# bidirectional: JAX, two scans
def bidirectional_scans(x, W, U, b, h0=None):
    def half(k):
        h = jnp.zeros((*x.shape[:-2], b.shape[-1]), x.dtype) if h0 is None else h0[..., k, :]

        def step(h, row):
            h = jnp.tanh(row @ W[k].T + h @ U[k].T + b[k])
            return h, h

        last, states = jax.lax.scan(step, h, jnp.moveaxis(x, -2, 0), reverse=k == 1)
        return jnp.moveaxis(states, 0, -2), last

    (y, first), (z, second) = half(0), half(1)
    return jnp.concatenate([y, z], -1), jnp.stack([first, second], -2)


# bidirectional: torch, every row reversed within its own length
def bidirectional_gathered(x, W, U, b, h0=None, lengths=None):
    lead, T = x.shape[:-2], x.shape[-2]
    steps = torch.arange(T)
    length = torch.full(lead, T) if lengths is None else lengths
    inside = steps < length[..., None]
    mirrored = torch.where(inside, length[..., None] - 1 - steps, steps)[..., None]

    def turned(v):
        return v.gather(-2, mirrored.expand(v.shape))

    def led(v, k):
        h = x.new_zeros(*lead, b.shape[-1]) if h0 is None else h0[..., k, :]
        states = []
        for t in range(T):
            new = torch.tanh(v[..., t, :] @ W[k].T + h @ U[k].T + b[k])
            h = torch.where(inside[..., t, None], new, h)
            states.append(torch.where(inside[..., t, None], new, 0.0))
        return torch.stack(states, -2), h

    (y, first), (z, second) = led(x, 0), led(turned(x), 1)
    return torch.cat([y, turned(z)], -1), torch.stack([first, second], -2)
