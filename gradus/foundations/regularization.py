"""Penalised linear models: L1, L2 and elastic net, by accelerated proximal descent with Newton's steps at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from gradus.arguments import Sizes, array, choice, duck, fit, flag, number, shapes_together, whole
from gradus.errors import GradusError
from gradus.foundations.penalized_losses import Logistic, Squared
from gradus.text import Text

Array = np.ndarray
Loss = Literal["squared", "logistic"]
_NEWTON = 2000  # unknowns up to which the Hessian is formed


@dataclass(frozen=True)
class PenalizedFit:
    """A fitted model.

    Attributes:
        coefficients: (d,), or (d, K) for K classes.
        intercept: a number, or (K,); 0 when none was asked for.
        iterations: proximal and Newton's steps together.
        residual: of the optimality conditions, in the scaled unknowns.
        converged: whether the residual came under the tolerance.

    Example:
        >>> import numpy as np
        >>> X, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([4.0, 1.0])
        >>> fit = penalized(X, y, l2=0.5, intercept=False)
        >>> fit.coefficients.round(6).tolist(), fit.converged
        ([2.0, 0.5], True)
    """

    coefficients: Float[Array, "d ..."]
    intercept: Array | float
    iterations: int
    residual: float
    converged: bool


def soft_threshold(z: Float[Array, "*shape"], t: float | Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""The proximal map of the L1 norm, :math:`\operatorname{sgn}(z)\max(|z|-t,0)`.

    Args:
        z: any numbers (…).
        t: threshold ≥ 0, one or one for each.

    Source: Tibshirani 1996.

    Example:
        >>> import numpy as np
        >>> soft_threshold(np.array([-3.0, 0.5, 2.0]), 1.0).tolist()
        [-2.0, 0.0, 1.0]
    """
    if not (duck(z) or duck(t)):
        z, t = array("z", z), array("t", t)
        shapes_together(z=z.shape, t=t.shape)
        if not (t >= 0).all():
            raise GradusError(
                Text(
                    f"t: expected thresholds ≥ 0, got {t[~(t >= 0)][0]}",
                    f"t：阈值应 ≥ 0，得到 {t[~(t >= 0)][0]}",
                )
            )
    return np.sign(z) * np.maximum(np.abs(z) - t, 0.0)


def penalized(
    X: Float[Array, "n d"],
    y: Float[Array, "n ..."],
    l1: float = 0.0,
    l2: float = 0.0,
    loss: Loss = "squared",
    intercept: bool = True,
    tolerance: float = 1e-10,
    steps: int = 10_000,
) -> PenalizedFit:
    r"""The minimiser of a penalised mean loss; the intercept is not penalised.

    :math:`\min_{b,\beta}\;\frac1n\sum_i\ell(b+x_i^T\beta,\,y_i)+\lambda_1\|\beta\|_1+\tfrac{\lambda_2}2\|\beta\|_2^2`, with
    :math:`\ell(z,y)=\tfrac12(z-y)^2`, or :math:`\log(1+e^z)-yz`, or, for K classes, :math:`\log\sum_ke^{z_k}-y^Tz`.

    Accelerated proximal descent with restarts finds which coefficients are 0; Newton's steps on the others then give
    the last digits. Columns are centred and scaled inside, the penalty with them, so that units do not slow it down.

    Args:
        X: one observation a row (n, d), without a column of ones.
        y: responses (n,) or, with "logistic", labels 0 and 1 (n,), or the classes as unit rows (n, K).
        l1: λ₁ ≥ 0.
        l2: λ₂ ≥ 0.
        loss: "squared" or "logistic".
        intercept: whether b is fitted; otherwise it is 0.
        tolerance: of the optimality residual, relative to the gradient at 0.
        steps: proximal steps that are allowed.

    Raises:
        GradusError: shapes or labels do not fit, a value is not finite, or a penalty is negative.

    Cost: 2nd operations a proximal step (2d² for the squared loss with d ≤ n, after nd² once).

    Source: Zou and Hastie 2005; descent: Beck and Teboulle 2009; restarts: O'Donoghue and Candès 2015.

    Deviates: scikit-learn's `ElasticNet` calls λ₁ = αρ and λ₂ = α(1−ρ); its `Ridge` has α = nλ₂, its
    `LogisticRegression` C = 1/(nλ).

    Example:
        >>> import numpy as np
        >>> X, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([4.0, 1.0])
        >>> penalized(X, y, l1=1.0, intercept=False).coefficients.round(6).tolist()
        [2.0, 0.0]
    """
    l1, l2, intercept = number("l1", l1, least=0), number("l2", l2, least=0), flag("intercept", intercept)
    tolerance, steps = number("tolerance", tolerance, least=0), whole("steps", steps, least=0)
    choice("loss", loss, get_args(Loss))
    X, Y = _checked(X, y, loss)
    shape = np.shape(y)[1:]
    centre = X.mean(0) if intercept else np.zeros(X.shape[1])
    Z = X - centre
    spread = np.sqrt((Z**2).mean(0))
    flat = spread <= 1e-14 * np.abs(X).max(axis=0, initial=0.0)  # constant columns explain nothing
    spread = np.where(flat, 1.0, spread)
    Z = np.where(flat, 0.0, Z / spread)
    smooth = (Squared if loss == "squared" else Logistic)(Z, Y, intercept)
    head = np.zeros((int(intercept), Y.shape[1]))
    weights1 = np.concatenate([head, np.tile((l1 / spread)[:, None], Y.shape[1])])
    weights2 = np.concatenate([head, np.tile((l2 / spread**2)[:, None], Y.shape[1])])
    theta, iterations, residual, converged = _minimise(smooth, weights1, weights2, tolerance, steps)
    beta = theta[int(intercept) :] / spread[:, None]
    b = theta[0] - centre @ beta if intercept else np.zeros(Y.shape[1])
    return PenalizedFit(beta.reshape(-1, *shape), b.reshape(shape), iterations, residual, converged)


def _checked(X: Array, y: Array, loss: str) -> tuple[Array, Array]:
    sizes = Sizes()
    X = array("X", X, "n>=1 d>=1", sizes, finite=True)
    y = array("y", y, finite=True)
    fit("y", y.shape, "n K" if loss == "logistic" and y.ndim > 1 else "n", sizes)
    if loss == "logistic" and not (np.isin(y, (0, 1)).all() and (y.ndim == 1 or (y.sum(1) == 1).all())):
        raise GradusError(
            Text(
                "y: expected labels 0 and 1, or the classes as unit rows, got other numbers; code them so",
                "y：标签应为 0 与 1，或以单位行向量表示的类别，得到其他数；请照此编码",
            )
        )
    return X, y.reshape(len(y), -1)


def _minimise(
    smooth: Squared | Logistic, w1: Array, w2: Array, tolerance: float, steps: int
) -> tuple[Array, int, float, bool]:
    """FISTA with restart; every 20 steps Newton's method on the coefficients that are not 0."""
    step = 1 / max(smooth.curvature, 1e-300)

    def proximal(v: Array, t: float) -> Array:
        return soft_threshold(v, t * w1) / (1 + t * w2)

    def residual(theta: Array) -> float:
        return float(np.abs(theta - proximal(theta - smooth.gradient(theta)[1], 1.0)).max())

    theta = np.zeros_like(w1)
    goal = tolerance * max(1e-300, float(np.abs(smooth.gradient(theta)[1]).max()))
    ahead, momentum, count, off = theta, 1.0, 0, np.inf
    while count < steps:
        new = proximal(ahead - step * smooth.gradient(ahead)[1], step)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        if ((ahead - new) * (new - theta)).sum() > 0:  # the momentum points uphill: start it anew
            following, ahead = 1.0, new
        else:
            ahead = new + (momentum - 1) / following * (new - theta)
        theta, momentum, count = new, following, count + 1
        if count % 20 and count != 5:
            continue
        if smooth.unknowns <= _NEWTON:
            theta, made = _newton(smooth, theta, w1, w2, goal)
            if made:
                ahead, momentum, count = theta, 1.0, count + made
        off = residual(theta)
        if off <= goal:
            return theta, count, off, True
    return theta, count, off, False


def _newton(smooth: Squared | Logistic, theta: Array, w1: Array, w2: Array, goal: float) -> tuple[Array, int]:
    """Newton's steps among the coefficients that are not 0; one that would change its sign stops at 0 and leaves."""
    active = np.flatnonzero((theta != 0) | (w1 == 0))
    sign = np.sign(theta.flat[active]) * (w1.flat[active] > 0)

    def objective(point: Array) -> tuple[float, Array]:
        value, gradient = smooth.gradient(point)
        value += float((w1 * np.abs(point) + w2 * point**2 / 2).sum())
        return value, (gradient + w2 * point).flat[active] + w1.flat[active] * sign

    value, gradient = objective(theta)
    limit = active.size + 20
    for made in range(limit):
        if not active.size or np.abs(gradient).max() <= 0.1 * goal:
            return theta, made
        step = -_solve(smooth.hessian(theta, active) + np.diag(w2.flat[active]), gradient)
        here = theta.flat[active]
        crossing = (sign != 0) & (sign * (here + step) <= 0)
        reach = np.where(crossing, -here / np.where(crossing, step, 1.0), 1.0)
        part = min(1.0, float(reach.min()))
        stopped = crossing & (reach <= part)
        moved = theta.copy()
        moved.flat[active] = np.where(stopped, 0.0, here + part * step)
        new_value, new_gradient = objective(moved)
        worse = new_value > value + 1e-14 * abs(value) and np.abs(new_gradient).max() > np.abs(gradient).max()
        if worse or not np.isfinite(new_value):
            return theta, made
        theta, value, gradient = moved, new_value, new_gradient[~stopped]
        active, sign = active[~stopped], sign[~stopped]
    return theta, limit


def _solve(H: Array, g: Array) -> Array:
    """H⁻¹g; where H is singular the step is long along its null space, and ends where a coefficient reaches 0."""
    from scipy.linalg import cho_factor, cho_solve

    slight = 1e-13 * max(float(np.trace(H)), 1e-300)
    for ridge in (slight, 1e3 * slight):
        try:
            return cho_solve(
                cho_factor(H + ridge * np.eye(len(H)), check_finite=False), g, check_finite=False
            )
        except np.linalg.LinAlgError:
            continue
    return np.linalg.lstsq(H, g, rcond=None)[0]
