"""Baum–Welch: expectation–maximisation of a hidden Markov model."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.errors import GradusError
from gradus.inference.chains.emissions import (
    GaussianEmission,
    GaussianStates,
    SymbolTable,
    log_prior,
    normalised,
)
from gradus.inference.chains.forward_backward import CELLS, Chain, Room, posteriors
from gradus.inference.chains.sequences import Sequences

__all__ = ["Climb", "climb", "drawn_chain"]

Array = np.ndarray[Any, np.dtype[Any]]
SINGULAR = 1e-12  # variance beside that of all data, below which a state has shrunk to points


class Climb(NamedTuple):
    """The end of one start."""

    chain: Chain
    log_likelihood: float
    history: list[float]
    stopped: str


def climb(chain: Chain, sequences: Sequences, tol: float, max_iter: int, pseudocount: float) -> Climb:
    """EM from a chain until an iteration gains less than `tol` a step of data."""
    enough = tol * float(sequences.lengths.sum())
    spread = _spread(sequences) if isinstance(chain.emission, GaussianStates) else 0.0
    history: list[float] = []
    for _ in range(max_iter):
        after, log_likelihood = _iteration(chain, sequences, pseudocount)
        history.append(log_likelihood + _log_prior(chain, pseudocount))
        if len(history) > 1 and history[-1] - history[-2] <= enough:
            return Climb(chain, log_likelihood, history, "converged")
        if after is None or (spread and _narrowest(after.emission.given) < SINGULAR * spread):
            return Climb(chain, log_likelihood, history, "singular")
        chain = after
    _, log_likelihood = _iteration(chain, sequences, pseudocount)
    history.append(log_likelihood + _log_prior(chain, pseudocount))
    return Climb(chain, log_likelihood, history, "max_iter")


def _iteration(chain: Chain, sequences: Sequences, pseudocount: float) -> tuple[Chain | None, float]:
    """The chain after one iteration, None where a covariance is singular; and the log-likelihood before it."""
    states = len(chain.start)
    begun, transitions, sums = np.zeros(states), np.zeros((states, states)), chain.emission.sums()
    total, room = 0.0, Room()
    for rows in sequences.chunks(CELLS // states):
        found, logs, values = posteriors(chain, sequences, rows, transitions, room)
        total += float(logs.sum())
        begun += found[0].sum(0, dtype=np.float64)
        inside = np.arange(len(values))[:, None] < sequences.lengths[rows]
        whole = bool(inside.all())
        chain.emission.add(
            sums,
            values.reshape(-1, *values.shape[2:]) if whole else values[inside],
            found.reshape(-1, states) if whole else found[inside],
        )
    try:
        emission = chain.emission.updated(sums, pseudocount)
    except GradusError:
        return None, total
    allowed = chain.transition > 0  # what is forbidden stays so
    return (
        Chain(
            normalised(begun + pseudocount * (chain.start > 0), chain.start),
            normalised(transitions + pseudocount * allowed, chain.transition),
            emission,
            chain.dtype,
        ),
        total,
    )


def _log_prior(chain: Chain, pseudocount: float) -> float:
    if pseudocount == 0:
        return 0.0
    tables = (chain.start[chain.start > 0], chain.transition[chain.transition > 0])
    return sum(log_prior(t, pseudocount) for t in tables) + chain.emission.log_prior(pseudocount)  # type: ignore[no-any-return]


def _spread(sequences: Sequences) -> float:
    together = np.concatenate(sequences.values)
    return float(together.var(0).max())


def _narrowest(emission: GaussianEmission) -> float:
    if emission.diagonal:
        return float(emission.covariances.min())
    return float(np.linalg.eigvalsh(emission.covariances).min())


def drawn_chain(chain: Chain, sequences: Sequences, rng: np.random.Generator) -> Chain:
    """Another start: rows of a Dirichlet distribution, zeros where the chain has them; means among the data."""
    states = len(chain.start)
    start = rng.dirichlet(np.ones(states)) * (chain.start > 0)
    transition = rng.dirichlet(np.ones(states), states) * (chain.transition > 0)
    if isinstance(chain.emission, SymbolTable):
        together = np.concatenate(sequences.values)
        share = np.bincount(together, minlength=chain.emission.symbols) / len(together)
        own = rng.dirichlet(np.ones(chain.emission.symbols), states) + share
        emission: Any = SymbolTable(own / own.sum(1, keepdims=True))
    else:
        together = np.concatenate(sequences.values)
        means = together[rng.choice(len(together), states, replace=len(together) < states)]
        variance = np.maximum(together.var(0), np.finfo(float).tiny)
        covariances = np.tile(
            variance if chain.emission.given.diagonal else np.diag(variance),
            (states, *[1] * (1 if chain.emission.given.diagonal else 2)),
        )
        emission = GaussianStates(GaussianEmission(means, covariances))
    return Chain(
        normalised(start, chain.start), normalised(transition, chain.transition), emission, chain.dtype
    )
