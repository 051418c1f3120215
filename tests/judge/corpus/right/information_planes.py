"""The information plane in other styles: counters of tuples in plain Python, distances and logsumexp in torch."""

import math
from collections import Counter

import torch


# information-bottleneck: plain Python, tuples counted, one pair of points after the other
def plane_by_counters(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    rows, labels = t.tolist(), [int(v) for v in y]
    n = len(rows)

    def cell(v):
        return min(max(math.floor((v - low) / (high - low) * bins), 0), bins - 1)

    def entropy(values):
        return -math.fsum(c / n * math.log(c / n) for c in Counter(values).values())

    def spread(points, sigma):
        total = []
        for p in points:
            near = [
                math.exp(-sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) / (2 * sigma * sigma))
                for q in points
            ]
            total.append(math.log(len(points)) - math.log(math.fsum(near)))
        return math.fsum(total) / len(points)

    cells = [tuple(cell(v) for v in row) for row in rows]
    binned = entropy(cells)
    joint = binned + entropy(labels) - entropy(list(zip(cells, labels, strict=True)))
    upper = spread(rows, noise)
    within = math.fsum(
        c / n * spread([r for r, v in zip(rows, labels, strict=True) if v == label], noise)
        for label, c in Counter(labels).items()
    )
    return binned, joint, upper, spread(rows, 2 * noise), upper - within


# information-bottleneck: torch, cells by searching the inner edges, distances by cdist
def plane_by_distances(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    dtype, t = t.dtype, t.double()
    cells = ((t - low) / (high - low) * bins).floor().clamp(0, bins - 1)
    one_hot = torch.nn.functional.one_hot(y.long()).double()

    def entropy(table):
        p = torch.unique(table, dim=0, return_counts=True)[1].double() / len(table)
        return torch.special.entr(p).sum()

    def spread(points, sigma):
        squares = (points[:, None, :] - points[None, :, :]).square().sum(-1)
        return math.log(len(points)) - torch.logsumexp(-squares / (2 * sigma**2), 1).mean()

    binned = entropy(cells)
    joint = binned + entropy(one_hot) - entropy(torch.cat([cells, one_hot], 1))
    upper, lower = spread(t, noise), spread(t, 2 * noise)
    within = sum(one_hot[:, c].mean() * spread(t[y == c], noise) for c in y.unique().tolist())
    return tuple(v.to(dtype) for v in (binned, joint, upper, lower, upper - within))
