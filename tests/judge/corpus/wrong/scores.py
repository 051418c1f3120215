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
