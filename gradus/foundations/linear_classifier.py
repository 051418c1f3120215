"""What the linear classifiers share: labels, scores, and the decision by the largest score."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from gradus.errors import GradusError
from gradus.foundations.design_matrix import observations, require_finite
from gradus.foundations.estimator_rows import classes_of, rows, rows_and_targets
from gradus.text import Text

Array = np.ndarray


class LinearClassifier(ClassifierMixin, BaseEstimator):
    """A classifier whose scores are linear: `coef_` (1, d) and a threshold at 0 for two classes, else (K, d) and the largest.

    Subclasses fit `coef_` and `intercept_` by `_learn(X, labels)`, with labels 0 … K−1.
    """

    classes_: Array
    coef_: Array
    intercept_: Array

    def fit(self, X: Array, y: Array) -> LinearClassifier:
        """Learns from rows X (n, d) and their labels y (n,).

        Raises:
            ValueError: not two-dimensional, not finite, or fewer than two classes.
        """
        X, y = rows_and_targets(self, X, y)
        self.classes_, labels = classes_of(y)
        self._learn(X, labels)
        return self

    def _learn(self, X: Array, labels: Array) -> None:
        raise NotImplementedError

    def decision_function(self, X: Array) -> Array:
        """The scores: (n,) for two classes, positive for the second; (n, K) for more."""
        check_is_fitted(self)
        X = rows(self, X, reset=False)
        scores = X @ self.coef_.T + self.intercept_  # (n, 1 or K)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Array) -> Array:
        """The labels (n,)."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]


def signed(X: Array, y: Array) -> tuple[Array, Array]:
    """Rows and labels ±1, once they are known to make sense.

    Raises:
        GradusError: the shapes do not fit, a value is not finite, or a label is neither −1 nor 1.
    """
    X, y = observations(X, y)
    require_finite(X=X)
    strange = y[np.abs(y) != 1]
    if strange.size:
        raise GradusError(
            Text(
                f"y: expected labels −1 and 1, got {strange[0]:g}; code one class as 1, the other as −1",
                f"y：标签应为 −1 与 1，得到 {strange[0]:g}；请将一类记为 1，另一类记为 −1",
            )
        )
    return X, y
