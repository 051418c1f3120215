"""Scores with the faults that people make."""

import numpy as np


# score-matching: the target without its sign
def score_matching_wrong_sign(score, x, z, w, sigma, eta):
    if not (sigma > 0 and eta > 0):
        raise ValueError
    noisy = x + sigma * z
    s = score(noisy, sigma)
    return ((sigma * s - z) ** 2).sum(-1) / 2, noisy + eta / 2 * s + np.sqrt(eta) * w


# score-matching: the step of the other convention for the slope alone
def score_matching_mixed_step(score, x, z, w, sigma, eta):
    if not (sigma > 0 and eta > 0):
        raise ValueError
    noisy = x + sigma * z
    s = score(noisy, sigma)
    return ((sigma * s + z) ** 2).sum(-1) / 2, noisy + eta * s + np.sqrt(eta) * w


# generation-metrics: the biased kernel distance
def generation_metrics_biased(a, b, k):
    n, m, d = len(a), len(b), a.shape[1]
    if b.shape[1] != d or not 1 <= k < min(n, m):
        raise ValueError
    A, B = (x - x.mean(0) for x in (a, b))
    inner = np.linalg.norm(A @ B.T, "nuc") / np.sqrt((n - 1) * (m - 1))
    frechet = (
        ((a.mean(0) - b.mean(0)) ** 2).sum() + (A**2).sum() / (n - 1) + (B**2).sum() / (m - 1) - 2 * inner
    )
    kernel = sum(s * ((x @ y.T / d + 1) ** 3).mean() for s, x, y in ((1, a, a), (1, b, b), (-2, a, b)))
    far = np.linalg.norm(b[:, None] - a[None], axis=-1)
    reach = [np.sort(np.linalg.norm(x[:, None] - x[None], axis=-1), 1)[:, int(k)] for x in (a, b)]
    near = far <= reach[0][None]
    recall = (far <= reach[1][:, None]).any(0).mean()
    return frechet, kernel, near.any(1).mean(), recall, near.sum() / (k * m), near.any(0).mean()


# flow-matching: time runs the other way, as in diffusion
def flow_matching_from_data(velocity, x0, x1, t, S):
    if ((t < 0) | (t > 1)).any() or int(S) < 1:
        raise ValueError
    s = t[..., None]
    loss = ((velocity(s * x0 + (1 - s) * x1, s) - (x0 - x1)) ** 2).mean(-1)
    path = [x0]
    for i in range(int(S)):
        path.append(path[-1] - velocity(path[-1], np.full((*x0.shape[:-1], 1), 1 - i / S)) / S)
    return loss, np.stack(path, -2)
