"""Least squares by QR with refinement, and the regression analysis that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gradus.arguments import flag, whole
from gradus.errors import GradusError
from gradus.foundations.compensated import dot, residual, sum_with_error
from gradus.foundations.design_matrix import linear_predictor, observations, require_finite, require_level
from gradus.text import Text

Array = np.ndarray
_TALL = 20  # rows per column from which XᵀX pays
_WELL = 1e4  # the largest condition number for which κ²ε squared is below ε


@dataclass(frozen=True)
class LinearFit:
    r"""A fitted linear model :math:`y=X\theta+\varepsilon` and its analysis.

    Attributes:
        coefficients: θ̂ (p,), the intercept first when there is one.
        standard_errors: of the coefficients (p,): :math:`s\sqrt{[(X^TX)^{-1}]_{jj}}`.
        residual_deviation: s, with :math:`s^2=\mathrm{RSS}/(n-p)`.
        r_squared: 1 − RSS/TSS; TSS about the mean with an intercept, about 0 without; NaN where TSS is 0: a constant y.
        f_statistic: mean square of the regression over s²; tests that all slopes are 0; NaN where there is no slope, or y
            is constant.
        residuals: y − Xθ̂ (n,).
        degrees_of_freedom: n − p.
        intercept: whether the first coefficient is one.

    Example:
        >>> import numpy as np
        >>> fit = linear_regression(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 3.0, 4.0, 8.0]))
        >>> fit.predict(np.array([[4.0]])).round(6).tolist(), fit.p_values.round(4).tolist()
        ([9.5], [0.4708, 0.0352])
    """

    coefficients: Float[Array, " p"]
    standard_errors: Float[Array, " p"]
    residual_deviation: float
    r_squared: float
    f_statistic: float
    residuals: Float[Array, " n"]
    degrees_of_freedom: int
    intercept: bool

    @property
    def t_statistics(self) -> Float[Array, " p"]:
        """θ̂ over its standard error, for the hypothesis that the coefficient is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.coefficients / self.standard_errors

    @property
    def p_values(self) -> Float[Array, " p"]:
        """Two-sided p-values of the t statistics."""
        from scipy import stats

        return 2 * stats.t.sf(np.abs(self.t_statistics), self.degrees_of_freedom)

    def interval(self, level: float = 0.95) -> Float[Array, "p 2"]:
        r"""Confidence intervals of the coefficients, :math:`\hat\theta_j\mp t_{(1+level)/2,\,n-p}\,\mathrm{se}_j`.

        Raises:
            GradusError: the level is not between 0 and 1.
        """
        from scipy import stats

        require_level(level)
        half = stats.t.ppf((1 + level) / 2, self.degrees_of_freedom) * self.standard_errors
        return np.stack([self.coefficients - half, self.coefficients + half], axis=-1)  # (p, 2)

    def predict(self, X: Float[Array, "m d"]) -> Float[Array, " m"]:
        """The fitted values Xθ̂ for new rows (without a column of ones).

        Raises:
            GradusError: the rows do not have as many columns as the model has slopes.
        """
        return linear_predictor(X, self.coefficients, self.intercept)


def linear_regression(
    X: Float[Array, "n d"], y: Float[Array, " n"], intercept: bool = True, refinements: int = 1
) -> LinearFit:
    r"""Ordinary least squares and its analysis.

    :math:`\hat\theta=\arg\min_\theta\|X\theta-y\|^2` from the QR factorisation of X, whose columns
    are scaled by powers of two, then refined: the residuals of :math:`r+X\theta=y,\;X^Tr=0` are computed in twice
    the precision and corrected with the same factors. The normal equations lose κ(X)² where QR loses κ(X), and the
    refinement wins back what was lost. Where that is sure to be all of it (many rows and κ(X) ≤ 10⁴) the factor R is
    taken from XᵀX, in a third of the time; otherwise XᵀX is never formed.

    This is the analysis: it refuses dependent columns, for which there are no standard errors.
    `estimators.LinearRegression` is the predictor: any columns and penalties, and without a penalty the coefficients of
    least norm, by SVD: hence two solvers. Where both apply they agree to about κ(X)²ε; a test holds them to it.

    Args:
        X: one observation a row (n, d), without a column of ones.
        y: the response (n,).
        intercept: whether a constant is fitted; it then comes first among the coefficients.
        refinements: steps of iterative refinement; 0 for QR alone.

    Raises:
        GradusError: the shapes do not fit, a value is not finite, there are not more observations than
            coefficients, or columns are linearly dependent (they are named).

    Cost: 2np² operations for the factors (np² from XᵀX), about 40np for each refinement.

    Source: Golub 1965 (QR); Björck 1967 (refinement of least squares), 1987 (R from XᵀX); Higham 2002, §20.

    Example:
        >>> import numpy as np
        >>> fit = linear_regression(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 3.0, 4.0, 8.0]))
        >>> fit.coefficients.round(6).tolist(), round(fit.r_squared, 4)
        ([0.7, 2.2], 0.9308)
    """
    intercept, refinements = flag("intercept", intercept), whole("refinements", refinements, least=0)
    A, y = _design(X, y, intercept)
    scale = 2.0 ** np.round(np.log2([np.abs(column).max() for column in A.T]))  # powers of two: exact
    A /= scale
    factors = (_seminormal(A) if refinements else None) or _factors(A, intercept)
    theta, r = _solve(factors, A, y, refinements)
    root = np.linalg.norm(_inverse(factors.R), axis=1)  # √[(AᵀA)⁻¹]_jj
    return _analysis(theta / scale, root / scale, r, y, intercept)


def _design(X: Array, y: Array, intercept: bool) -> tuple[Array, Array]:
    """The columns with the ones, and y, once they are known to make sense."""
    X, y = observations(X, y)
    require_finite(X=X, y=y)
    if np.abs(y).max(initial=0.0) > 1e150:
        raise GradusError(
            Text(
                f"y: expected numbers up to 1e150, whose squares have a sum, got {np.abs(y).max():g}; divide y by a constant",
                f"y：应为不超过 1e150 的数，其平方方可求和，得到 {np.abs(y).max():g}；请将 y 除以常数",
            )
        )
    # by columns, as LAPACK and the refinement read it
    A = np.empty((len(X), X.shape[1] + intercept), order="F")
    A[:, :intercept] = 1.0
    A[:, intercept:] = X
    if A.shape[1] == 0 or len(A) <= A.shape[1]:
        raise GradusError(
            Text(
                f"X: expected more observations than coefficients, got n={len(A)} and p={A.shape[1]}; drop columns or add rows",
                f"X：观测值应多于系数，得到 n={len(A)}，p={A.shape[1]}；请减少列或增加行",
            )
        )
    zero = np.flatnonzero(~A.any(axis=0))
    if zero.size:
        raise GradusError(
            Text(
                f"X: expected linearly independent columns, but column {zero[0] - intercept} of X is all zeros; drop it",
                f"X：各列应线性无关，但 X 的第 {zero[0] - intercept} 列全为零；请去掉它",
            )
        )
    return A, y


class _SemiNormal(NamedTuple):
    """The factor R of AᵀA = RᵀR, beside A."""

    A: Array
    R: Array

    def augmented(self, f: Array, g: Array) -> tuple[Array, Array]:
        """Solves r + Aθ = f, Aᵀr = g."""
        from scipy.linalg import cho_solve

        theta = cho_solve((self.R, False), f @ self.A - g, check_finite=False)
        return f - self.A @ theta, theta


def _seminormal(A: Array) -> _SemiNormal | None:
    """The factor from AᵀA, where that pays and the first refinement is sure to win back the κ²ε that it loses."""
    if len(A) < _TALL * A.shape[1]:
        return None
    gram = A.T @ A
    scale = 1 / np.sqrt(np.diag(gram))
    sizes = np.linalg.eigvalsh(gram * scale[:, None] * scale)
    if sizes[0] < _WELL**-2 * sizes[-1]:
        return None
    return _SemiNormal(A, np.linalg.cholesky(gram).T)


class _Factors(NamedTuple):
    """A = QR as LAPACK leaves it: Q as reflections, never formed."""

    reflections: Array
    tau: Array
    R: Array

    def times(self, v: Array, transposed: bool) -> Array:
        """Qᵀv or Qv, with the square Q."""
        from scipy.linalg.lapack import dormqr

        side = "T" if transposed else "N"
        product, _, _ = dormqr("L", side, self.reflections, self.tau, v[:, None], lwork=64)
        return product[:, 0]

    def augmented(self, f: Array, g: Array) -> tuple[Array, Array]:
        """Solves r + Aθ = f, Aᵀr = g (Björck)."""
        from scipy.linalg import solve_triangular

        R, p = self.R, len(self.R)
        h = solve_triangular(R, g, trans="T")
        d = self.times(f, transposed=True)
        theta = solve_triangular(R, d[:p] - h)
        d[:p] = h
        return self.times(d, transposed=False), theta


def _factors(A: Array, intercept: bool) -> _Factors:
    from scipy.linalg import qr

    (reflections, tau), R = qr(np.array(A, order="F"), mode="raw", overwrite_a=True, check_finite=False)
    R = R[: A.shape[1]]
    _, size, right = np.linalg.svd(R)
    rank = int((size > size[0] * max(A.shape) * np.finfo(float).eps).sum())
    if rank < A.shape[1]:
        part = np.abs(right[-1])
        taking = np.flatnonzero(part > 1e-6 * part.max())
        names = ["the intercept" if intercept and j == 0 else f"column {j - intercept}" for j in taking]
        raise GradusError(
            Text(
                f"X: expected linearly independent columns, but X has rank {rank} of {A.shape[1]}: "
                f"{', '.join(names)} are dependent; drop one of them",
                f"X：各列应线性无关，但 X 的秩为 {rank}，列数为 {A.shape[1]}：{'、'.join(names)} 线性相关；请去掉其中一列",
            )
        )
    return _Factors(reflections, tau, R)


def _solve(factors: _Factors | _SemiNormal, A: Array, y: Array, refinements: int) -> tuple[Array, Array]:
    """θ and r of r + Aθ = y, Aᵀr = 0, refined."""
    r, theta = factors.augmented(y, np.zeros(A.shape[1]))
    for _ in range(refinements):
        difference, lost = sum_with_error(y, -r)
        dr, dtheta = factors.augmented(residual(difference, A, theta, low=lost), -dot(A, r))
        r, theta = r + dr, theta + dtheta
    return theta, r


def _inverse(R: Array) -> Array:
    from scipy.linalg import solve_triangular

    return solve_triangular(R, np.eye(len(R)))


def _analysis(theta: Array, leverage: Array, r: Array, y: Array, intercept: bool) -> LinearFit:
    n, p = len(y), len(theta)
    slopes = p - intercept
    level = y - y[0] if intercept else y  # of a constant y exactly 0, where y less its mean is rounding
    centred = level - level.mean() if intercept else level
    size = float(np.abs(centred).max())
    unit = size or float(np.abs(r).max()) or 1.0  # so that no square overflows or underflows
    e, c = r / unit, centred / unit
    rss, tss = float(e @ e), float(c @ c)
    explained = float(np.sum((c - e) ** 2))  # never negative, as TSS − RSS may be
    s = unit * float(np.sqrt(rss / (n - p)))
    f_statistic = r_squared = float("nan")
    if size:
        r_squared = 1 - rss / tss if rss < tss / 2 else explained / tss
        with np.errstate(divide="ignore"):
            f_statistic = float(np.divide(explained / slopes, rss / (n - p))) if slopes else f_statistic
    return LinearFit(theta, s * leverage, s, r_squared, f_statistic, r, n - p, intercept)
