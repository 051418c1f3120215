"""What the states of a chain emit: symbols of a table, vectors of normal distributions, or whatever the user's own densities say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradus.arguments import Sizes, array, real_array, refusal
from gradus.arguments.errors import not_finite
from gradus.errors import GradusError
from gradus.inference.chains.gaussian_sums import GaussianSums
from gradus.text import Text

__all__ = ["GaussianEmission", "GaussianStates", "GivenLogs", "SymbolTable", "distribution"]

Array = np.ndarray[Any, np.dtype[Any]]
MISSED = 1e-5  # by which a sum may miss 1, so that tables in float32 are taken


def distribution(name: str, value: Any, spec: str, sizes: Sizes) -> Array:
    """Probabilities over the last axis, divided by their sums, which may miss 1 by rounding.

    Raises:
        GradusError: negative numbers, or sums other than 1.
    """
    table = array(name, value, spec, sizes, finite=True)
    if table.size == 0:
        raise refusal(name, ("at least one state", "至少一个状态"), table)
    if (table < 0).any():
        place = [int(i) for i in np.argwhere(table < 0)[0]]
        en, zh = f"{table[tuple(place)]} at {name}{place}", f"{name}{place} 处的 {table[tuple(place)]}"
        raise refusal(name, ("probabilities", "概率"), Text(en, zh))
    sums: Array = np.asarray(table.sum(-1))
    if (np.abs(sums - 1) > MISSED).any():
        place = [int(i) for i in np.argwhere(np.abs(sums - 1) > MISSED)[0]]
        en = f"{float(sums[tuple(place)]):.6g}" + (f" in row {place[0]}" if place else "")
        zh = (f"第 {place[0]} 行" if place else "") + f"之和 {float(sums[tuple(place)]):.6g}"
        raise refusal(name, ("probabilities that sum to 1", "和为 1 的概率"), Text(en, zh))
    scaled: Array = table / sums[..., None]
    return scaled


class SymbolTable:
    """p(symbol | state), a row a state: symbols are whole numbers from 0."""

    axes = 1

    def __init__(self, probabilities: Array) -> None:
        self.given = self.probabilities = probabilities
        self.states, self.symbols = probabilities.shape

    def check(self, name: str, row: Array) -> Array:
        """Whole numbers from 0 to the number of symbols."""
        if row.dtype.kind not in "iu":
            kind = Text(str(row.dtype), str(row.dtype))
            raise refusal(name, ("symbols as whole numbers", "以整数表示的符号"), kind, kind=True)
        if (bad := (row < 0) | (row >= self.symbols)).any():
            t = int(bad.argmax())
            en, zh = f"{row[t]} at step {t}", f"第 {t} 步的 {row[t]}"
            raise refusal(
                name,
                (f"symbols from 0 to {self.symbols - 1}", f"0 到 {self.symbols - 1} 的符号"),
                Text(en, zh),
            )
        return row

    def logs(self, values: Array) -> tuple[Array, Array | None]:
        """Logarithms a symbol, and the symbols."""
        with np.errstate(divide="ignore"):
            return np.log(self.probabilities.T), values.astype(np.intp, copy=False)

    def sample(self, states: Array, rng: np.random.Generator) -> Array:
        """A symbol for each state."""
        drawn: Array = np.asarray(rng.random(states.shape))
        above = drawn[..., None] >= np.cumsum(self.probabilities, 1)[states]
        last = (
            self.symbols - 1 - (self.probabilities[:, ::-1] > 0).argmax(1)
        )  # rounding must not draw what cannot be
        chosen: Array = np.minimum(above.sum(-1), last[states])
        return chosen

    def sums(self) -> Array:
        """What `add` adds to."""
        return np.zeros(self.probabilities.shape)

    def add(self, sums: Array, values: Array, posterior: Array) -> None:
        """Expected counts of symbols: values (N,), posterior (N, K)."""
        for k in range(self.states):
            sums[k] += np.bincount(values, posterior[:, k], self.symbols)

    def updated(self, sums: Array, pseudocount: float) -> SymbolTable:
        """The table of most likelihood; a state that was never visited keeps its row."""
        return SymbolTable(normalised(sums + pseudocount, self.probabilities))

    def log_prior(self, pseudocount: float) -> float:
        """Of the pseudocounts, up to a constant."""
        return log_prior(self.probabilities, pseudocount)

    def __repr__(self) -> str:
        return f"{self.symbols} symbols"


def normalised(counts: Array, otherwise: Array) -> Array:
    """Rows over their sums; where nothing was counted, as they were."""
    sums = counts.sum(-1, keepdims=True)
    return np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), otherwise)


def log_prior(table: Array, pseudocount: float) -> float:
    """Log of a Dirichlet density with parameters 1 + pseudocount, up to a constant."""
    if pseudocount == 0:
        return 0.0
    with np.errstate(divide="ignore"):
        return float(pseudocount * np.log(table).sum())


class GaussianEmission:
    r"""Normal distributions, one a state: x | z = k ~ N(μ_k, Σ_k).

    .. math:: \log p(x\mid k)=-\tfrac12\lVert L_k^{-1}(x-\mu_k)\rVert^2-\log\det L_k-\tfrac d2\log2\pi,\qquad\Sigma_k=L_kL_k^{\mathsf T}

    Args:
        means: (K, d).
        covariances: (K, d, d), or variances (K, d) where the coordinates are independent.

    Attributes:
        means, covariances: float64, as given.

    Raises:
        GradusError: shapes that do not fit, or a covariance that is not symmetric and positive definite: the state is named.

    Example:
        >>> GaussianEmission([[0.0], [5.0]], [[1.0], [4.0]])
        GaussianEmission(2 states, 1 dimension, diagonal)
    """

    def __init__(self, means: Any, covariances: Any) -> None:
        sizes = Sizes()
        self.means = array("means", means, "K d", sizes, finite=True)
        given = real_array("covariances", covariances)
        self.diagonal = given.ndim == 2
        spec = "K d" if self.diagonal else "K d d"
        self.covariances = array("covariances", given, spec, sizes, finite=True)
        self.states, self.dimension = self.means.shape
        if self.means.size == 0:
            raise refusal("means", ("at least one state and dimension", "至少一个状态、一维"), self.means)
        self._roots = np.stack([self._root(k) for k in range(self.states)])

    def _root(self, k: int) -> Array:
        own = self.covariances[k]
        whole = np.diag(own) if self.diagonal else own
        good = bool(np.allclose(whole, whole.T, rtol=1e-8, atol=0)) and bool((np.diag(whole) > 0).all())
        try:
            if good:
                return np.linalg.cholesky((whole + whole.T) / 2)
        except np.linalg.LinAlgError:
            pass
        expected = ("positive definite covariances", "正定的协方差")
        raise refusal("covariances", expected, Text(f"another of state {k}", f"状态 {k} 的并非如此"))

    def __repr__(self) -> str:
        kind = "diagonal" if self.diagonal else "full"
        d, states = self.dimension, "state" if self.states == 1 else "states"
        return f"GaussianEmission({self.states} {states}, {d} dimension{'s' if d > 1 else ''}, {kind})"


class GaussianStates:
    """The normal distributions of the states, as the passes and Baum–Welch use them."""

    axes = 2

    def __init__(self, given: GaussianEmission) -> None:
        self.given, self.states, self.dimension = given, given.states, given.dimension

    def check(self, name: str, row: Array) -> Array:
        """Finite vectors of the dimension."""
        if row.ndim != 2 or row.shape[1] != self.dimension:
            shape = str(row.shape)
            wanted = (
                f"vectors of {self.dimension} numbers, (T, {self.dimension})",
                f"{self.dimension} 维向量 (T, {self.dimension})",
            )
            raise refusal(name, wanted, Text(shape, shape))
        return array(name, row, finite=True)

    def logs(self, values: Array) -> tuple[Array, None]:
        """Log densities (..., K)."""
        logs = np.empty((*values.shape[:-1], self.states))
        for k, root in enumerate(self.given._roots):
            distance = np.linalg.solve(root, (values.reshape(-1, self.dimension) - self.given.means[k]).T)
            constant = np.log(np.diag(root)).sum() + self.dimension / 2 * math.log(2 * math.pi)
            logs[..., k] = (-(distance**2).sum(0) / 2 - constant).reshape(values.shape[:-1])
        return logs, None

    def sample(self, states: Array, rng: np.random.Generator) -> Array:
        """A vector for each state."""
        noise = rng.standard_normal((*states.shape, self.dimension, 1))
        return self.given.means[states] + (self.given._roots[states] @ noise)[..., 0]

    def sums(self) -> GaussianSums:
        """What `add` adds to."""
        return GaussianSums(self.given.means, self.given.diagonal)

    def add(self, sums: GaussianSums, values: Array, posterior: Array) -> None:
        """Weights, first and second moments: values (N, d), posterior (N, K)."""
        sums.add(values, posterior)

    def updated(self, sums: GaussianSums, pseudocount: float) -> GaussianStates:
        """The distributions of most likelihood.

        Raises:
            GradusError: a covariance is singular.
        """
        return GaussianStates(GaussianEmission(*sums.moments(self.given.covariances)))

    def log_prior(self, pseudocount: float) -> float:
        """Pseudocounts are of tables."""
        return 0.0

    def __repr__(self) -> str:
        return f"normal emissions in {self.dimension}-d"


class GivenLogs:
    """log p(x_t | state), computed by the user: what is observed are these numbers themselves."""

    axes = 2

    def __init__(self, states: int) -> None:
        self.given, self.states = None, states

    def check(self, name: str, row: Array) -> Array:
        """Numbers or −∞, one a state."""
        if row.ndim != 2 or row.shape[1] != self.states:
            shape = str(row.shape)
            wanted = (
                f"log densities of {self.states} states, (T, {self.states})",
                f"{self.states} 个状态的对数密度 (T, {self.states})",
            )
            raise refusal(name, wanted, Text(shape, shape))
        logs = array(name, row)
        if (bad := np.isnan(logs) | (logs == np.inf)).any():
            place = [int(i) for i in np.argwhere(bad)[0]]
            raise not_finite(name, logs[tuple(place)], place)
        return logs

    def logs(self, values: Array) -> tuple[Array, None]:
        """They themselves."""
        return values, None

    def sample(self, states: Array, rng: np.random.Generator) -> Array:
        """Nothing can be drawn from densities that only the user knows."""
        raise no_emission("sample")

    def __repr__(self) -> str:
        return "log densities given"


def no_emission(method: str) -> GradusError:
    """That a model without an emission cannot do this."""
    return GradusError(
        Text(
            f"{method} needs an emission, and this model takes log densities for observations; give emission=…",
            f"{method} 需要发射分布，而此模型以对数密度为观测；请给出 emission=…",
        )
    )
