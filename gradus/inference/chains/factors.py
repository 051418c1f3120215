"""The emissions of some sequences side by side, time first: what the passes multiply by at each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Factors", "active_rows"]

Array = np.ndarray[Any, np.dtype[Any]]
LEAST = {"float64": 1e-300, "float32": 1e-30}  # below, a factor beside the step's largest is written as 0


def active_rows(lengths: Array) -> list[int]:
    """How many sequences have each step, the longest being first."""
    steps = np.arange(lengths[0])
    return (len(lengths) - np.searchsorted(lengths[::-1], steps, side="right")).tolist()  # type: ignore[no-any-return]


@dataclass
class Factors:
    """p(x_t | z_t) of n sequences, the longest first, divided by the largest of each step; the first holds p(z_1), too.

    Either from a table with a row a symbol, or by step.

    Attributes:
        lengths: (n,), falling.
        active: how many sequences have each step.
        logs: (symbols, K) of a table, else (T, n, K), of the emissions themselves.
        first_logs: the same of the first step, with the start in: (symbols, K) or (n, K).
        symbols: (T, n) of a table.
        dtype: of the passes.
    """

    lengths: Array
    logs: Array
    first_logs: Array
    symbols: Array | None
    dtype: Any

    def __post_init__(self) -> None:
        self.active = active_rows(self.lengths)
        self.states = self.logs.shape[-1]
        later, first = _scaled(self.logs, self.dtype), _scaled(self.first_logs, self.dtype)
        (self._later, top), (self._first, first_top) = later, first
        steps, n = int(self.lengths[0]), len(self.lengths)
        inside = np.arange(steps)[:, None] < self.lengths
        if self.symbols is not None:
            taken = np.where(inside[1:], top[self.symbols[1:]], 0.0)
            self.scale = first_top[self.symbols[0]] + taken.sum(0)
        else:
            self.scale = first_top + np.where(inside[1:], top[1:], 0.0).sum(0)
        self._room = np.empty((n, self.states), self.dtype)

    def at(self, t: int) -> Array:
        """The factors of a step, of the sequences that have it: (active, K); they may be overwritten by the next call."""
        m = self.active[t]
        if self.symbols is None:
            return self._first[:m] if t == 0 else self._later[t, :m]
        table = self._first if t == 0 else self._later
        return np.take(table, self.symbols[t, :m], axis=0, out=self._room[:m], mode="clip")

    def logs_at(self, t: int) -> Array:
        """The logarithms of the emissions of a step, the first with the start in: (active, K)."""
        m = self.active[t]
        if self.symbols is None:
            return self.first_logs[:m] if t == 0 else self.logs[t, :m]
        return (self.first_logs if t == 0 else self.logs)[self.symbols[t, :m]]

    def of(self, rows: Array) -> Factors:
        """Those of some of the sequences, for float64."""
        steps = int(self.lengths[rows[0]])
        if self.symbols is not None:
            return Factors(
                self.lengths[rows], self.logs, self.first_logs, self.symbols[:steps, rows], np.float64
            )
        return Factors(self.lengths[rows], self.logs[:steps, rows], self.first_logs[rows], None, np.float64)


def _scaled(logs: Array, dtype: Any) -> tuple[Array, Array]:
    """Factors of which the largest over the last axis is 1, and the logarithm that was taken out; rows of −∞ become 0."""
    top = logs.max(-1)
    taken = np.where(np.isfinite(top), top, 0.0)
    factors = np.exp(logs - taken[..., None])
    factors[factors < LEAST[np.dtype(dtype).name]] = 0.0
    return factors.astype(dtype, copy=False), taken
