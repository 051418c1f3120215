"""Derivatives, integrals and series with the faults that people make."""

import math

import numpy as np
import scipy.integrate
import scipy.special


# derivative: forward for central
def derivative_forward(f, x, h=1e-5, method="central"):
    return (f(x + h) - f(x)) / h if method != "complex" else np.imag(f(x + 1j * h)) / h


# derivative: the step is not doubled below
def derivative_doubled(f, x, h=1e-5, method="central"):
    if method == "central":
        return (f(x + h) - f(x - h)) / h
    return (f(x + h) - f(x)) / h if method == "forward" else np.imag(f(x + 1j * h)) / h


# derivative: the real part of the complex step
def derivative_real(f, x, h=1e-5, method="central"):
    if method == "complex":
        return np.real(f(x + 1j * h) - f(x)) / h
    return (f(x + h) - f(x - h)) / (2 * h) if method == "central" else (f(x + h) - f(x)) / h


# gradient: forward differences of 1e-8
def gradient_forward(f, x):
    return np.array([(f(x + 1e-8 * e) - f(x)) / 1e-8 for e in np.eye(len(x))])


# gradient: central differences, seven digits
def gradient_central(f, x):
    return np.array([(f(x + 1e-5 * e) - f(x - 1e-5 * e)) / 2e-5 for e in np.eye(len(x))])


# gradient: normalised
def gradient_direction(f, x):
    g = np.array([np.imag(f(x + 1e-30j * e)) / 1e-30 for e in np.eye(len(x))])
    return g / max(np.linalg.norm(g), 1e-300)


# jacobian: transposed
def jacobian_transposed(f, x):
    J = np.stack([np.imag(f(x + 1e-30j * e)) / 1e-30 for e in np.eye(len(x))])
    return J if J.shape[0] == J.shape[1] else J.T


# chain-rule: the factors exchanged when square
def chain_exchanged(f, g, x):
    J = lambda h, at: np.stack([np.imag(h(at + 1e-30j * e)) / 1e-30 for e in np.eye(len(at))], 1)
    F, G = J(f, g(x)), J(g, x)
    return G @ F if F.shape == G.shape and F.shape[0] == F.shape[1] else F @ G


# chain-rule: the outer derivative at x
def chain_at_x(f, g, x):
    J = lambda h, at: np.stack([np.imag(h(at + 1e-30j * e)) / 1e-30 for e in np.eye(len(at))], 1)
    return J(f, x if len(g(x)) == len(x) else g(x)) @ J(g, x)


def differences(f, x):
    return np.array([(f(x + 1e-5 * e) - f(x - 1e-5 * e)) / 2e-5 for e in np.eye(len(x))])


# gradient-check: the ratio of norms forgives a small wrong entry
def check_norms(f, gradient, x, tolerance=1e-5):
    g, d = gradient(x), differences(f, x)
    return bool(np.linalg.norm(g - d) <= 1e-3 * (np.linalg.norm(g) + np.linalg.norm(d)))


# gradient-check: the norms alone are compared
def check_lengths(f, gradient, x, tolerance=1e-5):
    g, d = gradient(x), differences(f, x)
    return bool(abs(np.linalg.norm(g) - np.linalg.norm(d)) <= tolerance * max(np.linalg.norm(d), 1e-8) + 1e-8)


# gradient-check: the cosine of the angle
def check_angle(f, gradient, x, tolerance=1e-5):
    g, d = gradient(x), differences(f, x)
    return bool(g @ d >= (1 - tolerance) * np.linalg.norm(g) * np.linalg.norm(d) - 1e-12)


# gradient-check: always content
def check_content(f, gradient, x, tolerance=1e-5):
    return True


# gradient-check: an absolute tolerance
def check_absolute(f, gradient, x, tolerance=1e-5):
    return bool(np.abs(gradient(x) - differences(f, x)).max() < tolerance)


# integral: a fixed Simpson rule of 100 pieces
def integral_simpson(f, a, b):
    t = np.linspace(a, b, 101)
    return scipy.integrate.simpson(f(t), x=t)


# integral: always from the smaller end
def integral_unsigned(f, a, b):
    return scipy.integrate.quad(f, min(a, b), max(a, b), epsabs=0, epsrel=1e-13)[0]


# integral: of the absolute value
def integral_area(f, a, b):
    return scipy.integrate.quad(lambda t: abs(f(t)), a, b, limit=200)[0]


# taylor: factorials are forgotten
def taylor_without_factorials(f, a, x, n, r=0.5):
    c = np.fft.fft(f(a + r * np.exp(2j * np.pi * np.arange(128) / 128))).real / 128
    return sum(c[k] * math.factorial(k) / r**k * (x - a) ** k for k in range(n + 1)) + 0 * x


# taylor: one degree short
def taylor_short(f, a, x, n, r=0.5):
    c = np.fft.fft(f(a + r * np.exp(2j * np.pi * np.arange(128) / 128))).real / 128
    return sum(c[k] / r**k * (x - a) ** k for k in range(max(n, 1))) + 0 * x


# taylor: around 0
def taylor_at_zero(f, a, x, n, r=0.5):
    c = np.fft.fft(f(r * np.exp(2j * np.pi * np.arange(128) / 128))).real / 128
    return sum(c[k] / r**k * x**k for k in range(n + 1)) + 0 * x
