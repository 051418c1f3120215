"""Largest stable steps with the faults that people make."""

import numpy as np


def _top(H, P):
    scaled = H / np.sqrt(P[:, None] * P)
    lam, U = np.linalg.eigh(scaled.mean(0))
    return lam[-1], U[:, -1], scaled


# sharpness: the law of full batches for every batch size
def full_batch_law(H, P, beta=0.0, nesterov=False):
    lam, u, scaled = _top(H, P)
    spread = np.var(np.einsum("i,mij,j->m", u, scaled, u))
    factor = 2 * (1 + beta) / ((1 + 2 * beta) if nesterov else 1)
    return (factor / lam if lam > 0 else np.inf), lam, spread


# sharpness: Adam's threshold, with an averaged velocity, for SGD's momentum
def averaged_velocity(H, P, beta=0.0, nesterov=False):
    lam, u, scaled = _top(H, P)
    s2 = np.var(np.einsum("i,mij,j->m", u, scaled, u))
    if lam <= 0:
        return np.inf, lam, s2
    return 1 / (lam / (2 * (1 + beta)) + s2 / lam / (2 * (1 - beta))) / (1 - beta), lam, s2


# sharpness: the preconditioner on one side alone, and its matrix taken for symmetric
def one_sided_preconditioner(H, P, beta=0.0, nesterov=False):
    scaled = H / P[:, None]
    lam, U = np.linalg.eigh(scaled.mean(0))
    lam, u = lam[-1], U[:, -1]
    s2 = np.var(np.einsum("i,mij,j->m", u, scaled, u))
    if lam <= 0:
        return np.inf, lam, s2
    return 1 / (lam / (2 * (1 + beta)) + s2 / lam / (2 * (1 - beta))), lam, s2


# sharpness: the noise is measured over all directions, by the trace
def noise_of_the_trace(H, P, beta=0.0, nesterov=False):
    lam, _, scaled = _top(H, P)
    s2 = np.var(np.trace(scaled, axis1=1, axis2=2))
    if lam <= 0:
        return np.inf, lam, s2
    return 1 / (lam / (2 * (1 + beta)) + s2 / lam / (2 * (1 - beta))), lam, s2
