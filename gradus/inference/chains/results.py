"""What is inferred along chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gradus.inference.chains.hidden_markov_model import HiddenMarkovModel

__all__ = ["HiddenMarkovFit", "StatePath", "StatePosterior"]

Array = np.ndarray[Any, np.dtype[Any]]


def _sequences(log: Any) -> str:
    return f", {np.size(log)} sequences" if np.ndim(log) else f", log_likelihood={log:.6g}"


@dataclass(frozen=True, repr=False)
class StatePosterior:
    """The posterior of the state at each step, given the whole sequence.

    Attributes:
        states: (T, K), or a list of them, or padded (n, T, K) with 0 after the ends.
        log_likelihood: log p(x), one a sequence.
        transitions: (K, K), how often each transition is expected in all sequences together; None unless asked for.

    Example:
        >>> from gradus.inference import HiddenMarkovModel
        >>> model = HiddenMarkovModel([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.3, 0.7]])
        >>> model.posterior([0, 1]).states.round(3).tolist()
        [[0.75, 0.25], [0.125, 0.875]]
    """

    states: Any
    log_likelihood: Any
    transitions: Array | None = None

    def __repr__(self) -> str:
        K = (self.states if isinstance(self.states, np.ndarray) else self.states[0]).shape[-1]
        return f"StatePosterior({K} states{_sequences(self.log_likelihood)})"


@dataclass(frozen=True, repr=False)
class StatePath:
    """The sequence of states that is the most probable as a whole.

    Attributes:
        states: (T,), or a list of them, or padded (n, T) with 0 after the ends.
        log_probability: log p(x, states), one a sequence.

    Example:
        >>> from gradus.inference import HiddenMarkovModel
        >>> model = HiddenMarkovModel([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.3, 0.7]])
        >>> model.viterbi([0, 1])
        StatePath(log_probability=-1.84833)
    """

    states: Any
    log_probability: Any

    def __repr__(self) -> str:
        several = np.ndim(self.log_probability)
        log = (
            f"{np.size(self.log_probability)} sequences"
            if several
            else f"log_probability={self.log_probability:.6g}"
        )
        return f"StatePath({log})"


@dataclass(frozen=True, repr=False)
class HiddenMarkovFit:
    """A model that was fitted, and how.

    Attributes:
        model: of the best start.
        log_likelihood: of all sequences under it.
        history: the objective before each iteration, and after the last: log-likelihood, plus the prior's logarithm if there is one.
        stopped: "converged", "max_iter", or "singular": a covariance shrank to nothing, and the model before is given.
        starts: what every start came to, of the objective; the first is from the model that was fitted.

    Example:
        >>> from gradus.inference import HiddenMarkovModel
        >>> model = HiddenMarkovModel([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.3, 0.7]])
        >>> model.fit([0, 1, 1, 0], max_iter=1, starts=2).stopped
        'max_iter'
    """

    model: HiddenMarkovModel
    log_likelihood: float
    history: Sequence[float]
    stopped: str
    starts: Sequence[float] = field(default=())

    def __repr__(self) -> str:
        return (
            f"HiddenMarkovFit(log_likelihood={self.log_likelihood:.6g}, {len(self.history) - 1} iterations, "
            f"{self.stopped}, {len(self.starts)} start{'s' if len(self.starts) > 1 else ''})"
        )
