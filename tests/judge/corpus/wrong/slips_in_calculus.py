"""Plausible slips in derivatives and integrals."""

import numpy as np


# derivative: the forward step is taken backwards
def derivative_backward(f, x, h=1e-5, method="central"):
    if method == "forward":
        return (f(x) - f(x - h)) / h
    if method == "central":
        return (f(x + h) - f(x - h)) / (2 * h)
    return np.imag(f(x + 1j * h)) / h


# derivative: h is relative to x
def derivative_relative(f, x, h=1e-5, method="central"):
    h = h * np.maximum(1, np.abs(x))
    if method == "complex":
        return np.imag(f(x + 1j * h)) / h
    low = x if method == "forward" else x - h
    return (f(x + h) - f(low)) / (x + h - low)


# gradient: the last entry is skipped when there are more than eight
def gradient_first_eight(f, x):
    g = np.zeros(len(x))
    for i in range(min(len(x), 8)):
        e = np.zeros(len(x))
        e[i] = 1e-30
        g[i] = np.imag(f(x + 1j * e)) / 1e-30
    return g


# jacobian: only the square part is filled
def jacobian_square(f, x):
    y = np.asarray(f(x))
    J = np.zeros((len(y), len(x)))
    for j in range(min(len(x), len(y))):
        J[:, j] = np.imag(f(x + 1e-30j * np.eye(len(x))[j])) / 1e-30
    return J


# hessian: the upper half is forgotten
def hessian_lower(f, x):
    n, h, e = len(x), 1e-3, np.eye(len(x))

    def slope(y, j):
        return np.imag(f(y + 1e-40j * e[j])) / 1e-40

    H = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            D = [(slope(x + k * h * e[i], j) - slope(x - k * h * e[i], j)) / (2 * k * h) for k in (1, 2, 4)]
            H[i, j] = (64 * D[0] - 20 * D[1] + D[2]) / 45
    return H


# chain-rule: the outer Jacobian is taken by its diagonal
def chain_diagonal(f, g, x):
    def J(h, at):
        return np.stack([np.imag(h(at + 1e-30j * e)) / 1e-30 for e in np.eye(len(at))], 1)

    outer, inner = J(f, g(x)), J(g, x)
    if outer.shape[0] == outer.shape[1]:
        outer = np.diag(np.diag(outer))
    return outer @ inner


# taylor: the term of degree n is divided by (n − 1)!
def taylor_factorial(f, a, x, n, r=0.5):
    w = np.exp(2j * np.pi * np.arange(256) / 256)
    c = [np.mean(f(a + r * w) * w**-k).real / r**k for k in range(n + 1)]
    c[-1] = c[-1] * max(n, 1)
    return sum(c[k] * (x - a) ** k for k in range(n + 1)) + 0.0 * x


# integral: the midpoint rule of 4096 pieces, not extrapolated
def integral_midpoint(f, a, b):
    t = (np.arange(4096) + 0.5) / 4096
    return np.mean(f(a + (b - a) * t)) * (b - a)


# quadrature: Simpson's inner weights are exchanged
def quadrature_simpson(f, a, b, n, rule="gauss"):
    if rule == "gauss":
        t, w = np.polynomial.legendre.leggauss(n)
        t, w = (t + 1) / 2, w / 2
    else:
        t, w = np.arange(n + 1) / n, np.full(n + 1, 1 / n)
        if rule == "simpson":
            w = w * np.where(np.arange(n + 1) % 2, 2, 4) / 3
            w[[0, n]] = 1 / (3 * n)
        else:
            w[[0, n]] /= 2
    return (b - a) * np.sum(w * f(a[..., None] + (b - a)[..., None] * t), -1)


# multiple-integral: as many nodes as asked for by the first axis, half by the others
def integral_half_nodes(f, phi, d, n=20):
    rules = [np.polynomial.legendre.leggauss(n if i == 0 else max(n // 4, 1)) for i in range(d)]
    u = np.stack([g.ravel() for g in np.meshgrid(*[(t + 1) / 2 for t, _ in rules], indexing="ij")])
    W = np.prod([g.ravel() for g in np.meshgrid(*[w / 2 for _, w in rules], indexing="ij")], axis=0)
    J = np.stack([np.imag(phi(u + 1e-30j * e[:, None])) / 1e-30 for e in np.eye(d)], axis=1)
    return np.sum(W * f(phi(u)) * np.abs(np.linalg.det(np.moveaxis(J, 2, 0))))
