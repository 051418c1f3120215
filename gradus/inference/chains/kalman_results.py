"""What a Kalman filter and smoother answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradus.inference.chains.kalman_means import log_densities, standardized
from gradus.inference.chains.kalman_run import Run, innovation_covariances, natural

__all__ = ["FilteredStates", "PredictedStates", "SampledStates", "SmoothedStates"]

Array = np.ndarray[Any, np.dtype[Any]]


def _shown(what: object, means: Array) -> str:
    *series, steps, n = means.shape
    many = f"{int(np.prod(series))} series, " if series else ""
    return f"{type(what).__name__}({many}{steps} steps, {n} states)"


class FilteredStates:
    """The state at each time, given what was observed until then.

    Covariances that are the same for all series are views of one array, and cannot be written to.

    Example:
        >>> from gradus.inference import KalmanFilter
        >>> KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]]).filter([[1.0], [3.0]])
        FilteredStates(2 steps, 1 states)
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @cached_property
    def means(self) -> Array:
        """With the observation of that time (…, time, states)."""
        return self._run.means_of(self._run.means.filtered)

    @cached_property
    def covariances(self) -> Array:
        """Of the same (…, time, states, states)."""
        return self._run.covariances(self._run.forward.filtered)

    @cached_property
    def predicted_means(self) -> Array:
        """Given what was observed before that time (…, time, states)."""
        return self._run.means_of(self._run.means.predicted)

    @cached_property
    def predicted_covariances(self) -> Array:
        """Of the same (…, time, states, states)."""
        return self._run.covariances(self._run.forward.predicted)

    @cached_property
    def innovations(self) -> Array:
        """Observation less what was predicted of it (…, time, observed); 0 where missing."""
        return self._run.means_of(self._run.means.innovations)

    @cached_property
    def innovation_covariances(self) -> Array:
        """Of all numbers, missing or not (…, time, observed, observed)."""
        return self._run.covariances(innovation_covariances(self._run))

    @cached_property
    def _white(self) -> Array:
        return standardized(self._run.means, self._run.forward, self._run.pattern)

    @cached_property
    def standardized_innovations(self) -> Array:
        """The innovations made independent, of variance 1 where the model holds (…, time, observed); 0 where missing.

        They are taken one number after the other, in the order of y.
        """
        return self._run.means_of(self._white)

    @cached_property
    def log_densities(self) -> Array:
        """Of each observation, ln of its density given those before (…, time); 0 where all of it is missing."""
        return natural(
            log_densities(self._white, self._run.forward, self._run.missing, self._run.pattern),
            self._run.series,
        )

    @cached_property
    def log_likelihood(self) -> Any:
        """Their sum: ln of the density of each series (…)."""
        total = self.log_densities.sum(-1)
        return total if self._run.series else total[()]

    def __repr__(self) -> str:
        return _shown(self, self.means)


@dataclass(frozen=True, repr=False, eq=False)
class SmoothedStates:
    """The state at each time, given the whole series.

    Attributes:
        means: (…, time, states).
        covariances: (…, time, states, states).
        filtered: what the filter says.
        gains: what the next state's surprise is weighed by (…, time − 1, states, states).

    Example:
        >>> from gradus.inference import KalmanFilter
        >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
        >>> walk.smooth([[1.0], [3.0]]).lag_one_covariances.ravel().tolist()
        [0.5]
    """

    means: Array
    covariances: Array
    filtered: FilteredStates
    gains: Array = field(repr=False)

    @property
    def lag_one_covariances(self) -> Array:
        """Of each state with the one before: entry t is the covariance of the states t + 1 (rows) and t (…, time − 1, states, states)."""
        return self.covariances[..., 1:, :, :] @ self.gains.swapaxes(-1, -2)

    @property
    def log_likelihood(self) -> Any:
        """The ln of the density of each series (…)."""
        return self.filtered.log_likelihood

    def __repr__(self) -> str:
        return _shown(self, self.means)


@dataclass(frozen=True, repr=False, eq=False)
class PredictedStates:
    """States and observations after the series.

    Attributes:
        means: of the states (…, steps, states).
        covariances: (…, steps, states, states).
        observation_means: (…, steps, observed).
        observation_covariances: (…, steps, observed, observed), the noise of measurement included.

    Example:
        >>> from gradus.inference import KalmanFilter
        >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
        >>> walk.predict([[1.0], [3.0]], 2).observation_covariances.ravel().tolist()
        [4.0, 5.0]
    """

    means: Array
    covariances: Array
    observation_means: Array
    observation_covariances: Array

    def __repr__(self) -> str:
        return _shown(self, self.means)


@dataclass(frozen=True, repr=False, eq=False)
class SampledStates:
    """A course of the states and what is observed of it, drawn at random.

    Attributes:
        states: (…, time, states).
        observations: (…, time, observed).

    Example:
        >>> from gradus.inference import KalmanFilter
        >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
        >>> walk.sample(3, seed=0)
        SampledStates(3 steps, 1 states)
    """

    states: Array
    observations: Array

    def __repr__(self) -> str:
        return _shown(self, self.states)
