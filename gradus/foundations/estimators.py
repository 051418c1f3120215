"""Penalised linear and logistic regression as scikit-learn estimators.

They predict, for any columns, classes and penalties. The analysis of one model, with standard errors and a refusal
where there is no one answer, is `linear_regression` and `logistic_regression`.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from gradus.errors import GradusError
from gradus.foundations.estimator_rows import check_parameters, rows, rows_and_targets
from gradus.foundations.linear_classifier import LinearClassifier
from gradus.foundations.regularization import PenalizedFit, penalized
from gradus.text import Text

Array = np.ndarray
_SHARED = {
    "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "fit_intercept": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="neither")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
}


def shares(penalty: str | None, strength: float, l1_ratio: float) -> tuple[float, float]:
    """λ₁ and λ₂ of a penalty by name: "l1", "l2", "elasticnet" (divided by `l1_ratio`) or None."""
    ratio = {"l1": 1.0, "l2": 0.0, "elasticnet": l1_ratio}.get(penalty or "", 0.0)
    return (strength * ratio, strength * (1 - ratio)) if penalty else (0.0, 0.0)


def _warn(fit: PenalizedFit) -> None:
    if not fit.converged:
        warnings.warn(
            f"the optimality residual is still {fit.residual:.2g} after {fit.iterations} steps; raise max_iter or tol",
            ConvergenceWarning,
            stacklevel=4,
        )


class LinearRegression(RegressorMixin, BaseEstimator):
    r"""Linear regression with an L1, L2 or elastic-net penalty, or none.

    :math:`\min_{b,\beta}\frac1{2n}\|y-b-X\beta\|^2+\alpha\bigl(\rho\|\beta\|_1+\tfrac{1-\rho}2\|\beta\|_2^2\bigr)`; the intercept is not
    penalised.

    Args:
        penalty: "l1" (ρ = 1), "l2" (ρ = 0), "elasticnet" (ρ = `l1_ratio`) or None: least squares, of least norm where
            columns are dependent (`linear_regression` refuses these, and gives standard errors).
        alpha: α ≥ 0.
        l1_ratio: ρ.
        fit_intercept: whether b is fitted.
        tol: of the optimality conditions.
        max_iter: steps that are allowed.

    Attributes:
        coef_, intercept_: β (d,) and b.
        n_iter_: steps made.

    Source: Hoerl and Kennard 1970; Tibshirani 1996; Zou and Hastie 2005.

    Deviates: scikit-learn's `Ridge` has no 1/(2n): its alpha is 2n·α/2 = nα.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.coef_.round(6).tolist(), round(model.intercept_, 6)
        ([2.0], 1.0)
    """

    coef_: Array
    intercept_: float
    n_iter_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_SHARED,
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        penalty: str | None = None,
        alpha: float = 1.0,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        tol: float = 1e-10,
        max_iter: int = 10_000,
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Array, y: Array) -> LinearRegression:
        """Learns from rows X (n, d) and responses y (n,)."""
        check_parameters(self)
        X, y = rows_and_targets(self, X, y, numeric=True)
        l1, l2 = shares(self.penalty, self.alpha, self.l1_ratio)
        if l1 == l2 == 0:
            self.coef_, self.intercept_ = _least_squares(X, y, self.fit_intercept)
            self.n_iter_ = 1
            return self
        fit = penalized(X, y, l1, l2, "squared", self.fit_intercept, self.tol, self.max_iter)
        self.coef_, self.intercept_, self.n_iter_ = (
            fit.coefficients,
            float(fit.intercept),
            max(1, fit.iterations),
        )
        _warn(fit)
        return self

    def predict(self, X: Array) -> Array:
        """The fitted responses (m,)."""
        check_is_fitted(self)
        return rows(self, X, reset=False) @ self.coef_ + self.intercept_


def _least_squares(X: Array, y: Array, intercept: bool) -> tuple[Array, float]:
    centre = X.mean(0) if intercept else np.zeros(X.shape[1])
    level = y.mean() if intercept else 0.0
    beta = np.linalg.lstsq(X - centre, y - level, rcond=None)[0]
    return beta, float(level - centre @ beta)


class LogisticRegression(LinearClassifier):
    r"""Logistic regression with an L1, L2 or elastic-net penalty; more than two classes by the softmax.

    :math:`\min_{b,\beta}\;C\sum_i\log(1+e^{-y_iz_i})+\rho\|\beta\|_1+\tfrac{1-\rho}2\|\beta\|_2^2`, z = b + Xβ, y = ±1; the intercept is
    not penalised. The solver is `penalized`; `logistic_regression` has standard errors, for two classes.

    Args:
        penalty: "l2" (ρ = 0), "l1" (ρ = 1), "elasticnet" (ρ = `l1_ratio`) or None; without a penalty separable classes
            have no maximum, and are warned of.
        C: inverse strength > 0.
        l1_ratio: ρ.
        fit_intercept: whether b is fitted.
        tol: of the optimality conditions.
        max_iter: steps that are allowed.

    Attributes:
        coef_, intercept_, classes_: as scikit-learn's linear classifiers have them.
        n_iter_: steps made.

    Source: Cox 1958; Zou and Hastie 2005.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
        >>> model = LogisticRegression(C=1.0).fit(X, y)
        >>> model.predict_proba([[1.5]]).round(6).tolist()
        [[0.5, 0.5]]
    """

    n_iter_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_SHARED,
        "C": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        penalty: str | None = "l2",
        C: float = 1.0,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        tol: float = 1e-10,
        max_iter: int = 10_000,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _learn(self, X: Array, labels: Array) -> None:
        check_parameters(self)
        K = self.classes_.size
        Y = labels.astype(float) if K == 2 else np.eye(K)[labels]
        strength = 1 / (float(self.C) * len(X))
        if not strength < 1e300:
            raise GradusError(
                Text(
                    f"C: expected a number above 1e-300, got {self.C}; a small one is 1e-6",
                    f"C：应为大于 1e-300 的数，得到 {self.C}；1e-6 已算很小",
                )
            )
        l1, l2 = shares(self.penalty, strength, self.l1_ratio)
        fit = penalized(X, Y, l1, l2, "logistic", self.fit_intercept, self.tol, self.max_iter)
        self.coef_ = fit.coefficients.T.reshape(-1, X.shape[1])  # (1 or K, d)
        self.intercept_ = np.reshape(fit.intercept, -1)
        self.n_iter_ = max(1, fit.iterations)
        _warn(fit)
        if self.penalty is None and np.abs(X @ self.coef_.T + self.intercept_).max() > 30:
            warnings.warn(
                "a hyperplane seems to separate the classes, so the likelihood grows for ever with the coefficients; "
                "give a penalty",
                ConvergenceWarning,
                stacklevel=3,
            )

    def predict_proba(self, X: Array) -> Array:
        """The probabilities of the classes (m, K)."""
        z = self.decision_function(X)
        z = np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def predict_log_proba(self, X: Array) -> Array:
        """Their logarithms (m, K), finite where the probability underflows."""
        z = self.decision_function(X)
        z = np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z
        return z - np.logaddexp.reduce(z, axis=1, keepdims=True)
