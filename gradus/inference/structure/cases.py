"""Complete cases as places of states, and how often each combination of states came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import refusal
from gradus.inference.monte_carlo.network_sample import NetworkSample
from gradus.inference.network_tables import checked_states
from gradus.inference.parameters.observed import MISSING, columns_of, observed, states_of
from gradus.text import Text

__all__ = ["Cases", "complete_cases"]

Whole = np.ndarray[Any, np.dtype[np.int64]]


class Cases(NamedTuple):
    """Cases without a gap.

    Attributes:
        states: names of the states by variable.
        codes: (variables, cases) places of states.
        sizes: (variables) numbers of states.
    """

    states: dict[str, tuple[str, ...]]
    codes: Whole
    sizes: Whole

    @property
    def names(self) -> list[str]:
        """Of the variables, in order."""
        return list(self.states)

    def combined(self, variables: Sequence[int]) -> tuple[Whole, int]:
        """One number a case for the states of several variables together, and how many numbers there may be.

        Numbers are those of all combinations while these are fewer than the cases, else of those that occur.
        """
        code, size = np.zeros(self.codes.shape[1], np.int64), 1
        for v in variables:
            code = code * self.sizes[v] + self.codes[v]
            size *= int(self.sizes[v])
            if size > self.codes.shape[1]:
                kept, code = np.unique(code, return_inverse=True)
                size = len(kept)
        return code, size


def complete_cases(data: Any, states: Mapping[str, Any] | None, missing: Iterable[Any] = ()) -> Cases:
    """The cases of a user, see `fit_parameters`.

    Raises:
        GradusError: data that are no cases, fewer than two variables, a value that is missing (variable and case are said).
    """
    if isinstance(data, NetworkSample) and states is None:
        columns_of(data)  # refuses weights that differ
        found, codes = dict(data.states), np.stack([data[v] for v in data.states])
    else:
        columns, unknown = columns_of(data), frozenset(missing)
        given = {} if states is None else checked_states(states)
        own = {
            v: tuple(n)
            for v, n in states_of({v: columns[v] for v in columns if v not in given}, unknown).items()
        }
        found = {v: given.get(v, own.get(v, ())) for v in columns}
        codes = np.ascontiguousarray(observed(columns, found, unknown).T)
    if len(found) < 2:
        raise refusal(
            "data", ("two variables or more", "至少两个变量"), Text(f"{len(found)}", f"{len(found)} 个")
        )
    if np.any(codes == MISSING):
        v, case = np.argwhere(codes == MISSING)[0]
        name = list(found)[v]
        expected = (
            "cases without a gap (leave those out, or fill them by fit_parameters and its network)",
            "没有缺失值的案例（请去掉缺失的案例，或用 fit_parameters 及其网络补全）",
        )
        raise refusal(
            "data", expected, Text(f"nothing for {name} in case {case}", f"案例 {case} 缺少 {name}")
        )
    return Cases(found, codes, np.array([len(names) for names in found.values()]))
