"""Associative memories: Hopfield's network of 1982, and the modern one whose update is attention."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int, Integer
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from gradus.arguments import Sizes, array, fit, number, real_array, whole
from gradus.errors import GradusError
from gradus.foundations.estimator_rows import check_parameters, rows
from gradus.text import Text

Array = np.ndarray


def recall(
    patterns: Integer[Array, "P n"], state: Integer[Array, "*batch n"], order: Integer[Array, " T"]
) -> Int[Array, "*batch n"]:
    r"""The state after the units have been updated one by one, in the given order.

    :math:`s_i\leftarrow\operatorname{sgn}\sum_jw_{ij}s_j` with Hebb's weights :math:`w_{ij}=\frac1n\sum_\mu\xi_i^\mu\xi_j^\mu,\;w_{ii}=0`; a field
    of 0 leaves the unit as it is. Each update lowers :math:`E=-\tfrac12s^TWs` or leaves it.

    Args:
        patterns: the stored patterns ξ, ±1, one a row (P, n).
        state: where it starts, ±1 (…, n).
        order: the units to be updated, as indices (T,).

    Raises:
        GradusError: shapes do not fit, a value is not ±1, or an index is not one of 0 … n−1.

    Cost: 4P operations a unit and state; the n × n weights are never formed.

    Source: Hopfield 1982.

    Example:
        >>> import numpy as np
        >>> patterns = np.array([[1, 1, 1, -1, -1]])
        >>> recall(patterns, np.array([1, 1, -1, -1, -1]), np.arange(5)).tolist()
        [1, 1, 1, -1, -1]
    """
    xi, s = _signs(patterns, "patterns"), _signs(state, "state")
    sizes = Sizes()
    fit("patterns", xi.shape, "P n", sizes)
    fit("state", s.shape, "... n", sizes)
    order = _units(order, xi.shape[1])
    flat = np.array(s.reshape(-1, xi.shape[1]).T, order="C")  # (n, B): a unit of all states is one row
    _update(xi, flat, xi @ flat, order)
    return np.ascontiguousarray(flat.T).astype(int).reshape(s.shape)


def _update(xi: Array, s: Array, overlap: Array, order: Array) -> bool:
    """Updates the units in place, and the overlaps ξs (P, B) with them; returns whether any changed."""
    P, changed = len(xi), False
    columns = np.ascontiguousarray(xi.T)
    for i in order:
        field = columns[i] @ overlap - P * s[i]  # exact: sums of integers in float64
        flips = s[i] * field < 0
        if flips.any():
            s[i] = np.where(flips, -s[i], s[i])
            overlap += columns[i][:, None] * (2 * s[i] * flips)
            changed = True
    return changed


def energy(patterns: Integer[Array, "P n"], state: Integer[Array, "*batch n"]) -> Float[Array, "*batch"]:
    r"""Hopfield's energy :math:`E=-\tfrac12s^TWs=-\frac1{2n}\bigl(\|\xi s\|^2-Pn\bigr)`.

    Args:
        patterns: ξ, ±1, one a row (P, n).
        state: ±1 (…, n).

    Raises:
        GradusError: shapes do not fit, or a value is not ±1.

    Source: Hopfield 1982.
    """
    xi, s = _signs(patterns, "patterns"), _signs(state, "state")
    sizes = Sizes()
    fit("patterns", xi.shape, "P n", sizes)
    fit("state", s.shape, "... n", sizes)
    P, n = xi.shape
    return -(((s @ xi.T) ** 2).sum(-1) - P * n) / (2 * n)


def modern_recall(
    patterns: Float[Array, "N d"], state: Float[Array, "*batch d"], beta: float = 1.0, steps: int = 1
) -> Float[Array, "*batch d"]:
    r"""The modern Hopfield network: continuous patterns, retrieved by attention.

    :math:`q\leftarrow X^T\operatorname{softmax}(\beta Xq)`, which lowers
    :math:`E=-\beta^{-1}\log\sum_ie^{\beta x_i^Tq}+\tfrac12\|q\|^2` until it rests.

    Args:
        patterns: X, one pattern a row (N, d).
        state: q, where it starts (…, d).
        beta: β > 0, the inverse temperature; large β retrieves one pattern, small β an average.
        steps: how often it is updated; one is usually enough.

    Raises:
        GradusError: shapes do not fit, a value is not finite, or β or `steps` is out of its range.

    Cost: 4Nd operations a state and step.

    Source: Ramsauer et al. 2021.

    Example:
        >>> import numpy as np
        >>> modern_recall(np.eye(3), np.array([0.9, 0.2, 0.1]), beta=20.0).round(3).tolist()
        [1.0, 0.0, 0.0]
    """
    sizes = Sizes()
    X = array("patterns", patterns, "N>=1 d", sizes, finite=True)
    q = array("state", state, "... d", sizes, finite=True)
    beta, steps = number("beta", beta, above=0), whole("steps", steps, least=0)
    largest, other = float(np.abs(X).max(initial=0.0)), float(np.abs(q).max(initial=0.0))
    if beta * largest * max(largest, other) * X.shape[1] > 1e300:
        raise GradusError(
            Text(
                "patterns, state: their products exceed 1e300; divide both by a constant",
                "patterns、state：乘积超过 1e300；请将二者除以同一常数",
            )
        )
    for _ in range(steps):
        q = _attend(X, q, beta)
    return np.array(q) if steps == 0 else q


def _attend(X: Array, q: Array, beta: float) -> Array:
    scores = beta * (q @ X.T)  # (…, N)
    scores -= scores.max(-1, keepdims=True)
    weights = np.exp(scores)
    weights /= weights.sum(-1, keepdims=True)
    return weights @ X  # (…, d)


def _signs(values: Array, name: str) -> Array:
    """As float64, in which sums of ±1 are exact and products run at the speed of BLAS."""
    signs = array(name, values)
    strange = signs[np.abs(signs) != 1]
    if strange.size:
        raise GradusError(Text(f"{name}: expected −1 and 1, got {strange.flat[0]:g}; binarise first, with np.where(x > 0, 1, -1)", f"{name}：应为 −1 与 1，得到 {strange.flat[0]:g}；请先二值化：np.where(x > 0, 1, -1)"))  # fmt: skip
    return signs


def _units(order: Array, n: int) -> Array:
    units = real_array("order", order)
    units = units.astype(int) if units.size == 0 else units
    fit("order", units.shape, "T")
    if units.dtype.kind not in "iu" or (units.size and (units.min() < 0 or units.max() >= n)):
        raise GradusError(
            Text(
                f"order: expected units 0 … {n - 1}, got {order!r}",
                f"order：应为单元 0 … {n - 1}，得到 {order!r}",
            )
        )
    return units


class Hopfield(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Hopfield's associative memory: `fit` stores the rows, `predict` (or `transform`) completes others to what is stored.

    Real numbers are taken by their side of `threshold`: above it +1, else −1. About 0.138·d random patterns can be kept.

    Args:
        max_iter: sweeps over all units; the dynamics end earlier at a fixed point.
        threshold: what counts as +1.

    Attributes:
        patterns_: the stored patterns, ±1 (P, d).
        n_iter_: sweeps of the latest fit: the number that the stored patterns themselves need to come to rest, 1 where
            all of them are fixed points.

    Source: Hopfield 1982.

    Example:
        >>> memory = Hopfield().fit([[1, 1, 1, -1, -1]])
        >>> memory.predict([[1, 1, -1, -1, -1]]).tolist()
        [[1.0, 1.0, 1.0, -1.0, -1.0]]
    """

    patterns_: Array
    n_iter_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "threshold": [Interval(Real, None, None, closed="neither")],
    }

    def __init__(self, max_iter: int = 100, threshold: float = 0.0) -> None:
        self.max_iter = max_iter
        self.threshold = threshold

    def fit(self, X: Array, y: Array | None = None) -> Hopfield:
        """Stores the rows of X (P, d)."""
        check_parameters(self)
        self.patterns_ = self._binary(X, reset=True)
        _, self.n_iter_ = self._settle(self.patterns_)
        return self

    def recall(self, X: Array) -> Array:
        """The fixed points, ±1, at which the rows of X (m, d) come to rest, the units updated in their order."""
        check_is_fitted(self)
        return self._settle(self._binary(X, reset=False))[0]

    def predict(self, X: Array) -> Array:
        """The same as `recall`."""
        return self.recall(X)

    def transform(self, X: Array) -> Array:
        """The same as `recall`."""
        return self.recall(X)

    def energy(self, X: Array) -> Array:
        """The energies (m,) of the rows of X (m, d)."""
        check_is_fitted(self)
        return energy(self.patterns_, self._binary(X, reset=False))

    def _binary(self, X: Array, reset: bool) -> Array:
        X = rows(self, X, reset=reset)
        return np.where(self.threshold < X, 1.0, -1.0)

    def _settle(self, states: Array) -> tuple[Array, int]:
        s = np.array(states.T, order="C")
        overlap, order = self.patterns_ @ s, np.arange(len(s))
        sweeps = 1
        while _update(self.patterns_, s, overlap, order) and sweeps < self.max_iter:
            sweeps += 1
        return np.ascontiguousarray(s.T), sweeps


class ModernHopfield(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """The modern Hopfield network: `fit` stores real rows, `predict` (or `transform`) retrieves by attention.

    Args:
        beta: inverse temperature; large retrieves single patterns, small averages of them.
        max_iter: updates of a state.
        tol: the updates end when no entry moved by more than this.

    Attributes:
        patterns_: the stored rows (N, d).
        n_iter_: updates that the stored rows themselves need to come to rest.

    Source: Ramsauer et al. 2021.

    Example:
        >>> memory = ModernHopfield(beta=20.0).fit([[1.0, 0.0], [0.0, 1.0]])
        >>> memory.predict([[0.8, 0.3]]).round(3).tolist()
        [[1.0, 0.0]]
    """

    patterns_: Array
    n_iter_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "beta": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, beta: float = 1.0, max_iter: int = 100, tol: float = 1e-9) -> None:
        self.beta = beta
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Array, y: Array | None = None) -> ModernHopfield:
        """Stores the rows of X (N, d)."""
        check_parameters(self)
        self.patterns_ = np.array(rows(self, X))
        _, self.n_iter_ = self._settle(self.patterns_)
        return self

    def recall(self, X: Array) -> Array:
        """Where the rows of X (m, d) come to rest."""
        check_is_fitted(self)
        return self._settle(rows(self, X, reset=False))[0]

    def predict(self, X: Array) -> Array:
        """The same as `recall`."""
        return self.recall(X)

    def transform(self, X: Array) -> Array:
        """The same as `recall`."""
        return self.recall(X)

    def _settle(self, q: Array) -> tuple[Array, int]:
        """Each row on its own: it stops moving when it is at rest, whatever the other rows do."""
        q, moving, steps = np.array(q), np.arange(len(q)), 0
        while moving.size and steps < self.max_iter:
            after = _attend(self.patterns_, q[moving], self.beta)
            moved = np.abs(after - q[moving]).max(axis=1)
            q[moving] = after
            moving, steps = moving[moved > self.tol], steps + 1
        return q, steps
