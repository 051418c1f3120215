"""Logistic regression by Newton's ascent of the log-likelihood, and the analysis that belongs to it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, flag, number, whole
from gradus.errors import GradusError
from gradus.foundations.design_matrix import (
    linear_predictor,
    observations,
    require_finite,
    require_level,
)
from gradus.foundations.logistic_existence import refuse_dependent, refuse_separated, separated
from gradus.foundations.logistic_likelihood import Likelihood, maximised, sigmoid, solve_information
from gradus.text import Text

__all__ = ["LogisticFit", "log_likelihood", "logistic_regression", "newton_ascent", "separated"]

Array = np.ndarray


@dataclass(frozen=True)
class LogisticFit:
    r"""A fitted model :math:`P(y=1\mid x)=\sigma(x^T\theta)`.

    Attributes:
        coefficients: θ̂ (p,), the intercept first when there is one.
        log_likelihood: at θ̂, without the penalty.
        intercept: whether the first coefficient is one.
        problem: the data and the penalty, from which the standard errors are computed when they are asked for.

    Example:
        >>> import numpy as np
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 1.0, 0.0, 1.0])
        >>> logistic_regression(X, y).probability(np.array([[1.5], [3.0]])).round(4).tolist()
        [0.5, 0.7961]
    """

    coefficients: Float[Array, " p"]
    log_likelihood: float
    intercept: bool
    problem: Likelihood = field(repr=False, compare=False)

    @functools.cached_property
    def standard_errors(self) -> Float[Array, " p"]:
        r"""From the observed information (p,): :math:`\sqrt{[(X^TSX+\Lambda)^{-1}]_{jj}}`."""
        centre, theta = self.problem.centre, self.coefficients.copy()
        if np.any(centre):
            theta[0] += centre @ theta[1:]
        covariance = np.linalg.inv(self.problem.information(theta))
        if np.any(centre):  # of the intercept at 0, which lies far from the rows
            back = np.eye(len(theta))
            back[0, 1:] = -np.asarray(centre)
            covariance = back @ covariance @ back.T
        return np.sqrt(np.diag(covariance))

    def interval(self, level: float = 0.95) -> Float[Array, "p 2"]:
        """Wald intervals of the coefficients; they hold for many observations.

        Raises:
            GradusError: the level is not between 0 and 1.
        """
        from scipy import stats

        require_level(level)
        half = stats.norm.ppf((1 + level) / 2) * self.standard_errors
        return np.stack([self.coefficients - half, self.coefficients + half], axis=-1)  # (p, 2)

    def probability(self, X: Float[Array, "m d"]) -> Float[Array, " m"]:
        """P(y = 1) for new rows (without a column of ones).

        Raises:
            GradusError: the rows do not have as many columns as the model has slopes.
        """
        z = linear_predictor(X, self.coefficients, self.intercept)
        if np.any(self.problem.centre):  # the same without the cancellation
            slopes = self.coefficients[1:]
            level = self.coefficients[0] + self.problem.centre @ slopes
            z = (np.asarray(X, float) - self.problem.centre) @ slopes + level
        return sigmoid(z)


def logistic_regression(
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    intercept: bool = True,
    penalty: float = 0.0,
    steps: int = 100,
    tolerance: float = 1e-10,
) -> LogisticFit:
    r"""The coefficients under which the labels are most likely.

    :math:`\hat\theta=\arg\max_\theta\sum_i[y_iz_i-\log(1+e^{z_i})]-\tfrac\lambda2\|\theta\|^2`, z = Xθ; the intercept is not
    penalised.

    This is the analysis of two classes: Newton's ascent alone, standard errors, and a refusal where no maximum exists.
    `estimators.LogisticRegression` is the classifier, for any number of classes, L1 and L2, and any columns, dependent or
    badly scaled: hence two solvers. Where both apply (two classes, L2, λ = 1/C) they agree to the tolerance; a test
    holds them to it. Columns that lie far from 0 are centred inside, which changes the intercept alone.

    Args:
        X: one observation a row (n, d), without a column of ones.
        y: labels 0 or 1 (n,).
        intercept: whether a constant is fitted; it then comes first among the coefficients.
        penalty: λ ≥ 0; scikit-learn's C is 1/λ.
        steps: how many steps are allowed; ten are usual.
        tolerance: how far from the maximum, in standard errors, the last step may begin; 0.01 is enough for most uses.

    Raises:
        GradusError: shapes or labels do not fit, a value is not finite, columns are dependent, all labels are the same beside
            an intercept, or a hyperplane separates the labels and nothing is penalised: the likelihood then has no
            maximum.

    Cost: np² operations for the curvature, once, twice or (small problems) in each step; 4np for every step.

    Source: Cox 1958; for the existence of a maximum Albert and Anderson 1984.

    Example:
        >>> import numpy as np
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 1.0, 0.0, 1.0])
        >>> logistic_regression(X, y).coefficients.round(4).tolist()
        [-1.3623, 0.9082]
    """
    X, y = _checked(X, y)
    intercept, penalty = flag("intercept", intercept), number("penalty", penalty, least=0)
    steps, tolerance = whole("steps", steps, least=1), number("tolerance", tolerance, above=0)
    weights = np.full(X.shape[1] + intercept, float(penalty))
    weights[: int(intercept)] = 0.0
    if not len(weights):
        raise GradusError(
            Text("X: expected a column, or an intercept; got neither", "X：应有至少一列或截距，实为二者皆无")
        )
    if intercept and (y == y[0]).all():
        raise GradusError(
            Text(
                f"y: expected both labels 0 and 1, got {y[0]:g} alone: the intercept would grow for ever, whatever the "
                "penalty; add rows of the other class",
                f"y：应同时有标签 0 与 1，实为只有 {y[0]:g}：无论惩罚多大，截距都会无限增长；请加入另一类的样本",
            )
        )
    centre = _far_centre(X) if intercept else np.zeros(X.shape[1])
    problem = Likelihood(X - centre if centre.any() else X, y, intercept, weights, centre)
    try:
        theta, value, settled = maximised(problem, np.zeros(len(weights)), steps, tolerance)
    except GradusError:
        refuse_dependent(problem)
        refuse_separated(problem)
        raise
    if not settled or problem.largest > 30:
        refuse_separated(problem)
    if not settled:
        raise GradusError(
            Text(
                f"steps: no maximum after {steps} Newton steps; allow more, or scale the columns of X to unit deviation",
                f"steps：{steps} 步牛顿法后仍未达到极大值；请增加步数，或将 X 各列缩放为单位标准差",
            )
        )
    value += 0.5 * float(weights @ theta**2)
    if centre.any():
        theta[0] -= centre @ theta[1:]
    return LogisticFit(theta, value, intercept, problem)


def _far_centre(X: Array) -> Array:
    """The means of the columns that lie farther from 0 than they are wide; 0 for the others, which need no copy."""
    mean = X.mean(axis=0)
    return np.where(np.abs(mean) > np.ptp(X, axis=0), mean, 0.0)


def log_likelihood(
    theta: Float[Array, " p"],
    X: Float[Array, "n p"],
    y: Float[Array, " n"],
    penalty: float | Float[Array, " p"] = 0.0,
) -> tuple[float, Float[Array, " p"]]:
    r"""The log-likelihood and its gradient.

    :math:`\ell=\sum_i[y_iz_i-\log(1+e^{z_i})]-\tfrac12\sum_j\lambda_j\theta_j^2`,
    :math:`\nabla\ell=X^T(y-\sigma(z))-\lambda\theta`, z = Xθ; no exponential overflows for any z.

    Args:
        theta: coefficients (p,).
        X: one observation a row (n, p), with its column of ones if one is meant.
        y: labels 0 or 1 (n,).
        penalty: λ, one for all coefficients or one for each.

    Raises:
        GradusError: the shapes or labels do not fit.

    Source: Cox 1958.
    """
    X, y = _checked(X, y)
    theta = _coefficients(theta, X)
    return Likelihood(X, y, False, _each(penalty, theta)).value_and_gradient(theta)


def newton_ascent(
    X: Float[Array, "n p"],
    y: Float[Array, " n"],
    theta: Float[Array, " p"],
    steps: int,
    penalty: float | Float[Array, " p"] = 0.0,
) -> tuple[Float[Array, " p"], float]:
    r"""Newton's ascent of the log-likelihood from θ: the coefficients reached, and ℓ there.

    :math:`\theta\leftarrow\theta+t\,(X^TSX+\Lambda)^{-1}\nabla\ell`, S = diag(p(1−p)), with t = 1 halved until ℓ does not fall; it
    ends early once a step promises no gain. Where no maximum exists the coefficients grow with every step.

    Every step has a new curvature: this is the method step by step. `logistic_regression` gets to the maximum sooner,
    since it keeps a curvature while that pays.

    Args:
        X: one observation a row (n, p), with its column of ones if one is meant.
        y: labels 0 or 1 (n,).
        theta: where the ascent starts (p,).
        steps: the number of steps; 0 evaluates ℓ at θ.
        penalty: λ, one for all coefficients or one for each.

    Raises:
        GradusError: the shapes or labels do not fit, or columns are dependent.

    Cost: 2np² operations for each step.

    Example:
        >>> import numpy as np
        >>> X, y = np.array([[1.0], [1.0], [1.0], [1.0]]), np.array([0.0, 1.0, 1.0, 1.0])
        >>> theta, height = newton_ascent(X, y, np.zeros(1), steps=20)
        >>> theta.round(4).tolist(), round(height, 4)
        ([1.0986], -2.2493)
    """
    X, y = _checked(X, y)
    steps, theta = whole("steps", steps, least=0), _coefficients(theta, X)
    problem = Likelihood(X, y, False, _each(penalty, theta))
    value, gradient = problem.value_and_gradient(theta)
    for _ in range(steps):
        step = solve_information(problem.information(theta), gradient)
        gain = float(step @ gradient)
        new_value, new_gradient = problem.value_and_gradient(theta + step)
        t = 1.0
        while new_value < value - 1e-14 * abs(value) and t > 1e-10:
            t /= 2
            new_value, new_gradient = problem.value_and_gradient(theta + t * step)
        theta, value, gradient = theta + t * step, new_value, new_gradient
        if gain <= 1e-20 * max(1.0, abs(value)):  # after this step the error is its square
            break
    return theta, value


def _coefficients(theta: Array, X: Array) -> Array:
    theta = array("theta", theta, finite=True).copy()
    if theta.shape != X.shape[1:]:
        raise GradusError(
            Text(
                f"theta: expected one coefficient for each of the {X.shape[1]} columns, got shape {theta.shape}",
                f"theta：{X.shape[1]} 列应各有一个系数，得到形状 {theta.shape}",
            )
        )
    return theta


def _checked(X: Array, y: Array) -> tuple[Array, Array]:
    X, y = observations(X, y)
    require_finite(X=X)
    if not len(X):
        raise GradusError(Text("X: expected at least one row, got none", "X：应至少有一行，实为零行"))
    if np.abs(X).max(initial=0.0) > 1e100:
        raise GradusError(
            Text(
                f"X: expected numbers up to 1e100, got {np.abs(X).max():g}; divide its columns by a constant",
                f"X：应为不超过 1e100 的数，得到 {np.abs(X).max():g}；请将各列除以常数",
            )
        )
    strange = y[(y != 0) & (y != 1)]
    if strange.size:
        raise GradusError(
            Text(
                f"y: expected labels 0 and 1, got {strange[0]:g}; code one class as 1 and the other as 0",
                f"y：标签应为 0 与 1，得到 {strange[0]:g}；请将一类记为 1，另一类记为 0",
            )
        )
    return X, y


def _each(penalty: float | Array, theta: Array) -> Array:
    weights = array("penalty", penalty, finite=True)
    if weights.shape not in ((), theta.shape) or (weights < 0).any():
        raise GradusError(
            Text(
                f"penalty: expected a number ≥ 0 or one for each coefficient {theta.shape}, got {penalty!r}",
                f"penalty：应为 ≥ 0 的数，或每个系数各一个，形状 {theta.shape}，得到 {penalty!r}",
            )
        )
    return np.broadcast_to(weights, theta.shape)
