"""Viterbi's algorithm over any number of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.inference.chains.factors import Factors
from gradus.inference.chains.forward_backward import Chain, factors_of, refuse_impossible_paths
from gradus.inference.chains.sequences import Sequences

__all__ = ["best_paths"]

Array = np.ndarray[Any, np.dtype[Any]]
CELLS = 2**15  # scores of a step that are compared at once: about what a core's cache holds


def best_paths(chain: Chain, sequences: Sequences) -> tuple[list[Array], Array]:
    """The path of most probability of each, and log p(x, path).

    Raises:
        GradusError: a sequence that the model cannot make.
    """
    states = len(chain.start)
    paths: list[Array] = [np.empty(0)] * len(sequences)
    best = np.empty(len(sequences))
    for rows in sequences.chunks(2**24, max(1, CELLS // states**2)):
        lengths = sequences.lengths[rows]
        factors = factors_of(chain, sequences.side_by_side(rows), lengths, np.float64)
        path, score = _paths(factors, np.ascontiguousarray(chain.log_transition.T))
        refuse_impossible_paths(chain, factors, score, rows, sequences.form)
        best[rows] = score
        for place, row in enumerate(rows):
            paths[row] = path[: lengths[place], place].copy()
    return paths, best


def _paths(factors: Factors, into: Array) -> tuple[Array, Array]:
    """Paths (T, n), and their scores; `into` has the logarithms of the transitions, the state that is entered first."""
    steps, n = len(factors.active), len(factors.lengths)
    smallest = np.min_scalar_type(factors.states - 1)
    came_from = np.zeros((steps, n, factors.states), smallest)
    score = factors.logs_at(0).copy()
    for t in range(1, steps):
        m = factors.active[t]
        through = score[:m, None, :] + into
        origin = through.argmax(2)
        came_from[t, :m] = origin
        score[:m] = np.take_along_axis(through, origin[..., None], 2)[..., 0] + factors.logs_at(t)
    state = score.argmax(1)
    best = score[np.arange(n), state]
    path = np.zeros((steps, n), np.int64)
    for t in range(steps - 1, -1, -1):
        m = factors.active[t]
        path[t, :m] = state[:m]
        if t:
            state[:m] = came_from[t, np.arange(m), state[:m]]
    return path, best
