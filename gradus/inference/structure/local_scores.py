r"""Scores of a variable given its parents, whose sum over the variables is the score of a graph.

With N_{jk} cases in which the parents are in their j-th configuration and the variable in its k-th state:
log-likelihood Σ N_{jk} ln(N_{jk}/N_j); AIC takes off one for each free parameter, BIC ½ ln n; BDeu is the logarithm of the
probability of the cases under a Dirichlet prior of s/(q r) for each entry, so that Markov-equivalent graphs come out equal in all of them.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from gradus.inference.structure.cases import Cases, Whole

__all__ = ["LocalScores", "Score"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Score = Literal["bic", "bdeu", "aic", "log-likelihood"]
AT_ONCE = 4_000_000  # counts of several candidates that are held at once


class LocalScores:
    """The score of each variable with each set of parents that was asked for; each is worked out once."""

    def __init__(self, cases: Cases, score: Score, equivalent_size: float) -> None:
        self.cases, self.score, self.equivalent_size = cases, score, equivalent_size
        counts = np.arange(cases.codes.shape[1] + 1)
        self._n_log_n = counts * np.log(np.maximum(counts, 1))
        self._known: dict[tuple[int, frozenset[int]], float] = {}

    def of(self, child: int, parents: frozenset[int]) -> float:
        """Of a variable with these parents."""
        key = (child, parents)
        if key not in self._known:
            joint, size = self.cases.combined(sorted(parents))
            r = int(self.cases.sizes[child])
            counts = np.bincount(joint * r + self.cases.codes[child], minlength=size * r).reshape(size, r)
            self._known[key] = float(self._score(counts[:, :, None], child, parents, np.ones(1))[0])
        return self._known[key]

    def with_each(self, child: int, parents: frozenset[int], others: Whole) -> Array:
        """Of a variable with these parents and one of the others, for each of them."""
        joint, size = self.cases.combined(sorted(parents))
        r = int(self.cases.sizes[child])
        joint = joint * r + self.cases.codes[child]
        found = np.empty(len(others))
        for part in self._parts(size * r, others):
            sizes = self.cases.sizes[others[part]]
            start = np.concatenate([[0], np.cumsum(size * r * sizes)])
            codes = joint * sizes[:, None] + self.cases.codes[others[part]] + start[:-1, None]
            counts = np.bincount(codes.ravel(), minlength=start[-1])
            for c in np.unique(sizes):  # candidates of as many states together
                of = np.flatnonzero(sizes == c)
                block = np.stack([counts[start[k] : start[k + 1]].reshape(size, r, c) for k in of], -1)
                found[np.arange(len(others))[part][of]] = self._score(
                    block.transpose(0, 2, 1, 3).reshape(size * c, r, len(of)),
                    child,
                    parents,
                    np.full(len(of), c),
                )
        for k, other in enumerate(others.tolist()):
            self._known[child, parents | {other}] = float(found[k])
        return found

    def _parts(self, size: int, others: Whole) -> list[slice]:
        most = max(1, AT_ONCE // (size * int(self.cases.sizes[others].max()) + self.cases.codes.shape[1]))
        return [slice(i, i + most) for i in range(0, len(others), most)]

    def _score(self, counts: Whole, child: int, parents: frozenset[int], further: Array) -> Array:
        """From counts (configurations, states, candidates), `further` the states of each candidate."""
        r = int(self.cases.sizes[child])
        q = float(np.prod([float(self.cases.sizes[p]) for p in parents])) * further
        rows = counts.sum(1)
        if self.score == "bdeu":
            from scipy.special import gammaln

            row, entry = self.equivalent_size / q, self.equivalent_size / (q * r)
            return np.asarray(
                (gammaln(row) - gammaln(row + rows)).sum(0)
                + (gammaln(entry + counts) - gammaln(entry)).sum((0, 1))
            )
        fit = self._n_log_n[counts].sum((0, 1)) - self._n_log_n[rows].sum(0)
        price = {"bic": 0.5 * np.log(self.cases.codes.shape[1]), "aic": 1.0, "log-likelihood": 0.0}[
            self.score
        ]
        return np.asarray(fit - price * q * (r - 1))
