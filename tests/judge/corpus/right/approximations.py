"""Approximation by networks in other styles: weights of a cell's nodes, layers of weight matrices."""

import itertools

import numpy as np
import torch


# universal-approximation: the cell is looked up, its nodes are weighted
def ua_weights_of_nodes(f, cells, x):
    place = np.clip(x, 0, 1) * cells
    low = np.minimum(np.floor(place), cells - 1)
    share = place - low
    n = x.shape[-1]
    corners = list(itertools.product((0, 1), repeat=n))
    beyond = {
        s: np.maximum(1 - sum((1 - share[..., i]) for i in range(n) if s[i]) + 0 * share[..., 0], 0)
        for s in corners
    }
    g = np.zeros(x.shape[:-1])
    for v in corners:
        above = [s for s in corners if all(a >= b for a, b in zip(s, v, strict=True))]
        g += f((low + np.array(v)) / cells) * sum((-1) ** (sum(s) - sum(v)) * beyond[s] for s in above)
    return g


# universal-approximation: torch, three matrix products
def ua_layers(f, cells, x):
    dtype, x = x.dtype, x.double()
    n = x.shape[-1]
    nodes = torch.cartesian_prod(*[torch.arange(cells + 1)] * n).reshape(-1, n)
    values = f(nodes.double() / cells).reshape([cells + 1] * n)
    for axis in range(n):
        values = torch.diff(values, dim=axis, prepend=torch.zeros_like(values.narrow(axis, 0, 1)))
    first = torch.relu(cells * x[..., None] - torch.arange(cells + 1))  # (..., n, N+1)
    ramps = torch.cat([torch.ones_like(first[..., :1]), first[..., :-1] - first[..., 1:]], -1)
    picked = torch.stack([ramps[..., i, :][..., nodes[:, i]] for i in range(n)], -1)  # (..., nodes, n)
    second = torch.relu(picked.sum(-1) - n + 1)
    return (second @ values.flatten()).to(dtype)
