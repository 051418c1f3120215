"""Signals through random networks with slips of moments, means and weights."""

import numpy as np


def nodes():
    z, p = np.polynomial.hermite_e.hermegauss(120)
    return z, p / p.sum()


def maps(phi, slope, w, b, q, k, layers, factor):
    z, p = nodes()
    rows = []
    for _ in range(layers):
        c = np.clip(k / q, -1, 1)
        u = np.sqrt(q) * z
        v = c * u[:, None] + np.sqrt(1 - c * c) * u
        rows.append((q, c, factor(w, p, slope(u))))
        k, q = w * (p * phi(u)) @ phi(v) @ p + b, w * p @ phi(u) ** 2 + b
    return np.array(rows).reshape(-1, 3).T


def right_factor(w, p, s):
    return w * p @ s**2


# signal-propagation: the bias stands in the variance, not in the product of two inputs
def bias_of_one(phi, slope, sigma_w, sigma_b, q, c, layers):
    w, b = sigma_w**2, sigma_b**2
    rows = maps(phi, slope, w, b, w * q + b, w * c * q + b, layers, right_factor)
    rows[1] = (rows[1] * rows[0] - b) / rows[0]
    return rows


# signal-propagation: the factor of the gradient has the mean size of the slope
def mean_size(phi, slope, sigma_w, sigma_b, q, c, layers):
    w, b = sigma_w**2, sigma_b**2
    return maps(phi, slope, w, b, w * q + b, w * c * q + b, layers, lambda w, p, s: w * (p @ np.abs(s)) ** 2)


# signal-propagation: the inputs pass an activation before the first layer
def activated_inputs(phi, slope, sigma_w, sigma_b, q, c, layers):
    w, b = sigma_w**2, sigma_b**2
    return maps(phi, slope, w, b, q, c * q, layers + 1, right_factor)[:, 1:]


# signal-propagation: the weights enter the factor once, by their standard deviation
def sigma_once(phi, slope, sigma_w, sigma_b, q, c, layers):
    w, b = sigma_w**2, sigma_b**2
    return maps(phi, slope, w, b, w * q + b, w * c * q + b, layers, lambda w, p, s: np.sqrt(w) * p @ s**2)


# signal-propagation: the covariance is reported for the correlation
def covariance(phi, slope, sigma_w, sigma_b, q, c, layers):
    w, b = sigma_w**2, sigma_b**2
    rows = maps(phi, slope, w, b, w * q + b, w * c * q + b, layers, right_factor)
    rows[1] *= rows[0]
    return rows
