"""Independent draws of a network's variables, with weights where there was evidence, and what can be estimated from them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import array, function, refusal
from gradus.inference.names import state_index, variable_name
from gradus.inference.posterior import Posterior
from gradus.text import Text

__all__ = ["Estimate", "NetworkSample"]

Array = np.ndarray[Any, np.dtype[np.float64]]
DOMINATED = 0.1  # share of all weight that a single draw may have before the account warns


class Estimate(NamedTuple):
    """A number estimated from draws.

    Attributes:
        value: the estimate; of a function with several values an array.
        standard_error: of it; 0 where no draw of any weight differs from the others, which then tells nothing.

    Example:
        >>> Estimate(0.25, 0.01).value
        0.25
    """

    value: Any
    standard_error: Any


class NetworkSample(Mapping[str, Any]):
    r"""Independent draws of a network's variables; `draws["rain"]` holds the places of its states, one a draw.

    .. math:: \hat\mu=\sum_i\bar w_if(x_i),\qquad\bar w_i=\frac{w_i}{\sum_jw_j},\qquad
        \mathrm{se}^2=\tfrac n{n-1}\sum_i\bar w_i^2\,(f(x_i)-\hat\mu)^2,\qquad\mathrm{ess}=\frac1{\sum_i\bar w_i^2}

    Attributes:
        states: the names of the states by variable.
        values_by_name: the places of the states, (draws,) by variable.
        log_weights: ln of each draw's weight; zeros where there was no evidence.
        log_evidence: ln of the mean weight: an estimate of ln P(evidence); 0 where there was none.
        log_evidence_error: its standard error, that of the mean weight over the mean.
        proposed: how many draws were made; of rejection sampling the others were rejected.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> draws = BayesianNetwork({"coin": ["heads", "tails"]}, {"coin": [0.5, 0.5]}).sample(6, seed=1)
        >>> draws["coin"].tolist(), draws.names("coin").tolist()[:2]
        ([1, 1, 0, 1, 0, 0], ['tails', 'tails'])
    """

    def __init__(
        self,
        states: Mapping[str, tuple[str, ...]],
        values: Mapping[str, Any],
        log_weights: Array,
        log_evidence: float,
        log_evidence_error: float,
        proposed: int,
    ) -> None:
        self.states, self.values_by_name = dict(states), dict(values)
        self.log_weights = log_weights
        self.log_evidence, self.log_evidence_error = log_evidence, log_evidence_error
        self.proposed = proposed

    @property
    def draws(self) -> int:
        """How many draws are kept."""
        return int(self.log_weights.shape[0])

    @property
    def acceptance(self) -> float:
        """The share of the draws made that are kept: 1 but for rejection sampling."""
        return self.draws / self.proposed

    @functools.cached_property
    def weights(self) -> Array:
        """The weights, divided by their sum."""
        scaled = np.exp(self.log_weights - self.log_weights.max())
        return np.asarray(scaled / scaled.sum())

    @property
    def effective_size(self) -> float:
        """By Kish's formula, how many draws of equal weight these are worth: (Σw)²/Σw²."""
        return float(1 / (self.weights @ self.weights))

    @functools.cached_property
    def posterior(self) -> Posterior:
        """The weighted shares of the states of each variable, and the estimate of the evidence's logarithm."""
        shares: dict[str, Array] = {}
        for v, x in self.values_by_name.items():
            share = np.bincount(x, self.weights, len(self.states[v])).astype(float)
            shares[v] = share / share.sum()
        return Posterior(self.states, shares, self.log_evidence)

    @functools.cached_property
    def standard_errors(self) -> dict[str, Array]:
        """Of each share in `posterior`, by variable."""
        found = {}
        square, n = self.weights**2, self.draws
        for v, p in self.posterior.marginals.items():
            here = np.bincount(self.values_by_name[v], square, len(p))
            others = (1 - np.eye(len(p))) @ here  # a difference from the sum would cancel
            spread = here * (1 - p) ** 2 + others * p**2  # Σw̄²([x=s] − p)²
            found[v] = np.sqrt(spread * n / (n - 1)) if n > 1 else np.full(len(p), math.nan)
        return found

    def probability(self, event: Mapping[Any, Any]) -> Estimate:
        """The probability that several variables have these states together, given the evidence.

        Args:
            event: states by the names of variables.

        Raises:
            GradusError: a name that is none.

        Cost: O(draws) a variable.

        Source: Fung and Chang 1990; Shachter and Peot 1990.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> states = {"a": ["0", "1"], "b": ["0", "1"]}
            >>> draws = BayesianNetwork(states, {"a": [0.5, 0.5], "b": [0.5, 0.5]}).sample(10_000)
            >>> found = draws.probability({"a": "0", "b": "1"})
            >>> abs(found.value - 0.25) < 5 * found.standard_error
            True
        """
        if not isinstance(event, Mapping):
            expected = ("states by name, such as {'rain': 'yes'}", "以名称给出的状态，例如 {'rain': 'yes'}")
            raise refusal("event", expected, event, kind=True)
        inside = np.ones(self.draws)
        for given, state in event.items():
            v = variable_name("event", given, self.states)
            inside *= self.values_by_name[v] == state_index("event", v, state, self.states[v])
        return self._estimate(inside)

    def estimate(self, of: Callable[[Mapping[str, Any]], Any]) -> Estimate:
        """The mean of any function of the states, given the evidence.

        Args:
            of: takes the places of the states, by variable an array (draws,), and returns numbers (draws, …).

        Raises:
            GradusError: it returns something else than a number, or several, a draw.

        Cost: O(draws) and the function.

        Source: Owen 2013, chapter 9, for the standard error.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> draws = BayesianNetwork({"die": list("123456")}, {"die": [1 / 6] * 6}).sample(10_000)
            >>> found = draws.estimate(lambda x: x["die"] + 1)
            >>> abs(found.value - 3.5) < 5 * found.standard_error
            True
        """
        values = array("of(draws)", function("of", of)(dict(self.values_by_name)), finite=True)
        if values.ndim < 1 or len(values) != self.draws:
            rows = (f"{self.draws} rows, one a draw", f" {self.draws} 行，每个样本一行")
            raise refusal("of(draws)", rows, Text(f"the shape {values.shape}", f"形状 {values.shape}"))
        return self._estimate(values)

    def _estimate(self, values: Array) -> Estimate:
        w, n = self.weights, self.draws
        mean = np.tensordot(w, values, 1)
        spread = np.tensordot(w**2, (values - mean) ** 2, 1)
        error = np.sqrt(spread * n / (n - 1)) if n > 1 else np.full(np.shape(mean), math.nan)
        if values.ndim > 1:
            return Estimate(np.asarray(mean), np.asarray(error))
        return Estimate(float(mean), float(error))

    def names(self, variable: Any) -> np.ndarray:
        """The names of the states that one variable has in the draws.

        Raises:
            GradusError: there is none of that name.

        Example:
            >>> NetworkSample({"a": ("no", "yes")}, {"a": np.array([1, 0])}, np.zeros(2), 0.0, 0.0, 2).names("a").tolist()
            ['yes', 'no']
        """
        v = variable_name("variable", variable, self.states)
        return np.asarray(np.asarray(self.states[v])[self.values_by_name[v]])

    @property
    def account(self) -> Text:
        """In words: how many draws, what they are worth, and whether a single one has too much of the weight."""
        n, worth, top = self.draws, self.effective_size, float(self.weights.max())
        en, zh = f"{n} draws", f"{n} 个样本"
        if n < self.proposed:
            en += f" of {self.proposed} accepted ({100 * self.acceptance:.3g} %)"
            zh = f"{self.proposed} 个样本中接受了 {n} 个（{100 * self.acceptance:.3g}%）"
        if worth < 0.999 * n:
            en, zh = f"{en}, worth {worth:.1f} of equal weight", f"{zh}，相当于 {worth:.1f} 个等权样本"
        if self.log_evidence != 0:
            error = f"{self.log_evidence_error:.2g}"
            en += f"; ln P(evidence) = {self.log_evidence:.4f} ± {error}"
            zh += f"；ln P(证据) = {self.log_evidence:.4f} ± {error}"
        if top > DOMINATED and n > 1 / DOMINATED:
            en += f"; a single draw has {100 * top:.0f} % of the weight: estimates and their errors are not to be trusted"
            zh += f"；单个样本占总权重的 {100 * top:.0f}%：估计及其误差都不可信"
        return Text(en, zh)

    def __getitem__(self, variable: Any) -> Any:
        """The places of one variable's states, one a draw.

        Raises:
            GradusError: there is none of that name.
        """
        return self.values_by_name[variable_name("variable", variable, self.states)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    def __contains__(self, name: object) -> bool:
        return name in self.values_by_name

    def __repr__(self) -> str:
        return f"NetworkSample({len(self)} variables; {self.account.en})"
