"""Scores in other styles."""

import numpy as np


# score-matching: the residual of the slope, number by number
def score_matching_by_residuals(score, x, z, w, sigma, eta):
    if not (sigma > 0 and eta > 0 and sigma < np.inf and eta < np.inf):
        raise ValueError("noise and step must be positive")
    moved = np.empty(np.shape(x), dtype=np.result_type(x, float))
    noisy = np.asarray(x) + sigma * np.asarray(z)
    s = score(noisy, sigma)
    loss = 0
    for i in range(noisy.shape[-1]):
        target = -z[..., i] / sigma
        loss = loss + 0.5 * sigma**2 * (s[..., i] - target) ** 2
        moved[..., i] = noisy[..., i] + 0.5 * eta * s[..., i] + eta**0.5 * w[..., i]
    return loss, moved
