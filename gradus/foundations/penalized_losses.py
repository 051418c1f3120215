"""The smooth part of a penalised fit as a function of the stacked coefficients: value with gradient, and Hessian."""

from __future__ import annotations

import numpy as np

from gradus.foundations.design_matrix import augmented

Array = np.ndarray
SMALL = 2000  # unknowns up to which the Hessian is formed


class Squared:
    """½ mean (y − Zθ)², through the Gram matrix where that is smaller; the first row of θ is the intercept."""

    def __init__(self, Z: Array, Y: Array, intercept: bool) -> None:
        n = len(Z)
        self.A = augmented(Z, intercept)
        self.n, self.constant = n, float((Y**2).sum()) / (2 * n)
        self.small = self.A.shape[1] <= max(n, SMALL)
        self.gram = self.A.T @ self.A / n if self.small else np.empty((0, 0))
        self.target = self.A.T @ Y / n  # (p, 1)
        self.curvature = largest_eigenvalue(self.A)
        self.unknowns = self.A.shape[1]

    def gradient(self, theta: Array) -> tuple[float, Array]:
        """The value and its gradient at the stacked coefficients."""
        product = self.gram @ theta if self.small else self.A.T @ (self.A @ theta) / self.n
        value = self.constant + float((theta * (product / 2 - self.target)).sum())
        return value, product - self.target

    def hessian(self, theta: Array, active: Array) -> Array:
        """The rows and columns of the Hessian that belong to the coefficients numbered `active`."""
        if self.small:
            return self.gram[np.ix_(active, active)]
        return self.A[:, active].T @ self.A[:, active] / self.n


class Logistic:
    """Mean of log Σ e^z − y·z over K classes, or of log(1 + e^z) − yz for one column of labels."""

    def __init__(self, Z: Array, Y: Array, intercept: bool) -> None:
        self.A = augmented(Z, intercept)
        self.Y, self.n, self.K = Y, len(Z), Y.shape[1]
        self.curvature = largest_eigenvalue(self.A) / (4 if self.K == 1 else 2)
        self.unknowns = self.A.shape[1] * self.K

    def _probabilities(self, theta: Array) -> tuple[Array, Array]:
        """The log Σ e^z of each row, and the probabilities (n, K)."""
        z = self.A @ theta
        if self.K == 1:
            e = np.exp(-np.abs(z))
            return (np.maximum(z, 0) + np.log1p(e))[:, 0], np.where(z >= 0, 1.0, e) / (1 + e)
        top = z.max(1, keepdims=True)
        e = np.exp(z - top)
        total = e.sum(1, keepdims=True)
        return (top + np.log(total))[:, 0], e / total

    def gradient(self, theta: Array) -> tuple[float, Array]:
        """The value and its gradient at the stacked coefficients."""
        log_total, p = self._probabilities(theta)
        value = float(log_total.mean() - (self.Y * (self.A @ theta)).sum() / self.n)
        return value, self.A.T @ (p - self.Y) / self.n

    def hessian(self, theta: Array, active: Array) -> Array:
        """The rows and columns of the Hessian that belong to the coefficients numbered `active`."""
        _, p = self._probabilities(theta)
        rows, classes = np.divmod(active, self.K)
        H = np.empty((active.size, active.size))
        for a in range(self.K):
            for b in range(a, self.K):
                weight = p[:, a] * ((a == b) - p[:, b])
                i, j = np.flatnonzero(classes == a), np.flatnonzero(classes == b)
                block = (self.A[:, rows[i]] * weight[:, None]).T @ self.A[:, rows[j]] / self.n
                H[np.ix_(i, j)], H[np.ix_(j, i)] = block, block.T
        return H


def largest_eigenvalue(A: Array) -> float:
    """λ_max(AᵀA)/n, exactly for up to 2000 columns or rows, else by its Frobenius bound's power iteration."""
    n, p = A.shape
    if min(n, p) <= SMALL:
        gram = A.T @ A if p <= n else A @ A.T
        return float(np.linalg.eigvalsh(gram)[-1]) / n
    v = A.T @ np.ones(n)
    for _ in range(60):
        v = A.T @ (A @ (v / np.linalg.norm(v)))
    return 1.1 * float(np.linalg.norm(v)) / n
