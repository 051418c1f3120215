"""The changes of one arrow that a graph allows, with what each is worth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradus.inference.structure.local_scores import Array, LocalScores

__all__ = ["Move", "Moves"]

Bools = np.ndarray[tuple[int, int], np.dtype[np.bool_]]


class Move(NamedTuple):
    """A change of the arrow from a to b: "add", "remove" or "turn"; what it is worth, and what would take it back."""

    kind: str
    a: int
    b: int
    gain: float

    @property
    def undone(self) -> tuple[str, int, int]:
        """The change that takes this one back."""
        if self.kind == "turn":
            return "turn", self.b, self.a
        return {"add": "remove", "remove": "add"}[self.kind], self.a, self.b


class Moves:
    """A graph, and for each pair what adding or removing its arrow is worth, kept up to date."""

    def __init__(
        self,
        scores: LocalScores,
        parents: list[list[int]],
        fixed: set[tuple[int, int]],
        closed: set[tuple[int, int]],
        most: int,
    ) -> None:
        self._scores, self._most = scores, most
        n = len(parents)
        self._arrow: Bools = np.zeros((n, n), bool)  # [a, b]: from a to b
        for b, of in enumerate(parents):
            self._arrow[of, b] = True
        self._fixed, self._closed = np.zeros((n, n), bool), np.eye(n, dtype=bool)
        for a, b in fixed:
            self._fixed[a, b] = True
        for a, b in closed:
            self._closed[a, b] = True
        self._gain: Array = np.full(
            (n, n), -np.inf
        )  # of adding the arrow, or of removing it where it is there
        self._own = np.zeros(n)
        for b in range(n):
            self._renew(b)
        self.noise = 1e-12 * abs(self._own.sum())  # differences below it are rounding

    @property
    def score(self) -> float:
        """Of the graph as it stands."""
        return float(self._own.sum())

    def parents(self) -> list[list[int]]:
        """Of each variable."""
        return [np.flatnonzero(self._arrow[:, b]).tolist() for b in range(len(self._own))]

    def _renew(self, b: int) -> None:
        """What the arrows to b are worth, after its parents have changed."""
        now = frozenset(np.flatnonzero(self._arrow[:, b]).tolist())
        self._own[b] = own = self._scores.of(b, now)
        self._gain[:, b] = -np.inf
        for a in now:
            self._gain[a, b] = self._scores.of(b, now - {a}) - own
        others = np.flatnonzero(~self._arrow[:, b] & (np.arange(len(self._own)) != b))
        if len(others):
            self._gain[others, b] = self._scores.with_each(b, now, others) - own

    def best(self, taboo: set[tuple[str, int, int]]) -> Move | None:
        """The change that is worth most among those that are allowed; the first of several in the order of the variables."""
        leads = _paths(self._arrow)
        full = self._arrow.sum(0) >= self._most
        add = np.where(self._arrow | self._closed | leads.T | full, -np.inf, self._gain)
        free = self._arrow & ~self._fixed
        remove = np.where(free, self._gain, -np.inf)
        # turned without a cycle: no way from a to b but the arrow itself
        around = (self._arrow.astype(np.int64) @ leads.astype(np.int64)) > 0
        turn = np.where(free & ~around & ~self._closed.T & ~full[:, None], self._gain + self._gain.T, -np.inf)
        for kind, a, b in taboo:
            {"add": add, "remove": remove, "turn": turn}[kind][a, b] = -np.inf
        found = [(float(w.max()), i, int(w.argmax())) for i, w in enumerate((add, remove, turn))]
        gain, which, place = max(found, key=lambda one: (one[0], -one[1]))
        if gain == -np.inf:
            return None
        a, b = divmod(place, len(self._own))
        return Move(("add", "remove", "turn")[which], a, b, gain)

    def make(self, move: Move) -> None:
        """Changes the graph."""
        self._arrow[move.a, move.b] = move.kind == "add"
        self._renew(move.b)
        if move.kind == "turn":
            self._arrow[move.b, move.a] = True
            self._renew(move.a)


def _paths(arrow: Bools) -> Bools:
    """[a, b]: whether a way of one arrow or more leads from a to b."""
    reached = arrow.copy()
    while True:
        further = reached | ((reached.astype(np.float32) @ reached.astype(np.float32)) > 0)
        if np.array_equal(further, reached):
            return reached
        reached = further
