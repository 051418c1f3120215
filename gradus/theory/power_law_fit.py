"""Fits log L = log(E + Σ A_j x_j^−α_j) by Huber's loss on the logarithms, and traces how much worse the fit gets as a number moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
import scipy.optimize

Array = np.ndarray
Target = Callable[[Array], tuple[float, Array]]  # of the parameters: a number, and its gradient
ROUNDS = 100  # Newton steps; few fits take forty


class PowerLaw:
    """The data in logarithms, and the law's value with its derivatives by (log E, log A_1 …, α_1 …).

    The logarithms of the sizes are taken from their middle, those of the losses from their median, so that A_j is the term there;
    `natural` undoes it.
    """

    def __init__(self, log_sizes: Array, log_losses: Array):
        self.middle = (log_sizes.max(0) + log_sizes.min(0)) / 2
        self.unit = float(np.median(log_losses))
        self.x, self.y = log_sizes - self.middle, log_losses - self.unit
        self.columns = self.x.shape[1]
        self.count = 1 + 2 * self.columns

    def features(self, x: Array) -> Array:
        """M (points, terms, parameters): the logarithm of each term is linear in the parameters."""
        v = self.columns
        M = np.zeros((len(x), 1 + v, self.count))
        M[:, 0, 0] = 1
        for j in range(v):
            M[:, 1 + j, 1 + j] = 1
            M[:, 1 + j, 1 + v + j] = -x[:, j]
        return M

    def natural(self, theta: Array) -> Array:
        """E, A_1 …, α_1 … in the units of the data."""
        v = self.columns
        alpha = theta[1 + v :]
        amounts = np.r_[theta[0], theta[1 : 1 + v] + alpha * self.middle] + self.unit
        return np.concatenate([np.exp(amounts), alpha])


def value_and_shares(M: Array, theta: Array) -> tuple[Array, Array]:
    """The law's logarithm, and each term's share in it."""
    z = M @ theta
    top = z.max(1, keepdims=True)
    p = np.exp(z - top)
    total = p.sum(1, keepdims=True)
    return (top + np.log(total))[:, 0], p / total


class Fit(NamedTuple):
    """Parameters, what Huber's losses add up to, and the residuals."""

    theta: Array
    loss: float
    residuals: Array


def minimise(
    law: PowerLaw, delta: float, start: Array, pull: tuple[Target, float, float] | None = None
) -> Fit:
    """Newton's method with a damping that grows until the loss falls.

    Args:
        law: with the data.
        delta: residuals above it count by their size, below by half their square.
        start: the parameters to start from.
        pull: a number of the parameters, where to draw it, and how wide the draw is: adds ½((number − where)/width)².
    """
    M = law.features(law.x)

    def parts(theta: Array) -> tuple[float, Array, Array]:
        f, p = value_and_shares(M, theta)
        r = f - law.y
        size = np.abs(r)
        loss = float(np.where(size <= delta, r * r / 2, delta * (size - delta / 2)).sum())
        if pull is not None:
            loss += ((pull[0](theta)[0] - pull[1]) / pull[2]) ** 2 / 2
        return loss, r, p

    def derivatives(theta: Array, r: Array, p: Array) -> tuple[Array, Array, Array]:
        """The gradient, the Hessian, and the Gauss–Newton matrix with weights δ/|r| beyond δ."""
        J = np.einsum("mt,mtp->mp", p, M)
        psi, inside = np.clip(r, -delta, delta), (np.abs(r) <= delta).astype(float)
        weight = np.minimum(1.0, delta / np.maximum(np.abs(r), 1e-300))
        gradient = J.T @ psi
        gauss = (J * weight[:, None]).T @ J
        curved = np.einsum("m,mt,mtp,mtq->pq", psi, p, M, M) - (J * psi[:, None]).T @ J
        newton = (J * inside[:, None]).T @ J + curved
        if pull is not None:
            g, slope = pull[0](theta)
            outer = np.outer(slope, slope) / pull[2] ** 2
            gradient = gradient + slope * (g - pull[1]) / pull[2] ** 2
            newton, gauss = newton + outer, gauss + outer
        return gradient, newton, gauss

    theta, damping = start.copy(), 1e-4
    loss, r, p = parts(theta)
    for _ in range(ROUNDS):
        gradient, newton, gauss = derivatives(theta, r, p)
        scale = np.diag(gauss) + 1e-12 * np.trace(gauss) + 1e-300
        moved = False
        while damping < 1e12:
            step = _solve(newton + damping * np.diag(scale), gradient)
            if step is None:
                step = _solve(gauss + damping * np.diag(scale), gradient)
            if step is not None and float(np.abs(step).max()) < 20:
                trial = theta - step
                new, r_new, p_new = parts(trial)
                if new < loss or (new == loss and damping <= 1e-4):
                    moved = True
                    break
                if float(gradient @ step) <= 1e-16 * (loss + float(np.abs(r).sum())):
                    break  # what a step could gain the loss no longer tells
            damping *= 8
        if not moved:
            break
        done = loss - new <= 1e-15 * loss and float(np.abs(trial - theta).max()) < 1e-9
        theta, loss, r, p, damping = trial, new, r_new, p_new, max(damping / 20, 1e-14)
        if done:
            break
    if pull is not None:
        return Fit(theta, loss - ((pull[0](theta)[0] - pull[1]) / pull[2]) ** 2 / 2, r)
    for _ in range(4):  # the loss no longer tells better from worse; the gradient does, to the last digits
        gradient, newton, _ = derivatives(theta, r, p)
        step = _solve(newton, gradient)
        if step is None or float(np.abs(step).max()) > 1e-5:
            break
        new, r_new, p_new = parts(theta - step)
        if np.abs(derivatives(theta - step, r_new, p_new)[0]).max() >= np.abs(gradient).max():
            break
        theta, loss, r, p = theta - step, new, r_new, p_new
    return Fit(theta, loss, r)


def _solve(matrix: Array, vector: Array) -> Array | None:
    """The solution by Cholesky, or None where the matrix is not positive definite."""
    try:
        L = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.solve(L.T, np.linalg.solve(L, vector))


def starts(law: PowerLaw, count: int) -> list[Array]:
    """Exponents of a grid, each with the best E and A_j ≥ 0 by least squares of the relative error: the best of them."""
    L = np.exp(law.y)
    spread = np.maximum(np.ptp(law.x, axis=0), 1e-12)
    found = []
    for alpha in product(*(np.geomspace(0.2, 12, 9) / s for s in spread)):
        terms = np.c_[np.ones(len(L)), np.exp(-np.asarray(alpha) * law.x)]
        amounts, rest = scipy.optimize.nnls(terms / L[:, None], np.ones(len(L)))
        least = 1e-3 * L.min()
        found.append((rest, np.r_[np.log(np.maximum(amounts, least)), alpha]))
    found.sort(key=lambda pair: pair[0])
    return [start for _, start in found[:count]]


def fitted(law: PowerLaw, delta: float | None, tries: list[Array]) -> tuple[Fit, float, float]:
    """The best fit, δ, and the standard deviation of the residuals, robustly; without δ it is 1.345 deviations, in turns."""
    width = delta if delta is not None else max(_deviation(law, min_residuals(law, tries)) * 1.345, 1e-9)
    best = min((minimise(law, width, start) for start in tries), key=lambda fit: fit.loss)
    for _ in range(0 if delta is not None else 10):
        new = max(1.345 * _deviation(law, best.residuals), 1e-9)
        if abs(new - width) <= 0.02 * width:
            break
        width = new
        best = minimise(law, width, best.theta)
    return best, width, deviation(law, best, width)


def min_residuals(law: PowerLaw, tries: list[Array]) -> Array:
    """Residuals of a fit by absolute errors, nearly: with a δ far below them."""
    first = minimise(law, 0.02, tries[0]).residuals
    return minimise(law, max(0.1 * float(np.median(np.abs(first))), 1e-9), tries[0]).residuals


def _deviation(law: PowerLaw, residuals: Array) -> float:
    """From the median size of residuals, without the smallest ones: a fit makes about as many tiny as it has parameters."""
    size = np.sort(np.abs(residuals))[law.count - 1 :]
    return 1.4826 * float(np.median(size))


def deviation(law: PowerLaw, fit: Fit, delta: float) -> float:
    """K√(Σψ²/(m − p)) over the root of the share of residuals below δ: by it differences of the loss are measured (Huber)."""
    m, p = len(law.y), law.count
    psi = np.clip(fit.residuals, -delta, delta)
    share = max(float((np.abs(fit.residuals) <= delta).mean()), 1 / m)
    K = 1 + p / m * (1 - share) / share
    of_all: float = K * math.sqrt(float(psi @ psi) / max(m - p, 1) / share)
    return of_all


def standard_errors(law: PowerLaw, fit: Fit, delta: float) -> tuple[float, ...]:
    """Of the parameters: roots of the diagonal of s²(JᵀJ)⁻¹, s² = Σψ²/(m − p) over the squared share of residuals below δ (Huber)."""
    M = law.features(law.x)
    J = np.einsum("mt,mtp->mp", value_and_shares(M, fit.theta)[1], M)
    psi = np.clip(fit.residuals, -delta, delta)
    share = max(float((np.abs(fit.residuals) <= delta).mean()), 1 / len(psi))
    s = math.sqrt(float(psi @ psi) / max(len(psi) - law.count, 1)) / share
    inverse = np.linalg.pinv(np.linalg.qr(J, mode="r"), rcond=1e-13)
    return tuple((s * np.linalg.norm(inverse, axis=1)).tolist())


def _spread(law: PowerLaw, delta: float, best: Fit, slope: Array) -> float:
    """√(gᵀH⁻¹g): by the curvature alone the loss rises by ½(d/spread)² where the number is moved by d."""
    M = law.features(law.x)
    J = np.einsum("mt,mtp->mp", value_and_shares(M, best.theta)[1], M)
    weight = np.minimum(1.0, delta / np.maximum(np.abs(best.residuals), 1e-300))
    H = (J * weight[:, None]).T @ J
    step = np.linalg.lstsq(H, slope, rcond=1e-12)[0]
    return math.sqrt(max(float(slope @ step), 1e-300))


def profile(
    law: PowerLaw, delta: float, best: Fit, sigma: float, target: Target, reach: float, quantile: float
) -> tuple[float, float]:
    """Between which values of a number the loss stays within ½(σ·quantile)² of its least, all else fitted anew.

    Args:
        law: with the data.
        delta: of Huber's loss.
        best: the fit.
        sigma: the deviation by which the loss is measured.
        target: the number, of the parameters.
        reach: how far the number is followed at most; beyond it an end is infinite.
        quantile: of Student's law.
    """
    centre = target(best.theta)[0]
    allowed = (sigma * quantile) ** 2 / 2
    spread = _spread(law, delta, best, target(best.theta)[1])
    ends = []
    for sign in (-1.0, 1.0):
        inner, outer = (0.0, 0.0), (math.inf, math.inf)  # (distance, root of the share of what is allowed)
        step, theta = min(sigma * quantile * spread, reach), best.theta
        for _ in range(40):
            goal = inner[0] + step
            # the minimum under a pull is the minimum at its own value of the number, so it need not reach the goal
            fit = minimise(law, delta, theta, (target, centre + sign * goal, 0.3 * spread))
            at = sign * (target(fit.theta)[0] - centre)
            worse = math.sqrt(max(fit.loss - best.loss, 0) / allowed)
            if not math.isfinite(at) or at > reach:
                break
            if worse < 1:
                if at <= inner[0] + 1e-3 * step:
                    break
                inner, theta = (at, worse), fit.theta
            else:
                outer = (at, worse)
            if outer[0] < math.inf:
                if outer[0] - inner[0] <= 2e-3 * outer[0]:
                    break
                share = (1 - inner[1]) / max(outer[1] - inner[1], 1e-12)
                step = (outer[0] - inner[0]) * min(max(share, 0.05), 0.95)
            else:
                step = min(max(at, step) * (1.0 if worse < 0.5 else 0.5), reach)
        if outer[0] < math.inf:
            share = (1 - inner[1]) / max(outer[1] - inner[1], 1e-12)
            ends.append(centre + sign * (inner[0] + share * (outer[0] - inner[0])))
        else:
            ends.append(sign * math.inf)
    return ends[0], ends[1]
