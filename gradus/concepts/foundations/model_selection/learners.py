"""Learners that the pages on model selection hand over: each `fit(X, y, setting)` returns a function that predicts."""

import numpy as np

from gradus.page import generic, namespace


@generic
def ridge(X, y, setting):
    """Penalised least squares; `setting` is the penalty λ of ‖Xθ − y‖² + λ‖θ‖²."""
    np_ = namespace(X)
    theta = np_.linalg.solve(X.T @ X + setting * np_.eye(X.shape[1], dtype=X.dtype), X.T @ y)
    return lambda Z: Z @ theta


@generic
def many_least_squares(X, y, setting):
    """Least squares of many independent problems at once: X (n, b, p), y (n, b)."""
    A, b = np.moveaxis(X, 0, 1), np.moveaxis(y, 0, 1)[..., None]
    At = np.swapaxes(A, 1, 2)
    theta = np.linalg.solve(At @ A + setting * np.eye(X.shape[-1]), At @ b)[..., 0]
    return lambda Z: (Z * theta).sum(-1)


@generic
def descent(X, y, setting):
    """Ten steps of gradient descent on ‖Xθ − y‖²/2n from 0; `setting` is the step size α."""
    theta = 0 * X[0]
    for _ in range(10):
        theta = theta - setting * X.T @ (X @ theta - y) / len(y)
    return lambda Z: Z @ theta


@generic
def one_column(X, y, setting):
    """Learns nothing: predicts column number `setting`."""
    return lambda Z: Z[:, setting]


def estimator(fit):
    """The learner as scikit-learn wants it."""
    from sklearn.base import BaseEstimator

    class Learner(BaseEstimator):
        def __init__(self, fit=None, setting=None):
            self.fit_rows, self.setting = fit, setting

        def get_params(self, deep=True):
            return {"fit": self.fit_rows, "setting": self.setting}

        def set_params(self, **parameters):
            self.fit_rows = parameters.get("fit", self.fit_rows)
            self.setting = parameters.get("setting", self.setting)
            return self

        def fit(self, X, y):
            self.predict = self.fit_rows(X, y, self.setting)
            return self

        def score(self, X, y):
            return -float(((y - self.predict(X)) ** 2).mean())

    return Learner(fit)
