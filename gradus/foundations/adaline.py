"""ADALINE: the least-mean-squares rule, and the classifier that it trains."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from gradus.arguments import Sizes, array, fit, shapes_together
from gradus.errors import GradusError
from gradus.foundations.design_matrix import augmented, split_intercept
from gradus.foundations.estimator_rows import check_parameters
from gradus.foundations.linear_classifier import LinearClassifier
from gradus.text import Text

Array = np.ndarray


def lms(
    X: Float[Array, "*#batch T p"],
    y: Float[Array, "*#batch T"],
    step_size: float | Float[Array, " T"],
    start: Float[Array, "*#batch p"],
) -> Float[Array, "*batch T+1 p"]:
    r"""All weights along one pass of the least-mean-squares rule.

    :math:`w_{t+1}=w_t+\mu_t\,(y_t-w_t^Tx_t)\,x_t`. For independent inputs with :math:`R=\mathbb E\,xx^T` the mean error obeys
    :math:`\mathbb E\,v_{t+1}=(I-\mu R)\,\mathbb E\,v_t`, so μ < 2/λ_max(R); the mean square converges, for normal inputs,
    if μ < 2/(3 tr R).

    Args:
        X: one input a row (…, T, p).
        y: desired responses (…, T).
        step_size: μ, one for all steps or T of them.
        start: w₀ (…, p).

    Raises:
        GradusError: the shapes do not fit, or a step size is negative or not finite.

    Cost: 4p operations a step.

    Source: Widrow and Hoff 1960.

    Deviates: Widrow writes 2μ for μ; the limits are then 1/λ_max and 1/(3 tr R).

    Example:
        >>> X, y = [[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0]
        >>> lms(X, y, 0.5, [0.0, 0.0]).tolist()
        [[0.0, 0.0], [0.5, 0.0], [0.5, -0.5]]
    """
    sizes = Sizes()
    X = array("X", X, "*#batch T p", sizes, finite=True)
    y = array("y", y, "*#batch T", sizes, finite=True)
    start = array("start", start, "*#batch p", sizes, finite=True)
    batch = shapes_together(X=X.shape[:-2], y=y.shape[:-1], start=start.shape[:-1])
    steps = X.shape[-2]
    mu = array("step_size", step_size, finite=True)
    if mu.ndim:
        fit("step_size", mu.shape, "T", sizes)
    if (mu < 0).any():
        raise GradusError(
            Text(
                f"step_size: expected a number ≥ 0, or {steps} of them, got {mu.min():g}",
                f"step_size：应为 ≥ 0 的数，或 {steps} 个这样的数，得到 {mu.min():g}",
            )
        )
    path = passed(X, y, np.broadcast_to(mu, steps), start, batch)
    if np.isnan(path).any():
        raise GradusError(
            Text(
                "X, step_size: the weights grew beyond the largest number; take a smaller step_size",
                "X、step_size：权重超出可表示的最大数；请减小 step_size",
            )
        )
    return path  # (…, T + 1, p)


def passed(X: Array, y: Array, step_sizes: Array, start: Array, batch: tuple[int, ...]) -> Array:
    """`lms` of arrays that fit, whatever becomes of the weights."""
    steps = len(step_sizes)
    w = np.empty((steps + 1, *batch, X.shape[-1]))  # time first: each step writes one block
    w[0] = start
    for t, step in enumerate(step_sizes):
        x = X[..., t, :]
        error = y[..., t] - (w[t] * x).sum(-1)
        np.add(w[t], step * error[..., None] * x, out=w[t + 1])
    return np.moveaxis(w, 0, -2)


class Adaline(LinearClassifier):
    r"""Adaptive linear neuron: least-mean-squares on targets ±1, one row a step, decided by the sign.

    :math:`\mu_e=\mu/(1+\text{decay}\cdot e)` in pass e; without decay the weights keep fluctuating in proportion to μ.
    More than two classes are learnt one against the rest.

    Args:
        step_size: μ of the first pass; None takes :math:`1/\max\|x\|^2`, which cannot diverge.
        decay: how fast μ falls from pass to pass; 0 keeps it.
        max_iter: passes over the rows.
        tol: the passes end when no weight moved by more than this, relative to the largest.
        fit_intercept: whether a constant is learnt.
        random_state: seed of the order of the rows, drawn anew for each pass.

    Attributes:
        coef_, intercept_, classes_: as scikit-learn's linear classifiers have them.
        step_size_: μ of the first pass.
        n_iter_: passes made.

    Source: Widrow and Hoff 1960.

    Example:
        >>> X, y = [[0.0], [1.0], [3.0], [4.0]], [0, 0, 1, 1]
        >>> Adaline().fit(X, y).predict([[0.5], [3.5]])
        array([0, 1])
    """

    step_size_: float
    n_iter_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "step_size": [Interval(Real, 0, None, closed="neither"), None],
        "decay": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        step_size: float | None = None,
        decay: float = 0.1,
        max_iter: int = 100,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.step_size = step_size
        self.decay = decay
        self.max_iter = max_iter
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.random_state = random_state

    def _learn(self, X: Array, labels: Array) -> None:
        check_parameters(self)
        A = augmented(X, self.fit_intercept)
        K = self.classes_.size
        Y = np.where(labels == np.arange(1 if K == 2 else 0, K)[:, None], 1.0, -1.0)  # (1 or K, n)
        with np.errstate(over="ignore"):
            longest = float((A**2).sum(1).max())
        if not np.isfinite(longest):
            raise GradusError(
                Text(
                    f"X: expected rows whose squares have a sum, got numbers of {np.abs(X).max():.3g}; divide by a constant",
                    f"X：各行的平方和应可表示，实有大小为 {np.abs(X).max():.3g} 的数；请除以一个常数",
                )
            )
        self.step_size_ = (
            (1 / longest if longest else 1.0) if self.step_size is None else float(self.step_size)
        )
        rng = check_random_state(self.random_state)
        W, moved = np.zeros((len(Y), A.shape[1])), np.inf
        for epoch in range(self.max_iter):
            order = rng.permutation(len(A))
            before = W
            with np.errstate(over="ignore", invalid="ignore"):
                rates = np.full(len(A), self.step_size_ / (1 + self.decay * epoch))
                W = passed(A[order], Y[:, order], rates, W, (len(Y),))[:, -1]
            if not np.isfinite(W).all():
                raise GradusError(
                    Text(
                        f"step_size: the weights diverged in pass {epoch + 1}: step_size={self.step_size_:g} is too large; "
                        f"below {1 / longest:.3g} it is safe",
                        f"step_size：权重在第 {epoch + 1} 轮发散：step_size={self.step_size_:g} 过大；小于 {1 / longest:.3g} 时不会发散",
                    )
                )
            moved = float(np.abs(W - before).max())
            if moved <= self.tol * np.abs(W).max():
                break
        self.n_iter_ = epoch + 1
        if moved > max(self.tol, 1e-2) * np.abs(W).max():
            warnings.warn(
                f"the weights still moved by {moved:.2g} in pass {self.n_iter_}; allow more, or scale the columns",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.coef_, self.intercept_ = split_intercept(W, self.fit_intercept)
