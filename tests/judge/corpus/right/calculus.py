"""Derivatives, integrals and floating-point arithmetic as users write them."""

import math

import numpy as np
import scipy.integrate
import scipy.special
import torch


# derivative: the three formulas
def derivative_numpy(f, x, h=1e-5, method="central"):
    match method:
        case "forward":
            return (f(x + h) - f(x)) / h
        case "central":
            return 0.5 * (f(x + h) - f(x - h)) / h
        case "complex":
            return f(x + 1j * h).imag / h
        case _:
            raise ValueError(method)


# gradient: a complex step, entry by entry
def gradient_complex(f, x):
    out = np.empty(len(x))
    for i in range(len(x)):
        z = x.astype(complex)
        z[i] += 1e-40j
        out[i] = f(z).imag / 1e-40
    return out


# jacobian: a complex step, column by column
def jacobian_complex(f, x):
    columns = []
    for e in np.eye(x.size):
        columns.append(np.imag(f(x + 1e-50j * e)) / 1e-50)
    return np.column_stack(columns)


# chain-rule: by one complex step through both
def chain_complex(f, g, x):
    return np.stack([np.imag(f(g(x + 1e-40j * e))) / 1e-40 for e in np.eye(x.size)], 1)


# gradient-check: central differences with an absolute and a relative part
def check(f, gradient, x, tolerance=1e-5):
    g = np.asarray(gradient(x))
    for i in range(len(x)):
        h = 6e-6 * max(1.0, abs(x[i]))
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        d = (f(up) - f(down)) / (up[i] - down[i])
        if not abs(d - g[i]) <= tolerance * max(abs(d), abs(g[i])) + 2e-15 / h * abs(f(x)):
            return False
    return True


# integral: SciPy's adaptive rule
def integral_scipy(f, a, b):
    return scipy.integrate.quad(f, a, b, epsabs=0, epsrel=1e-13)[0]


# integral: Gauss with many points
def integral_gauss(f, a, b):
    t, w = np.polynomial.legendre.leggauss(200)
    return (b - a) / 2 * np.sum(w * f((a + b) / 2 + (b - a) / 2 * t))


# quadrature: NumPy's nodes
def quadrature_numpy(f, a, b, n, rule="gauss"):
    if rule == "gauss":
        t, w = np.polynomial.legendre.leggauss(n)
        t, w = (t + 1) / 2, w / 2
    else:
        t, w = np.linspace(0, 1, n + 1), np.ones(n + 1)
        if rule == "simpson":
            w[1:-1:2], w[2:-1:2] = 4, 2
            w = w / 3
        else:
            w[[0, -1]] = 0.5
        w = w / n
    width = (b - a)[..., None]
    return (f(a[..., None] + width * t) * w * width).sum(-1)


# taylor: coefficients by the FFT on a circle
def taylor_fft(f, a, x, n, r=0.5):
    m = 128
    c = np.fft.fft(f(a + r * np.exp(2j * np.pi * np.arange(m) / m))).real / m
    return sum(c[k] / r**k * (x - a) ** k for k in range(n + 1)) + 0 * x


# stable-evaluation: SciPy and NumPy
def stable_numpy(x, function="logsumexp"):
    return {
        "logsumexp": lambda v: scipy.special.logsumexp(v, axis=-1),
        "hypot": lambda v: np.hypot.reduce(v, axis=-1),
        "log1p": np.log1p,
        "expm1": np.expm1,
    }[function](x)


# stable-evaluation: log-sum-exp alone, torch
def stable_torch(x):
    return torch.logsumexp(x, dim=-1)


# summation: correctly rounded, one row
def summation_fsum(x):
    return math.fsum(x)


# summation: Kahan–Babuška–Neumaier, one row
def summation_neumaier(x):
    s = c = 0.0
    for v in x:
        t = s + v
        c += (s - t) + v if abs(s) >= abs(v) else (v - t) + s
        s = t
    return s + c


# computed-variance: Welford
def variance_welford(x):
    mean = np.zeros(x.shape[:-1])
    total = np.zeros(x.shape[:-1])
    for n in range(x.shape[-1]):
        delta = x[..., n] - mean
        mean = mean + delta / (n + 1)
        total = total + delta * (x[..., n] - mean)
    return total / x.shape[-1]


# computed-variance: NumPy
def variance_numpy(x):
    return np.var(x, axis=-1)


# computed-variance: torch without correction
def variance_torch(x):
    return torch.var(x, -1, correction=0)


# computed-variance: two passes with the correction of Chan, Golub and LeVeque
def variance_corrected(x):
    d = x - x.mean(-1, keepdims=True)
    n = x.shape[-1]
    return ((d * d).sum(-1) - d.sum(-1) ** 2 / n) / n


# computed-variance: pairwise merging
def variance_merged(x):
    def parts(v):
        n = v.shape[-1]
        if n == 1:
            return 1, v[..., 0], np.zeros(v.shape[:-1])
        (n1, m1, s1), (n2, m2, s2) = parts(v[..., : n // 2]), parts(v[..., n // 2 :])
        d = m2 - m1
        return n, m1 + d * n2 / n, s1 + s2 + d * d * n1 * n2 / n

    n, _, s = parts(x)
    return s / n


# floating-point: NumPy's own casts where there are any
def rounded(x, format="float16"):
    if format not in ("float16", "float32", "float64"):
        raise NotImplementedError(format)
    with np.errstate(over="ignore"):
        return np.asarray(x).astype(format).astype(float)


# multiple-integral: a loop over the nodes' axes
def integral_over_image(f, phi, d, n=20):
    t, w = np.polynomial.legendre.leggauss(n)
    t, w = (t + 1) / 2, w / 2
    grids = np.array(np.meshgrid(*[t] * d)).reshape(d, -1)
    weights = np.array(np.meshgrid(*[w] * d)).reshape(d, -1).prod(0)
    J = np.empty((grids.shape[1], d, d))
    for j in range(d):
        z = grids.astype(complex)
        z[j] += 1e-40j
        J[:, :, j] = np.imag(phi(z)).T / 1e-40
    return (weights * f(phi(grids)) * abs(np.linalg.det(J))).sum()
