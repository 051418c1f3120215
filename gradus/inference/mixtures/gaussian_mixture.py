"""Mixtures of normal distributions by EM, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from gradus.arguments import refusal, whole
from gradus.errors import GradusError
from gradus.foundations.estimator_rows import check_parameters, rows
from gradus.inference.mixtures.normal_components import (
    Collapse,
    Components,
    cancels,
    chunks,
    log_densities,
    maximized,
    moments,
)
from gradus.inference.mixtures.starts import started
from gradus.text import Text

__all__ = ["GaussianMixture"]

Array = np.ndarray[Any, np.dtype[Any]]
KINDS = ("full", "tied", "diag", "spherical")


class GaussianMixture(DensityMixin, BaseEstimator):
    r"""A mixture of normal distributions, fitted by expectation and maximisation.

    .. math:: \frac1n\sum_i\ln\sum_k\pi_kN(x_i;\mu_k,\Sigma_k)-\frac\lambda2\sum_k\operatorname{tr}\Sigma_k^{-1}

    With the penalty no component can shrink onto a point, and this sum never falls. Each covariance is its scatter plus
    :math:`\lambda\frac n{N_k}I`, :math:`N_k` being the rows that the component owns; one that is tied, which pays once, plus :math:`\lambda I`.
    A penalty that is large beside the data's variance starves components: their weights go to 0, and their covariances grow.

    Args:
        n_components: k.
        covariance_type: "full"; "tied" (one for all); "diag"; "spherical".
        tol: the fit ends where the sum grows by less.
        reg_covar: λ, in the square of the data's unit; with 0 a collapse is an error that names the component and the row.
        max_iter: steps that are allowed.
        n_init: starts, the best of which counts.
        weights_init, means_init, covariances_init: a start (k,), (k, d), and covariances of the shape of `covariances_`; what is left out
            comes from k-means++: each row belongs to the nearest centre.
        random_state: of the starts and of `sample`.

    Attributes:
        weights_, means_: (k,), (k, d).
        covariances_: (k, d, d); (d, d) if tied; (k, d) if diagonal; (k,) if spherical.
        converged_, n_iter_: whether the fit ended by `tol`, and the steps made.
        lower_bounds_: the sum before each step and after the last.

    Cost: two matrix products of (k, d²/2) by (d²/2, n) a step, and no array of n rows beside X; where means lie so many deviations from the
    middle of the data that squares would cancel, distances from each mean instead.

    Source: Dempster, Laird and Rubin 1977.

    Deviates: scikit-learn adds `reg_covar` to every covariance, whatever it owns; that is the step of no fixed penalty, and its bound can fall.

    Example:
        >>> X = [[-1.1], [-0.9], [-1.0], [4.9], [5.1]]
        >>> model = GaussianMixture(2, random_state=0).fit(X)
        >>> sorted(model.means_.round(3).ravel().tolist())
        [-1.0, 5.0]
    """

    weights_: Array
    means_: Array
    covariances_: Array
    converged_: bool
    n_iter_: int
    lower_bounds_: Array

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions(set(KINDS))],
        "tol": [Interval(Real, 0, None, closed="left")],
        "reg_covar": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "covariances_init": ["array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 1,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        weights_init: Any = None,
        means_init: Any = None,
        covariances_init: Any = None,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.weights_init = weights_init
        self.means_init = means_init
        self.covariances_init = covariances_init
        self.random_state = random_state

    def fit(self, X: Array, y: Any = None) -> GaussianMixture:
        """Learns from rows X (n, d).

        Raises:
            GradusError: fewer rows than components; a start that does not fit; without a penalty, a component that shrinks onto a row.
        """
        check_parameters(self)
        X = rows(self, X)
        if len(X) < self.n_components:
            few = Text(f"n_samples = {len(X)}", f"{len(X)} 行")
            raise refusal(
                "X",
                (
                    f"at least {self.n_components} rows, one a component",
                    f"至少 {self.n_components} 行，每个分量一行",
                ),
                few,
            )
        with np.errstate(over="ignore", invalid="ignore"):
            centre, rng = X.mean(0), check_random_state(self.random_state)
            radius = max(float(np.sqrt((x * x).sum(0).max())) for x in chunks(X, centre))
        if not radius < np.inf:
            wide = Text("a row further from the others", "离其他行更远的一行")
            raise refusal(
                "X",
                ("rows whose squared distances double precision holds", "距离的平方在双精度范围内的行"),
                wide,
            )
        best: Any = None
        for _ in range(self.n_init):
            found = self._climbed(X, centre, radius, started(self, X, centre, rng))
            if best is None or found[1][-1] > best[1][-1]:
                best = found
        components, bounds, self.converged_ = best
        self.lower_bounds_, self.n_iter_ = np.array(bounds), len(bounds) - 1
        self.weights_, self.means_ = components.weights, components.means + centre
        C = components.covariances
        self.covariances_ = {"tied": C[0], "spherical": C[:, 0] if C.ndim == 2 else C}.get(
            self.covariance_type, C
        )
        self._say(components, max(sum((x * x).sum(1) for x in chunks(X, centre)) / len(X)))
        return self

    def _climbed(
        self, X: Array, centre: Array, radius: float, components: Components
    ) -> tuple[Components, list[float], bool]:
        bounds: list[float] = []
        n = len(X)
        try:
            for step in range(self.max_iter + 1):
                found = moments(X, centre, components, cancels(radius, components))
                bounds.append(found.log_likelihood / n - self._penalty(components))
                if step and bounds[-1] - bounds[-2] < self.tol:
                    return components, bounds, True
                if step < self.max_iter:
                    components = maximized(found, self.covariance_type, self.reg_covar, n, components.means)
        except Collapse as collapse:
            raise self._collapsed(X - centre, components, int(collapse.args[0])) from None
        return components, bounds, False

    def _penalty(self, components: Components) -> float:
        if not self.reg_covar:
            return 0.0
        C = components.covariances[:1] if self.covariance_type == "tied" else components.covariances
        traces = np.linalg.inv(C).trace(axis1=1, axis2=2) if C.ndim == 3 else (1 / C).sum(1)
        return float(self.reg_covar / 2 * traces.sum())

    def _collapsed(self, Z: Array, components: Components, k: int) -> GradusError:
        row = int(np.argmin(((Z - components.means[k]) ** 2).sum(1)))
        return refusal(
            "reg_covar",
            ("a penalty, for without one the likelihood has no maximum", "正的惩罚，否则似然没有最大值"),
            Text(
                f"{self.reg_covar:g}, with which component {k} has shrunk onto row {row}",
                f"{self.reg_covar:g}，此时分量 {k} 收缩到第 {row} 行上",
            ),
            ("raise it, or take fewer components", "请增大它，或减少分量数"),
        )

    def _say(self, components: Components, variance: float) -> None:
        if not self.converged_ and self.max_iter:
            warnings.warn(
                f"the fit still grew by more than tol = {self.tol:g} after {self.n_iter_} steps; raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=3,
            )
        C = components.covariances
        least = np.linalg.eigvalsh(C)[:, 0] if C.ndim == 3 else C.min(1)
        shares = 1.0 if self.covariance_type == "tied" else np.maximum(components.weights, 1e-8)
        penalty = np.broadcast_to(self.reg_covar / shares, least.shape)
        held = (least <= 2 * penalty) & (self.reg_covar > 0) & bool(self.n_iter_)
        thin, starved = (
            np.flatnonzero(held & (penalty < variance)),
            np.flatnonzero(held & (penalty >= variance)),
        )
        if len(starved):
            warnings.warn(
                f"components {starved.tolist()} get more from the penalty than the data vary; lower reg_covar, or take fewer",
                ConvergenceWarning,
                stacklevel=3,
            )
        if len(thin):
            warnings.warn(
                f"components {thin.tolist()} have shrunk until only the penalty keeps them from a point or a plane; raise reg_covar, or take fewer",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _logs(self, X: Any) -> Array:
        check_is_fitted(self)
        X = rows(self, X, reset=False)
        k, d = self.means_.shape
        C = self.covariances_
        C = {
            "tied": lambda: np.broadcast_to(C, (k, d, d)),
            "spherical": lambda: np.repeat(C[:, None], d, 1),
        }.get(self.covariance_type, lambda: C)()
        with np.errstate(over="ignore", invalid="ignore"):
            logs = log_densities(X.T, Components(self.weights_, self.means_, C))
        if not np.isfinite(logs.max(0, initial=-np.inf)).all():
            far = ("rows whose squared distances double precision holds", "距离的平方在双精度范围内的行")
            raise refusal("X", far, Text("one that lies further away", "更远的一行"))
        return logs

    def score_samples(self, X: Array) -> Array:
        """The ln of the density at rows X (m,)."""
        logs = self._logs(X)
        most = logs.max(0)
        found: Array = most + np.log(np.exp(logs - most).sum(0))
        return found

    def score(self, X: Array, y: Any = None) -> float:
        """The mean of `score_samples`: no penalty is in it."""
        return float(self.score_samples(X).mean())

    def predict_proba(self, X: Array) -> Array:
        """The responsibilities of the components for rows X (m, k); each row sums to 1, however far away it lies."""
        logs = self._logs(X)
        shares = np.exp(logs - logs.max(0))
        found: Array = (shares / shares.sum(0)).T
        return found

    def predict(self, X: Array) -> Array:
        """The component most responsible for each row (m,)."""
        found: Array = self._logs(X).argmax(0)
        return found

    def fit_predict(self, X: Array, y: Any = None) -> Array:
        """Learns from X, and says the component most responsible for each of its rows."""
        return self.fit(X).predict(X)

    def bic(self, X: Array) -> float:
        """Schwarz's criterion, −2 ln-likelihood + parameters · ln n; the lower the better."""
        check_is_fitted(self)
        k, d = self.means_.shape
        own = {"full": k * d * (d + 1) // 2, "tied": d * (d + 1) // 2, "diag": k * d, "spherical": k}
        logs = self.score_samples(X)
        parameters = int(own[self.covariance_type] + k * d + k - 1)
        return float(-2 * logs.sum() + parameters * np.log(len(logs)))

    def sample(self, n_samples: int = 1) -> tuple[Array, Array]:
        """Rows drawn from the mixture (n, d) and the component of each (n,), sorted by component."""
        check_is_fitted(self)
        n = whole("n_samples", n_samples, least=1)
        rng = check_random_state(self.random_state)
        counts = rng.multinomial(n, self.weights_ / self.weights_.sum())
        k, d = self.means_.shape
        labels = np.repeat(np.arange(k), counts)
        X = rng.standard_normal((n, d))
        C = self.covariances_
        for j in range(k):
            mine = labels == j
            if self.covariance_type in ("full", "tied"):
                X[mine] = X[mine] @ np.linalg.cholesky(C[j] if C.ndim == 3 else C).T
            else:
                X[mine] *= np.sqrt(C[j])
        return X + self.means_[labels], labels
