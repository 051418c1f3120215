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


# depth-separation: from region to region, each time to the nearest zero of a unit
def ds_walk(Ws, bs, start, end):
    Ws, bs = (
        [W.astype(float) for W in Ws],
        [b.astype(float) for b in bs],
    )  # the step beyond a kink is below float32
    start, end = start.astype(float), end.astype(float)
    t, slopes = 0.0, []
    while True:
        near, at = 1.0, t + 1e-10
        a, d = start + at * (end - start), end - start
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            z, dz = W @ a + b, W @ d
            with np.errstate(divide="ignore", invalid="ignore"):
                ahead = at - z / dz
            ahead = ahead[np.isfinite(ahead) & (ahead > at)]
            near = min([near, *ahead])
            a, d = np.maximum(z, 0), np.where(z > 0, dz, 0)
        slopes.append(Ws[-1] @ d)
        if near >= 1:
            break
        t = near
    size = max(np.abs(s).max() for s in slopes)
    bends = [np.abs(p - q).max() > 1e-8 * size for p, q in itertools.pairwise(slopes)]
    return 1 + sum(bends), len(slopes)


# depth-separation: torch, a unit's broken line is cut where it changes sign
def ds_broken_lines(Ws, bs, start, end):
    Ws, bs = [W.double() for W in Ws], [b.double() for b in bs]
    t = torch.tensor([0.0, 1.0], dtype=torch.float64)
    lines = start.double() + t[:, None] * (end - start).double()
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        z = lines @ W.T + b
        cuts = [t]
        for unit in z.T:
            left, right = unit[:-1], unit[1:]
            switch = left * right < 0
            cuts.append((t[:-1] + t.diff() * left / (left - right))[switch])
        new = torch.cat(cuts).sort().values
        new = new[torch.cat([torch.tensor([True]), new.diff() > 1e-12])]
        place = (torch.searchsorted(t, new, right=True) - 1).clamp(0, len(t) - 2)
        share = ((new - t[place]) / (t[place + 1] - t[place]))[:, None]
        t, lines = new, ((1 - share) * z[place] + share * z[place + 1]).clamp(min=0)
    out = lines @ Ws[-1].T + bs[-1]
    slopes = out.diff(dim=0) / t.diff()[:, None]
    bends = slopes.diff(dim=0).abs().amax(1) > 1e-8 * slopes.abs().max()
    return 1 + int(bends.sum()), len(t) - 1
