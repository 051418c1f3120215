"""The log-likelihood of the logistic model, its gradient and curvature, each in one pass over the rows; and its ascent."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from gradus.errors import GradusError
from gradus.text import Text

Array = np.ndarray
_ROWS = 1024  # taken at a time, so that they are still in the cache when they are used again
_PILOT = 50  # rows per coefficient of the sample that shows the way in large problems


def sigmoid(z: Array) -> Array:
    """1/(1+e^{−z}), without overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


class Likelihood:
    r"""ℓ(θ) = Σᵢ[yᵢzᵢ − log(1+e^{zᵢ})] − ½Σⱼλⱼθⱼ², z = Xθ, or θ₀ + Xθ₁… with an intercept.

    The ones that belong to an intercept are never put beside X: that would copy it, and rows of odd length are slow.
    """

    def __init__(
        self,
        X: Float[Array, "n d"],
        y: Float[Array, " n"],
        intercept: bool,
        penalty: Float[Array, " p"],
        centre: Float[Array, " d"] | float = 0.0,
    ) -> None:
        self.X, self.y, self.intercept, self.penalty = X, y, intercept, penalty
        self.centre = centre  # what was subtracted from the rows; an intercept takes it up
        self.largest = 0.0  # |z| at the θ last looked at

    def _rows(self, theta: Array) -> Iterator[tuple[slice, Array, Array]]:
        """A stretch of rows at a time: which, their x and their z."""
        slopes, start = (theta[1:], theta[0]) if self.intercept else (theta, 0.0)
        for i in range(0, len(self.y), _ROWS):
            rows = slice(i, i + _ROWS)
            x = self.X[rows]
            yield rows, x, x @ slopes + start

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The value, and ∇ℓ = Xᵀ(y − σ(z)) − λθ."""
        gradient, sides = np.zeros(self.X.shape[1]), np.zeros(len(theta) - self.X.shape[1])
        value, self.largest = 0.0, 0.0
        for rows, x, z in self._rows(theta):
            self.largest = max(self.largest, float(np.abs(z).max()))
            e, y = np.exp(-np.abs(z)), self.y[rows]
            left = y - np.where(z >= 0, 1.0, e) / (1.0 + e)
            gradient += left @ x
            sides += left.sum()
            # log(1+e^z) = max(z, 0) + log(1+e^{−|z|})
            value += float(np.sum(y * z - np.maximum(z, 0.0) - np.log1p(e)))
        total = np.concatenate([sides, gradient])
        return value - 0.5 * float(np.sum(self.penalty * theta**2)), total - self.penalty * theta

    def information(self, theta: Array) -> Array:
        """XᵀSX + Λ, S = diag(p(1−p)) from e^{−|z|}, which keeps its relative precision where p rounds to 1."""
        d = self.X.shape[1]
        total, border, corner = np.zeros((d, d)), np.zeros(d), 0.0
        buffer = np.empty((min(_ROWS, len(self.y)), d))
        for _, x, z in self._rows(theta):
            e = np.exp(-np.abs(z))
            root = np.sqrt(e) / (1 + e)
            W = np.multiply(x, root[:, None], out=buffer[: len(x)])
            total += W.T @ W
            border += root @ W
            corner += root @ root
        if self.intercept:
            total = np.block([[np.array([[corner]]), border[None]], [border[:, None], total]])
        return total + np.diag(np.broadcast_to(self.penalty, theta.shape)).astype(float)

    def sample(self, count: int) -> Likelihood:
        """That of some rows drawn without replacement (always the same), the penalty in proportion."""
        rows = np.sort(np.random.default_rng(0).choice(len(self.y), count, replace=False))
        return Likelihood(self.X[rows], self.y[rows], self.intercept, self.penalty * (count / len(self.y)))


def solve_information(information: Float[Array, "p p"], gradient: Float[Array, " p"]) -> Float[Array, " p"]:
    """H⁻¹g by Cholesky, the variables scaled to unit curvature.

    Raises:
        GradusError: H is singular.
    """
    from scipy.linalg import cho_factor, cho_solve

    scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-300))
    try:
        factor = cho_factor(information * scale[:, None] * scale, check_finite=False)
    except np.linalg.LinAlgError:
        raise GradusError(
            Text(
                "the information matrix is singular: columns of X are dependent, or the labels are separated; drop columns or give a penalty",
                "信息矩阵奇异：X 的列线性相关，或标签可分；请去掉若干列或给出惩罚项",
            )
        ) from None
    return scale * cho_solve(factor, scale * gradient, check_finite=False)


def maximised(
    problem: Likelihood, theta: Float[Array, " p"], steps: int, tolerance: float
) -> tuple[Array, float, bool]:
    r"""Newton's ascent to where the maximum is no farther than `tolerance` standard errors: θ, ℓ(θ), and whether it is.

    A pass for the gradient costs a quarter of one for the curvature H. So large problems start at the maximum of a
    sample of the rows, a few standard errors off, and H is kept as long as that is cheaper than a new one; steps with
    an old H shrink in proportion, and are mixed so that what they have in common is left out (Anderson).

    Raises:
        GradusError: H is singular.
    """
    n, p = problem.X.shape[0], len(theta)
    if n >= 10 * _PILOT * p:
        with contextlib.suppress(GradusError):  # a sample may be separable where the whole is not
            theta, _, _ = _ascent(problem.sample(_PILOT * p), theta, steps, 1e-2)
    return _ascent(problem, theta, steps, tolerance)


def _ascent(problem: Likelihood, theta: Array, steps: int, tolerance: float) -> tuple[Array, float, bool]:
    value, gradient = problem.value_and_gradient(theta)
    H, memory, first, before = None, _Mixing(), math.inf, math.inf
    for _ in range(steps):
        fresh = H is None
        if H is None:
            H, memory, before = problem.information(theta), _Mixing(), math.inf
        step = solve_information(H, gradient)
        decrement = math.sqrt(max(float(step @ gradient), 0.0))  # the distance, in standard errors
        if fresh:
            first = decrement
        elif decrement >= before and decrement < 1e-7:  # as near as roundoff allows
            return theta, value, True
        elif _dear(decrement, before, first, tolerance):
            H = None
            continue
        direction = memory.mixed(step, np.sqrt(np.diag(H)))
        t, allowed = 1.0, value - 1e-14 * abs(value)
        new = problem.value_and_gradient(theta + direction)
        while new[0] < allowed and fresh and t > 1e-10:
            t /= 2
            new = problem.value_and_gradient(theta + t * direction)
        if new[0] < allowed and not fresh:
            H = None
            continue
        theta, (value, gradient) = theta + t * direction, new
        if decrement <= tolerance:
            return theta, value, True
        memory.moved(t * direction, step)
        before = decrement
        H = H if t == 1.0 else None
    return theta, value, False


def _dear(decrement: float, before: float, first: float, tolerance: float) -> bool:
    """Whether a new curvature, at the price of four steps, would get to the tolerance sooner than the old one.

    With the old one the distance shrinks by ρ a step; with a new one by less, as the distance from where H holds is less.
    """
    ratio = decrement / before
    if ratio >= 0.9:
        return True
    digits = math.log10(max(decrement / tolerance, 1.0))
    better = max(ratio * min(decrement / first, 0.5), 1e-8)
    return digits / -math.log10(ratio) > 4 + digits / -math.log10(better)


class _Mixing:
    """The last steps s and moves Δθ; a new step less the part of it that the changes of s explain (Anderson 1965)."""

    def __init__(self) -> None:
        self.moves: list[Array] = []
        self.steps: list[Array] = []

    def moved(self, move: Array, step: Array) -> None:
        """Keep the last four."""
        self.moves, self.steps = [*self.moves, move][-4:], [*self.steps, step][-4:]

    def mixed(self, step: Array, scale: Array) -> Array:
        """Returns s − (ΔΘ+ΔS)γ with γ = argmin ‖s − ΔSγ‖, the coefficients weighed by their curvature."""
        if not self.moves:
            return step
        changes = np.diff(np.stack([*self.steps, step], axis=-1), axis=-1)  # (p, k)
        moves = np.stack(self.moves, axis=-1)
        share = np.linalg.lstsq(scale[:, None] * changes, scale * step, rcond=1e-10)[0]
        return step - (moves + changes) @ share
