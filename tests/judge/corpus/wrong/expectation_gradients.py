"""Derivatives of expectations with the faults that people make."""

import numpy as np
import torch
from scipy.special import digamma, expit
from scipy.stats import norm


def _f(c, jump, z):
    return np.polynomial.polynomial.polyval(z, c) + jump * (z > 0)


def _slope(c, z):
    return np.polynomial.polynomial.polyval(z, np.polynomial.polynomial.polyder(c)) if len(c) > 1 else 0 * z


def _by_shape(z, a):
    t = torch._standard_gamma_grad(torch.full(z.shape, float(a), dtype=torch.float64), torch.tensor(z))
    return t.numpy()


def _all(noise, theta, c, law, jump, baseline, path_of_normal=None, score_of_normal=None):
    a, b = theta
    if law == "gamma":
        z = noise / b
        path, score = [_by_shape(noise, a) / b, -z / b], [np.log(noise) - digamma(a), a / b - z]
    elif law == "relaxed coin":
        z = expit((a + noise) / b)
        path = [z * (1 - z) / b, -z * (1 - z) * (a + noise) / b**2]
        score = [(a + noise > 0) - expit(a), 0 * z]
    else:
        z = a + b * noise
        path = (path_of_normal or (lambda e, m, s: [1 + 0 * e, e]))(noise, a, b)
        score = (score_of_normal or (lambda e, m, s: [e / s, (e**2 - 1) / s]))(noise, a, b)
    drawn = (z > 0.5) * 1.0 if law == "relaxed coin" else z
    reward = _f(c, jump, drawn) - baseline
    return _slope(c, z)[:, None] * np.stack(path, 1), reward[:, None] * np.stack(score, 1)


# reparameterization: the second derivative by the variance in place of the deviation
def reparameterization_by_the_variance(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    return _all(
        noise,
        theta,
        c,
        law,
        jump,
        baseline,
        lambda e, m, s: [1 + 0 * e, e / (2 * s)],
        lambda e, m, s: [e / s, (e**2 - 1) / (2 * s**2)],
    )


# reparameterization: by the logarithm of the deviation
def reparameterization_by_the_logarithm(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    return _all(
        noise,
        theta,
        c,
        law,
        jump,
        baseline,
        lambda e, m, s: [1 + 0 * e, e * s],
        lambda e, m, s: [e / s, e**2 - 1],
    )


# reparameterization: the score at the standard normal law, whatever the parameters
def reparameterization_score_of_the_noise(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    return _all(noise, theta, c, law, jump, baseline, None, lambda e, m, s: [e, e**2 - 1])


# reparameterization: the likelihood itself in place of its logarithm
def reparameterization_density_for_its_logarithm(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    def score(e, m, s):
        p = norm.pdf(e) / s
        return [p * e / s, p * (e**2 - 1) / s]

    return _all(noise, theta, c, law, jump, baseline, None, score)


# reparameterization: the sign of a loss
def reparameterization_downwards(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    path, score = _all(noise, theta, c, law, jump, baseline)
    return path, -score


# reparameterization: the batch's mean as a baseline on top of the one given
def reparameterization_centred_by_the_batch(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    a, b = theta
    z = {"normal": a + b * noise, "gamma": noise / b}.get(law, (a + noise > 0) * 1.0)
    return _all(noise, theta, c, law, jump, _f(c, jump, z).mean())


# reparameterization: the softened coin without the temperature in its slope
def reparameterization_temperature_forgotten(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    path, score = _all(noise, theta, c, law, jump, baseline)
    return (path * theta[1] if law == "relaxed coin" else path), score
