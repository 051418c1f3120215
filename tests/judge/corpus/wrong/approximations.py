"""Approximation by networks with the faults that people make."""

import itertools

import numpy as np


def _ramp(j, t, N):
    return np.clip(N * t - j + 1, 0, 1) if j else np.ones_like(t)


def _network(f, cells, x, join, ramp=_ramp, at=lambda m, N: m / N):
    g = np.zeros(x.shape[:-1])
    for m in itertools.product(range(cells + 1), repeat=x.shape[-1]):
        back = itertools.product(*[(0, 1) if k else (0,) for k in m])
        step = sum((-1) ** sum(v) * f(at(np.array(m) - v, cells)) for v in back)
        g = g + step * join([ramp(k, x[..., i], cells) for i, k in enumerate(m)])
    return g


def _beyond(r):
    return np.maximum(sum(r) - len(r) + 1, 0)


# universal-approximation: as many nodes as cells, spread from 0 to 1
def ua_nodes_for_cells(f, cells, x):
    return _network(f, cells, x, _beyond, at=lambda m, N: np.minimum(m / max(N - 1, 1), 1.0))


# universal-approximation: the bias of the second layer is one short
def ua_bias_short(f, cells, x):
    return _network(f, cells, x, lambda r: np.maximum(sum(r) - len(r), 0) * len(r) if len(r) > 1 else r[0])


# universal-approximation: values of single axes alone, mixed differences left out
def ua_additive(f, cells, x):
    def join(r):
        moved = [v for v in r if np.any(v != 1)]
        return _beyond(r) if len(moved) < 2 else 0 * r[0]

    return _network(f, cells, x, join)


# universal-approximation: logistic steps for ramps
def ua_sigmoid(f, cells, x):
    return _network(
        f,
        cells,
        x,
        lambda r: np.prod(r, 0),
        ramp=lambda j, t, N: 1 / (1 + np.exp(-8 * (N * t - j + 0.5))) if j else np.ones_like(t),
    )
