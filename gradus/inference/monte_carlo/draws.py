"""Draws of Markov chains by name, with what was recorded on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradus.inference.monte_carlo.arviz_bridge import to_arviz
from gradus.inference.monte_carlo.diagnose import Diagnosis, diagnose
from gradus.inference.monte_carlo.named_draws import NamedDraws
from gradus.text import Text

__all__ = ["Draws"]


class Draws(NamedDraws):
    """Draws of Markov chains by name: `draws["theta"]` has the shape (chains, draws, …).

    Attributes:
        values_by_name: the draws.
        log_density: at each draw (chains, draws).
        acceptance: the mean probability with which a proposal was taken (chains).
        statistics: what else was recorded with each draw (chains, draws), by ArviZ's names.
        tuning: what the method learnt in the warm-up.
        notes: what is to be said of the run.

    Example:
        >>> Draws({"x": np.zeros((2, 5))}, np.zeros((2, 5)), np.ones(2))["x"].shape
        (2, 5)
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        log_density: Any,
        acceptance: Any,
        statistics: Mapping[str, Any] | None = None,
        tuning: Mapping[str, Any] | None = None,
        notes: tuple[Text, ...] = (),
        state: Any = None,
    ) -> None:
        self.values_by_name = dict(values)
        self.log_density, self.acceptance = log_density, acceptance
        self.statistics, self.tuning, self.notes = dict(statistics or {}), dict(tuning or {}), notes
        self._state = state
        self._diagnosis: Diagnosis | None = None

    @property
    def chains(self) -> int:
        """How many chains."""
        return int(self.log_density.shape[0])

    @property
    def draws(self) -> int:
        """How many draws of each."""
        return int(self.log_density.shape[1])

    @property
    def diagnosis(self) -> Diagnosis:
        """R̂, effective sizes, standard errors and a verdict for each quantity: as `diagnose` gives them."""
        if self._diagnosis is None:
            arrays = {name: on_host(v) for name, v in self.values_by_name.items()}
            given = {k: on_host(v) for k, v in self.statistics.items()}
            self._diagnosis = diagnose(arrays, diverging=given.get("diverging"), energy=given.get("energy"))
        return self._diagnosis

    def to_arviz(self) -> Any:
        """ArviZ's InferenceData of the draws, with log density, and all that was recorded.

        Raises:
            GradusError: ArviZ is not installed.
        """
        recorded = {"lp": self.log_density, **self.statistics}
        hosts = {name: on_host(v) for name, v in self.values_by_name.items()}
        return to_arviz(hosts, {name: on_host(v) for name, v in recorded.items()})

    def __str__(self) -> str:
        return str(self.diagnosis)

    def __repr__(self) -> str:
        named = ", ".join(f"{name} {tuple(v.shape[2:])}" for name, v in list(self.values_by_name.items())[:5])
        more = ", …" if len(self) > 5 else ""
        rate = f"{float(self.acceptance.mean()):.3f}"
        return f"Draws({named}{more}; {self.chains} chains of {self.draws}, acceptance {rate})"


def on_host(value: Any) -> np.ndarray:
    """A tensor or array as an array of float64 (whole numbers stay)."""
    found = value.detach().cpu() if hasattr(value, "detach") else value
    if hasattr(found, "is_floating_point") and found.is_floating_point():
        found = found.double()
    return np.asarray(found)
