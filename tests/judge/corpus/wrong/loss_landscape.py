"""Slices and curves of the loss with the faults that people make."""

from math import comb

import numpy as np
import torch


def _loss(x, y, theta):
    return float(((np.maximum(0, x @ theta[:, :-2].T + theta[:, -2]) @ theta[:, -1] - y) ** 2).mean())


def _length(g, w):
    size = np.linalg.norm(g)
    return g * (np.linalg.norm(w) / size) if size else 0 * g


def _direction(theta, g):
    d = np.zeros_like(theta)
    for j, row in enumerate(theta):
        d[j, :-2] = _length(g[j, :-2], row[:-2])
    d[:, -1] = _length(g[:, -1], theta[:, -1])
    return d


def _all(x, y, P, d, a, t, curve=None):
    m = len(P) - 1
    if m < 1 or np.min(t) < 0 or np.max(t) > 1:
        raise ValueError("two networks, and t from 0 to 1")
    if curve is None:

        def curve(s):
            return sum(comb(m, k) * s**k * (1 - s) ** (m - k) * P[k] for k in range(m + 1))

    path = np.array([_loss(x, y, curve(s)) for s in t])
    first, last = _loss(x, y, P[0]), _loss(x, y, P[-1])
    barrier = max(0.0, float((path - (1 - t) * first - t * last).max()))
    return np.array([_loss(x, y, P[0] + s * d) for s in a]), path, np.array([first, last, barrier])


# loss-landscape: biases move along themselves, as in the code of Li et al. with ignore=''
def landscape_biases_along_themselves(x, y, P, g, a, t):
    d = _direction(P[0], g)
    d[:, -2] = P[0][:, -2]
    return _all(x, y, P, d, a, t)


# loss-landscape: each unit's incoming and outgoing weights normalised together
def landscape_units_as_filters(x, y, P, g, a, t):
    rows = np.delete(P[0], -2, 1)
    lengths = np.linalg.norm(rows, axis=1) / np.maximum(np.linalg.norm(np.delete(g, -2, 1), axis=1), 1e-300)
    d = g * lengths[:, None]
    d[:, -2] = 0
    return _all(x, y, P, d, a, t)


# loss-landscape: a direction of length 1
def landscape_unit_direction(x, y, P, g, a, t):
    d = g.copy()
    d[:, -2] = 0
    return _all(x, y, P, d / max(np.linalg.norm(d), 1e-300), a, t)


# loss-landscape: the piecewise straight path through the points
def landscape_polygon(x, y, P, g, a, t):
    knots = np.linspace(0, 1, len(P))

    def curve(s):
        return np.stack([np.interp(s, knots, column) for column in P.reshape(len(P), -1).T]).reshape(
            P.shape[1:]
        )

    return _all(x, y, P, _direction(P[0], g), a, t, curve)


# loss-landscape: the model moved in place, step after step, and never brought back
def landscape_moved_in_place(x, y, P, g, a, t):
    d, model = torch.as_tensor(_direction(P[0], g)), torch.as_tensor(P[0].copy())
    slices = []
    for s in a:
        model += s * d
        slices.append(_loss(x, y, model.numpy()))
    return np.array(slices), *_all(x, y, P, d.numpy(), a, t)[1:]


# loss-landscape: the barrier above the larger of the two ends
def landscape_above_the_larger_end(x, y, P, g, a, t):
    slices, path, (first, last, _) = _all(x, y, P, _direction(P[0], g), a, t)
    return slices, path, np.array([first, last, max(0.0, path.max() - max(first, last))])
