"""Normalising flows with the faults that people make."""

import numpy as np


def _flow(
    x,
    S,
    T,
    a,
    c,
    order,
    u,
    w,
    b,
    inverse,
    volume=lambda s: s.sum(-1),
    ridge=None,
    base=None,
    expand=np.exp,
    below=np.less,
):
    d, P = x.shape[-1], 0 if u is None else len(u)
    if S.shape[1:] != (d, d) or any(w[k] @ u[k] <= -1 for k in range(P)):
        raise ValueError("no flow")
    ridge = ridge or (lambda slope, t, u, w: np.log(1 + slope * (1 - t**2)))
    base = base or (lambda z: -(z**2).sum(-1) / 2 - d / 2 * np.log(2 * np.pi))

    def scales(k, x):
        m = below(order[k], order[k][:, None])
        return 3 * np.tanh((a[k] + x @ (S[k] * m).T) / 3), c[k] + x @ (T[k] * m).T

    det = np.zeros(x.shape[:-1])
    if not inverse:
        for k in range(P):
            t = np.tanh(x @ w[k] + b[k])
            det = det + ridge(w[k] @ u[k], t, u[k], w[k])
            x = x + u[k] * t[..., None]
        for k in range(len(S)):
            s, t = scales(k, x)
            x, det = (x - t) / expand(s), det - volume(s)
        return x, det, base(x) + det
    p = base(x)
    for k in reversed(range(len(S))):
        z, x = x, np.zeros(x.shape)
        for r in sorted(set(order[k].tolist())):
            s, t = scales(k, x)
            x = np.where(order[k] == r, z * expand(s) + t, x)
        det = det + volume(scales(k, x)[0])
    for k in reversed(range(P)):
        slope, y = w[k] @ u[k], x @ w[k] + b[k]
        low, high = y - abs(slope), y + abs(slope)
        for _ in range(60):
            m = (low + high) / 2
            up = m + slope * np.tanh(m) > y
            low, high = np.where(up, low, m), np.where(up, m, high)
        t = np.tanh(low)
        x, det = x - u[k] * t[..., None], det - ridge(slope, t, u[k], w[k])
    return x, det, p - det


# normalizing-flow: the mean of the log-scales in place of their sum
def flow_mean_of_scales(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    return _flow(x, S, T, a, c, order, u, w, b, inverse, volume=lambda s: s.mean(-1))


# normalizing-flow: the determinant itself where its logarithm belongs
def flow_without_the_logarithm(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    return _flow(x, S, T, a, c, order, u, w, b, inverse, ridge=lambda slope, t, u, w: 1 + slope * (1 - t**2))


# normalizing-flow: a ridge's determinant with the squared length of w in place of w·u
def flow_ridge_by_the_length(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    return _flow(
        x, S, T, a, c, order, u, w, b, inverse, ridge=lambda slope, t, u, w: np.log(1 + (w @ w) * (1 - t**2))
    )


# normalizing-flow: the base as if it had one coordinate
def flow_base_of_one_coordinate(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    return _flow(
        x, S, T, a, c, order, u, w, b, inverse, base=lambda z: -(z**2).sum(-1) / 2 - np.log(2 * np.pi) / 2
    )


# normalizing-flow: the variance where the deviation belongs
def flow_scaled_by_the_variance(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    return _flow(x, S, T, a, c, order, u, w, b, inverse, expand=lambda s: np.exp(2 * s))


# normalizing-flow: the mask the other way round, later coordinates looked at
def flow_mask_reversed(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    return _flow(x, S, T, a, c, order, u, w, b, inverse, below=np.greater)
