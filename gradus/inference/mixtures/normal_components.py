"""Normal components of four kinds: their densities at many rows, the moments that the next step needs, and the step itself.

A component's covariance is kept as a matrix (d, d) for the kinds "full" and "tied", as variances (d,) for "diag" and "spherical".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

__all__ = ["Collapse", "Components", "Moments", "cancels", "chunks", "log_densities", "maximized", "moments"]

Array = np.ndarray[Any, np.dtype[Any]]
CHUNK = 1000  # rows whose features stay in the processor's cache
LOG_2_PI = 1.8378770664093453
LOST = 1e-8  # how much of a log-density may be lost to cancellation
FLAT = 1e-15  # of the largest deviation, below which another is rounding
POINT = 1e26  # squared radius of the data over a component's variance, from which on it is a point


class Collapse(Exception):
    """A component whose covariance has no inverse any more; its number."""


class Components(NamedTuple):
    """Weights (k,), means (k, d), covariances (k, d, d) or (k, d)."""

    weights: Array
    means: Array
    covariances: Array


class Moments(NamedTuple):
    """What a pass over the rows leaves.

    The sum of their log-densities, and of each component the sums of responsibilities, of distances from `about` (k, d), and of their
    products (k, d, d) or squares (k, d).
    """

    log_likelihood: float
    counts: Array
    first: Array
    second: Array
    about: Array


def _factors(covariances: Array) -> tuple[Array, Array]:
    """U with UᵀU = Σ⁻¹ of each component, or 1/σ; and ln |Σ|.

    Raises:
        Collapse: a component has no inverse.
    """
    if covariances.ndim == 2:
        for k, variances in enumerate(covariances):
            if not (variances > 0).all():
                raise Collapse(k)
        return 1 / np.sqrt(covariances), np.log(covariances).sum(1)
    factors, logs = np.empty_like(covariances), np.empty(len(covariances))
    one = np.eye(covariances.shape[1])
    for k, covariance in enumerate(covariances):
        try:
            lower = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            raise Collapse(k) from None
        if not np.isfinite(lower).all() or lower.diagonal().min() <= FLAT * np.sqrt(
            covariance.diagonal().max()
        ):
            raise Collapse(k)
        factors[k] = solve_triangular(lower, one, lower=True)
        logs[k] = 2 * np.log(lower.diagonal()).sum()
    return factors, logs


def cancels(radius: float, components: Components) -> bool:
    """Whether squares of rows within a radius about the middle, weighed by precisions, are so large that their difference would be lost in rounding.

    Raises:
        Collapse: a component is a point, or flat.
    """
    factors, _ = _factors(components.covariances)
    squares = radius**2 * (factors**2).reshape(len(factors), -1).sum(1)
    if squares.max() > POINT:
        raise Collapse(int(squares.argmax()))
    return bool(np.finfo(float).eps * squares.max() > LOST)


def chunks(X: Array, middle: Array) -> Iterator[Array]:
    """The rows about the middle as columns, some at a time."""
    for start in range(0, len(X), CHUNK):
        yield np.subtract(X[start : start + CHUNK].T, middle[:, None], order="C")


def log_densities(x: Array, components: Components, factors: tuple[Array, Array] | None = None) -> Array:
    """The ln of weight times density of each component (k, rows) at columns x (d, rows), from distances to the means."""
    U, logs = _factors(components.covariances) if factors is None else factors
    found = np.empty((len(U), x.shape[1]))
    for k, mean in enumerate(components.means):
        away = x - mean[:, None]
        z = U[k] @ away if U.ndim == 3 else U[k][:, None] * away
        found[k] = np.einsum("ij,ij->j", z, z)
    with np.errstate(divide="ignore"):
        constant = np.log(components.weights) - (len(x) * LOG_2_PI + logs) / 2
    return constant[:, None] - found / 2


def _shared(logs: Array) -> tuple[float, Array]:
    """The sum of ln Σ exp over the components, and the responsibilities in place."""
    most = logs.max(0)
    logs -= most
    np.maximum(logs, -700, out=logs)  # no denormal numbers, which take long
    np.exp(logs, out=logs)
    total = logs.sum(0)
    logs /= total
    return float(most.sum() + np.log(total).sum()), logs


def moments(X: Array, middle: Array, components: Components, careful: bool) -> Moments:
    """One pass over the rows X (n, d): responsibilities, and what they weigh.

    Args:
        X: rows.
        middle: of them, that is taken off each.
        components: the mixture, about the middle.
        careful: take distances from each mean, where products of the rows would cancel.

    Raises:
        Collapse: a component has no inverse.
    """
    return _careful(X, middle, components) if careful else _by_features(X, middle, components)


def _careful(X: Array, middle: Array, components: Components) -> Moments:
    factors = _factors(components.covariances)
    k, d = components.means.shape
    total, counts, first = 0.0, np.zeros(k), np.zeros((k, d))
    second = np.zeros_like(components.covariances)
    for x in chunks(X, middle):
        part, r = _shared(log_densities(x, components, factors))
        total += part
        counts += r.sum(1)
        for j, mean in enumerate(components.means):
            away = x - mean[:, None]
            weighed = r[j] * away
            first[j] += weighed.sum(1)
            second[j] += weighed @ away.T if second.ndim == 3 else (weighed * away).sum(1)
    return Moments(total, counts, first, second, components.means)


def _by_features(X: Array, middle: Array, components: Components) -> Moments:
    """The log-density is linear in the products of a row's entries, the entries and 1: two matrix products a chunk do it all."""
    U, logs = _factors(components.covariances)
    weights, means, _ = components
    k, d = means.shape
    full = U.ndim == 3
    upper = np.triu_indices(d)
    precisions = np.einsum("kji,kjl->kil", U, U) if full else U**2
    linear = np.einsum("kij,kj->ki", precisions, means) if full else precisions * means
    with np.errstate(divide="ignore"):
        constant = np.log(weights) - (d * LOG_2_PI + logs + (linear * means).sum(1)) / 2
    quadratic = -precisions[:, *upper] * np.where(upper[0] == upper[1], 0.5, 1.0) if full else -precisions / 2
    coefficients = np.concatenate([quadratic, linear, np.maximum(constant, -1e300)[:, None]], 1)
    q = quadratic.shape[1]
    total, sums = 0.0, np.zeros_like(coefficients)
    room = np.ones((coefficients.shape[1], CHUNK))
    for x in chunks(X, middle):
        features = room[:, : x.shape[1]]
        place = 0
        if full:
            for i in range(d):
                np.multiply(x[i], x[i:], out=features[place : place + d - i])
                place += d - i
        else:
            np.multiply(x, x, out=features[:d])
        features[q : q + d] = x
        part, r = _shared(coefficients @ features)
        total += part
        sums += r @ features.T
    second = sums[:, :q]
    if full:
        second = np.empty((k, d, d))
        second[:, *upper] = sums[:, :q]
        second[:, upper[1], upper[0]] = sums[:, :q]
    return Moments(total, sums[:, -1], sums[:, q : q + d], second, np.zeros((k, d)))


def maximized(found: Moments, kind: str, penalty: float, n: int, before: Array | None = None) -> Components:
    """The components that these responsibilities are best explained by.

    Args:
        found: of a pass.
        kind: of covariances.
        penalty: λ; a component that owns N of the n rows gets λ n/N on its diagonal.
        n: number of rows.
        before: the means before, kept by a component that owns nothing.
    """
    counts = np.maximum(found.counts, np.finfo(float).tiny)
    move = found.first / counts[:, None]
    means = found.about + move
    if before is not None:
        means = np.where((found.counts > 0)[:, None], means, before)
    share = penalty * n / np.maximum(counts, 1e-8 * n)
    if found.second.ndim == 3:
        C = found.second / counts[:, None, None] - np.einsum("ki,kj->kij", move, move)
        C = (C + C.swapaxes(1, 2)) / 2
        if kind == "tied":
            both = np.einsum("k,kij->ij", found.counts, C) / found.counts.sum()
            C = np.broadcast_to(both + penalty * np.eye(C.shape[1]), C.shape).copy()
        else:
            C += share[:, None, None] * np.eye(C.shape[1])
    else:
        C = found.second / counts[:, None] - move**2
        if kind == "spherical":
            C = np.broadcast_to(C.mean(1, keepdims=True), C.shape).copy()
        C = C + share[:, None]
    return Components(found.counts / found.counts.sum(), means, C)
