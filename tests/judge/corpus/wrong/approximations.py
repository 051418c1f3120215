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


# universal-approximation: the bias of the second layer is that of two axes, whatever their number
def ua_bias_of_two(f, cells, x):
    return _network(f, cells, x, lambda r: np.maximum(sum(r) - 1, 0) if len(r) > 1 else r[0])


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


def _cut(Ws, bs, start, end, through=lambda z: np.maximum(z, 0), near=1e-12, steps=None):
    t = np.array([0.0, 1.0]) if steps is None else np.linspace(0, 1, steps)
    a = start + t[:, None] * (end - start)
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        z = a @ W.T + b
        i, j = np.nonzero(z[:-1] * z[1:] < 0)
        cut = np.sort(np.append(t, t[i] + z[i, j] / (z[i, j] - z[i + 1, j]) * np.diff(t)[i]))
        cut = cut[np.append(True, np.diff(cut) > near)]
        a = np.stack([through(np.interp(cut, t, column)) for column in z.T], 1)
        t = cut
    slopes = np.diff(a @ Ws[-1].T + bs[-1], axis=0) / np.diff(t)[:, None]
    bends = np.abs(np.diff(slopes, axis=0)).max(1) > 1e-8 * np.abs(slopes).max()
    return 1 + int(bends.sum()), len(t) - 1


# depth-separation: the units are cut, but never silenced
def ds_linear(Ws, bs, start, end):
    return _cut(Ws, bs, start, end, through=lambda z: z)


# depth-separation: kinks within a hundredth of the segment taken for one
def ds_coarse(Ws, bs, start, end):
    return _cut(Ws, bs, start, end, near=0.01)


# depth-separation: the ends of a fixed mesh counted as patterns
def ds_mesh(Ws, bs, start, end):
    return _cut(Ws, bs, start, end, steps=9)


# depth-separation: kinks counted, not pieces
def ds_kinks(Ws, bs, start, end):
    pieces, regions = _cut(Ws, bs, start, end)
    return pieces - 1, regions - 1
