"""Forward–backward over any number of sequences: the fastest pass that is right for each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.errors import GradusError
from gradus.inference.chains.factors import Factors
from gradus.inference.chains.logarithmic_passes import log_backward, log_forward
from gradus.inference.chains.scaled_passes import (
    Room,
    careful_backward,
    careful_forward,
    mixing_backward,
    mixing_forward,
    steps_between,
)
from gradus.inference.chains.sequences import Sequences
from gradus.text import Text

__all__ = ["CELLS", "Chain", "Room", "factors_of", "log_likelihoods", "posteriors"]

Array = np.ndarray[Any, np.dtype[Any]]
CELLS = 2**23  # numbers in the messages of the sequences that are run side by side


class Chain(NamedTuple):
    """Start, transitions, emissions, and the precision of the passes."""

    start: Array
    transition: Array
    emission: Any
    dtype: Any

    @property
    def log_transition(self) -> Array:
        """−∞ where a transition is forbidden."""
        with np.errstate(divide="ignore"):
            return np.log(self.transition)


def factors_of(chain: Chain, values: Array, lengths: Array, dtype: Any) -> Factors:
    """The emissions of sequences side by side (T, n, …)."""
    logs, symbols = chain.emission.logs(values)
    with np.errstate(divide="ignore"):
        first = (logs if symbols is not None else logs[0]) + np.log(chain.start)
    return Factors(lengths, logs, first, symbols, dtype)


def log_likelihoods(chain: Chain, sequences: Sequences) -> Array:
    """Log p(x) of each; −∞ where it cannot be."""
    found = np.empty(len(sequences))
    every, room = steps_between(chain.transition, chain.dtype), Room()
    for rows in sequences.chunks(CELLS // len(chain.start)):
        values, lengths = sequences.side_by_side(rows), sequences.lengths[rows]
        if every:
            factors = factors_of(chain, values, lengths, chain.dtype)
            found[rows] = mixing_forward(factors, _typed(chain), every, room).log_likelihood
            continue
        factors = factors_of(chain, values, lengths, np.float64)
        messages = careful_forward(factors, chain.transition)
        found[rows] = messages.log_likelihood
        assert messages.lost is not None
        if (lost := np.flatnonzero(messages.lost)).size:
            found[rows[lost]] = log_forward(factors.of(lost), chain.log_transition)[1]
    return found


def posteriors(
    chain: Chain, sequences: Sequences, rows: Array, counts: Array | None, room: Room
) -> tuple[Array, Array, Array]:
    """Of sequences that are run side by side: posteriors (T, n, K), log-likelihoods (n,), and the values (T, n, …).

    Expected transitions are added to `counts`. The posteriors stand in `room`, up to the next call; what is after an end is not set.

    Raises:
        GradusError: a sequence that the model cannot make: which, and at which step it ends.
    """
    values, lengths = sequences.side_by_side(rows), sequences.lengths[rows]
    if every := steps_between(chain.transition, chain.dtype):
        factors = factors_of(chain, values, lengths, chain.dtype)
        messages = mixing_forward(factors, _typed(chain), every, room)
        _refuse_impossible(chain, factors, messages.log_likelihood, rows, sequences.form)
        return (
            mixing_backward(factors, _typed(chain), every, messages.forward, counts),
            messages.log_likelihood,
            values,
        )
    factors = factors_of(chain, values, lengths, np.float64)
    found = np.zeros((len(factors.active), len(rows), factors.states))
    logs = np.empty(len(rows))
    by_logs = np.zeros(len(rows), bool)
    left = np.arange(len(rows))
    while left.size:  # what is lost is left out, and the rest counted anew
        own = factors.of(left)
        messages = careful_forward(own, chain.transition)
        lost = messages.lost
        assert lost is not None
        if not lost.any():
            part, lost = careful_backward(own, chain.transition, messages, counts)
            if not lost.any():
                found[: len(part), left], logs[left] = part, messages.log_likelihood
                break
        by_logs[left[lost]] = True
        left = left[~lost]
    if (rest := np.flatnonzero(by_logs)).size:
        own = factors.of(rest)
        forward, logs[rest] = log_forward(own, chain.log_transition)
        _refuse_impossible(chain, factors, np.where(by_logs, logs, 0.0), rows, sequences.form)
        part = log_backward(own, chain.log_transition, forward, logs[rest], counts)
        found[: len(part), rest] = part
    return found.astype(chain.dtype, copy=False), logs, values


def refuse_impossible_paths(chain: Chain, factors: Factors, best: Array, rows: Array, form: str) -> None:
    """As of posteriors, from the scores of the best paths."""
    _refuse_impossible(chain, factors, best, rows, form)


def _typed(chain: Chain) -> Array:
    return chain.transition.astype(chain.dtype, copy=False)


def _refuse_impossible(chain: Chain, factors: Factors, logs: Array, rows: Array, form: str) -> None:
    if not (logs == -np.inf).any():
        return
    worst = np.flatnonzero(logs == -np.inf)
    place = worst[np.argmin(rows[worst])]
    forward = log_forward(factors.of(np.array([place])), chain.log_transition)[0][:, 0]
    step = int((forward == -np.inf).all(1).argmax())
    name = "sequences" if form == "one" else f"sequences[{rows[place]}]"
    raise GradusError(
        Text(
            f"{name}: impossible under this model: after step {step} no state is left; "
            "put small probabilities for zeros (fit with pseudocount=…), or leave it out",
            f"{name}：此模型不可能产生它：到第 {step} 步已没有可能的状态；"
            "请以小概率代替零（拟合时用 pseudocount=…），或去掉该序列",
        )
    )
