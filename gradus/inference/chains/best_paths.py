"""Viterbi's algorithm over any number of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.inference.chains.factors import Factors
from gradus.inference.chains.forward_backward import Chain, factors_of, refuse_impossible_paths
from gradus.inference.chains.sequences import Sequences

__all__ = ["best_paths"]

Array = np.ndarray[Any, np.dtype[Any]]
CELLS = 2**16  # scores of a step that are compared at once: about what a core's cache holds


def best_paths(chain: Chain, sequences: Sequences) -> tuple[Any, Array]:
    """The path of most probability of each, and log p(x, path).

    Raises:
        GradusError: a sequence that the model cannot make.
    """
    states = len(chain.start)
    paths = sequences.room_for_results(np.empty(0, np.int64))
    best = np.empty(len(sequences))
    for rows in sequences.chunks(2**24, max(1, CELLS // states**2)):
        lengths = sequences.lengths[rows]
        factors = factors_of(chain, sequences.side_by_side(rows), lengths, np.float64)
        path, score = _paths(factors, chain.log_transition)
        refuse_impossible_paths(chain, factors, score, rows, sequences.form)
        best[rows] = score
        sequences.put(paths, rows, path)
    return paths, best


def _paths(factors: Factors, log_transition: Array) -> tuple[Array, Array]:
    """Paths (T, n), and their scores. Where each came from is found on the way back, so that forwards only maxima are taken."""
    steps, n, states = len(factors.active), len(factors.lengths), factors.states
    scores = np.empty((steps, states, n))  # sequences last: long runs of additions
    through = np.empty((states, states, n))
    scores[0] = factors.logs_at(0).T
    for t in range(1, steps):
        m = factors.active[t]
        np.add(scores[t - 1, :, None, :m], log_transition[:, :, None], out=through[:, :, :m])
        np.maximum.reduce(through[:, :, :m], axis=0, out=scores[t, :, :m])
        scores[t, :, :m] += factors.logs_at(t).T
    ends = scores[factors.lengths - 1, :, np.arange(n)]  # (n, states)
    state = ends.argmax(1)
    best = ends[np.arange(n), state]
    path = np.zeros((steps, n), np.int64)
    for t in range(steps - 1, -1, -1):
        m = factors.active[t]
        path[t, :m] = state[:m]
        if t:
            state[:m] = (scores[t - 1, :, :m] + log_transition[:, state[:m]]).argmax(0)
    return path, best
