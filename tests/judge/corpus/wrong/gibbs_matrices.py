"""Transition matrices of Gibbs samplers with the faults that people make."""

import numpy as np


def _kernels(p):
    index = np.arange(p.size).reshape(p.shape)
    found = []
    for axis in range(3):
        total = p.sum(axis, keepdims=True)
        law = np.divide(p, total, out=np.zeros_like(p), where=total > 0)
        K = np.zeros((p.size, p.size))
        for here in np.ndindex(p.shape):
            line = list(here)
            line[axis] = slice(None)
            K[index[here], index[tuple(line)]] = law[tuple(line)]
            if not law[tuple(line)].any():
                K[index[here], index[here]] = 1
        found.append(K)
    return found


# gibbs: kernels multiplied from the wrong side: the last axis is drawn first
def gibbs_columns(p):
    a, b, c = _kernels(p)
    return c @ b @ a, (a + b + c) / 3


# gibbs: parallel updates, a product of the laws given the old values
def gibbs_parallel(p):
    K = _kernels(p)
    n = p.shape
    laws = [k.reshape(p.size, *n).sum(tuple(1 + a for a in range(3) if a != i)) for i, k in enumerate(K)]
    sweep = np.einsum("si,sj,sk->sijk", *laws).reshape(p.size, p.size)
    return sweep, sum(K) / 3


# gibbs: states without a law get a uniform one, from where nothing returns
def gibbs_uniform_holes(p):
    floor = np.where(p > 0, p, 1e-12 * p.max())
    a, b, c = _kernels(floor)
    return a @ b @ c, (a + b + c) / 3


# gibbs: a random scan of as many steps as there are axes, sold as one step
def gibbs_random_sweep(p):
    a, b, c = _kernels(p)
    step = (a + b + c) / 3
    return a @ b @ c, step @ step @ step
