"""Rosenblatt's perceptron: a function for two classes, a scikit-learn estimator for any number."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval

from gradus.arguments import flag, whole
from gradus.foundations.design_matrix import augmented, split_intercept
from gradus.foundations.estimator_rows import check_parameters
from gradus.foundations.linear_classifier import LinearClassifier, signed

Array = np.ndarray
_ROWS = 256  # looked through at once for the next mistake


class PerceptronFit(NamedTuple):
    """What the perceptron learnt.

    Attributes:
        coefficients: w (p,), the intercept first when there is one.
        mistakes: how many times a row was misclassified, and w changed.
        converged: whether a whole pass went without a mistake.
        epochs: passes over the rows.

    Example:
        >>> import numpy as np
        >>> fit = perceptron(np.array([[1.0], [1.0]]), np.array([1.0, -1.0]), epochs=5)
        >>> fit.converged, fit.epochs
        (False, 5)
    """

    coefficients: Float[Array, " p"]
    mistakes: int
    converged: bool
    epochs: int


def perceptron(
    X: Float[Array, "n d"], y: Float[Array, " n"], epochs: int = 1000, intercept: bool = True
) -> PerceptronFit:
    r"""Rosenblatt's rule, from w = 0 through the rows in their order.

    :math:`w\leftarrow w+y_ix_i` whenever :math:`y_i\,w^Tx_i\le0`, until a pass makes no mistake. If some unit u has
    :math:`y_iu^Tx_i\ge\gamma` for all rows, there are at most :math:`(\max\|x_i\|/\gamma)^2` mistakes in all.

    Args:
        X: one observation a row (n, d), without a column of ones.
        y: labels −1 or 1 (n,).
        epochs: passes that are allowed; data that no hyperplane separates use them all.
        intercept: whether a constant 1 is put before each row.

    Raises:
        GradusError: the shapes or labels do not fit, a value is not finite, or `epochs` is negative.

    Cost: 2nd operations a pass, and 2·256·d for each mistake.

    Source: Rosenblatt 1958; the bound: Novikoff 1962.

    Example:
        >>> import numpy as np
        >>> fit = perceptron(np.array([[2.0], [1.0], [-1.0]]), np.array([1.0, 1.0, -1.0]))
        >>> fit.coefficients.tolist(), fit.mistakes, fit.converged
        ([1.0, 2.0], 1, True)
    """
    epochs, intercept = whole("epochs", epochs, least=0), flag("intercept", intercept)
    X, y = signed(X, y)
    A = augmented(X, intercept) * y[:, None]  # a mistake is then a row with w·a ≤ 0
    w, mistakes = np.zeros(A.shape[1]), 0
    for epoch in range(epochs):
        w, made = _pass(A, w)
        mistakes += made
        if not made:
            return PerceptronFit(w, mistakes, True, epoch + 1)
    return PerceptronFit(w, mistakes, len(A) == 0, epochs)


def _pass(A: Array, w: Array) -> tuple[Array, int]:
    """One pass: from mistake to mistake, the rows between them all at once."""
    i, mistakes = 0, 0
    while i < len(A):
        wrong = np.flatnonzero(A[i : i + _ROWS] @ w <= 0)
        if wrong.size:
            i += int(wrong[0])
            w = w + A[i]
            mistakes += 1
            i += 1
        else:
            i += _ROWS
    return w, mistakes


class Perceptron(LinearClassifier):
    r"""Perceptron classifier.

    Two classes: the rule of `perceptron`. More: the row goes to the largest :math:`w_k^Tx`; after a mistake
    :math:`w_y\leftarrow w_y+x,\;w_{\hat y}\leftarrow w_{\hat y}-x`, which is the same rule in the product space and keeps its bound.

    Args:
        max_iter: passes over the rows; data that no hyperplane separates use them all, and are warned of.
        fit_intercept: whether a constant is learnt.
        averaged: whether the mean of all weights held along the way is used in place of the last; it errs less on new
            rows where the classes overlap.

    Attributes:
        coef_, intercept_, classes_: as scikit-learn's linear classifiers have them.
        mistakes_: how many rows were misclassified on the way.
        n_iter_: passes made.
        converged_: whether the last pass was without a mistake.

    Source: Rosenblatt 1958; more classes: Duda and Hart 1973, §5.12; averaging: Freund and Schapire 1999.

    Example:
        >>> X, y = [[0.0], [1.0], [3.0], [4.0]], ["low", "low", "high", "high"]
        >>> Perceptron().fit(X, y).predict([[0.5], [3.5]]).tolist()
        ['low', 'high']
    """

    mistakes_: int
    n_iter_: int
    converged_: bool

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "fit_intercept": ["boolean"],
        "averaged": ["boolean"],
    }

    def __init__(self, max_iter: int = 200, fit_intercept: bool = True, averaged: bool = False) -> None:
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept
        self.averaged = averaged

    def _learn(self, X: Array, labels: Array) -> None:
        check_parameters(self)
        if self.classes_.size == 2 and not self.averaged:
            fit = perceptron(X, 2.0 * labels - 1, self.max_iter, self.fit_intercept)
            theta = fit.coefficients[None]
            self.mistakes_, self.converged_, self.n_iter_ = fit.mistakes, fit.converged, fit.epochs
        else:
            A = augmented(X, self.fit_intercept)
            theta, self.mistakes_, self.converged_, self.n_iter_ = _classes(
                A, labels, self.classes_.size, self.max_iter, self.averaged
            )
        self.coef_, self.intercept_ = split_intercept(theta, self.fit_intercept)
        if not self.converged_:
            warnings.warn(
                f"still {self.mistakes_} mistakes after {self.n_iter_} passes: perhaps no hyperplane separates the "
                "classes; use averaged=True, or a logistic regression",
                ConvergenceWarning,
                stacklevel=3,
            )


def _classes(A: Array, labels: Array, K: int, epochs: int, averaged: bool) -> tuple[Array, int, bool, int]:
    """The rule for K classes; the average is kept as W − (Σ c·ΔW)/n, with c the rows seen before each change."""
    W = np.zeros((K, A.shape[1]))
    lag, seen, mistakes, converged, epoch = np.zeros_like(W), 0, 0, False, 0
    while not converged and epoch < epochs:
        before, i = mistakes, 0
        while i < len(A):
            wrong = np.flatnonzero(_wrong(A[i : i + _ROWS] @ W.T, labels[i : i + _ROWS]))
            if not wrong.size:
                i += _ROWS
                continue
            i += int(wrong[0])
            scores = A[i] @ W.T
            scores[labels[i]] = -np.inf
            change = np.zeros_like(W)
            change[labels[i]], change[scores.argmax()] = A[i], -A[i]
            W, lag = W + change, lag + (seen + i) * change
            mistakes, i = mistakes + 1, i + 1
        seen, epoch, converged = seen + len(A), epoch + 1, mistakes == before
    W = W - lag / seen if averaged else W
    return (W[1:] - W[:1] if K == 2 else W), mistakes, converged, epoch


def _wrong(scores: Array, labels: Array) -> Array:
    """Whether some other class scores at least as much as the row's own."""
    rows = np.arange(len(labels))
    own = scores[rows, labels].copy()
    scores[rows, labels] = -np.inf
    return own <= scores.max(axis=1)
