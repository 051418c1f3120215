"""Tables over named variables, and what is asked of those that a user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import array, refusal
from gradus.inference.names import unknown
from gradus.text import Text

__all__ = ["Factor", "Table", "checked_factor", "checked_states", "checked_table", "held", "nonnegative"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Factor(NamedTuple):
    """A non-negative function of a few variables.

    Attributes:
        variables: their names.
        table: its values, one axis a variable in that order.

    Example:
        >>> Factor(("rain", "wet"), np.ones((2, 2))).table.shape
        (2, 2)
    """

    variables: tuple[str, ...]
    table: Array


class Table(NamedTuple):
    """P(child | parents).

    Attributes:
        parents: names, () for a root.
        probabilities: one axis a parent in that order, the child's last; sums to 1 over the last axis.

    Example:
        >>> Table(("rain",), np.array([[0.9, 0.1], [0.2, 0.8]])).parents
        ('rain',)
    """

    parents: tuple[str, ...]
    probabilities: Array


def checked_states(states: Any) -> dict[str, tuple[str, ...]]:
    """The names of the states of each variable.

    Raises:
        GradusError: names that are no text, come twice, or none at all.
    """
    expected = ("the names of the states by variable, such as {'rain': ['yes', 'no']}",
                "按变量给出的状态名，例如 {'rain': ['yes', 'no']}")  # fmt: skip
    if not isinstance(states, Mapping):
        raise refusal("states", expected, states, kind=True)
    made = {}
    for variable, names in states.items():
        if not isinstance(variable, str) or not variable:
            raise refusal("states", ("variables named by text", "以文字命名的变量"), variable, kind=True)
        if isinstance(names, str) or not isinstance(names, Sequence):
            raise refusal(f"states[{variable!r}]", ("a list of names", "名称的列表"), names, kind=True)
        for i, name in enumerate(names):
            if not isinstance(name, str):
                mend = (
                    (f"write {str(name)!r}", f"写作 {str(name)!r}")
                    if isinstance(name, (int, np.integer))
                    else ("", "")
                )
                raise refusal(f"states[{variable!r}][{i}]", ("a name", "名称"), name, mend, kind=True)
        if not names:
            raise refusal(f"states[{variable!r}]", ("at least one state", "至少一个状态"), Text("none", "无"))
        if len(set(names)) < len(names):
            twice = next(n for n in names if list(names).count(n) > 1)
            raise refusal(
                f"states[{variable!r}]",
                ("different names", "互不相同的名称"),
                Text(f"{twice!r} twice", f"两个 {twice!r}"),
            )
        made[variable] = tuple(names)
    return made


def checked_factor(i: int, pair: Any, states: Mapping[str, Sequence[str]]) -> Factor:
    """A factor from its variables' names and its table.

    Raises:
        GradusError: it is no such pair, or does not fit the states.
    """
    name = f"factors[{i}]"
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise refusal(name, ("a pair of names and a table", "名称与表组成的对"), pair, kind=True)
    named, table = pair
    variables = (
        (named,) if isinstance(named, str) else tuple(named) if isinstance(named, (tuple, list)) else None
    )
    if variables is None:
        raise refusal(name, ("the names of variables", "变量的名称"), named, kind=True)
    for variable in variables:
        if variable not in states:
            raise unknown(name, ("the name of a variable", "变量的名称"), variable, states)
    if len(set(variables)) < len(variables):
        raise refusal(
            name, ("variables that are different", "互不相同的变量"), Text(str(variables), str(variables))
        )
    return Factor(variables, checked_table(name, table, variables, states))


def checked_table(
    name: str, given: Any, variables: Sequence[str], states: Mapping[str, Sequence[str]]
) -> Array:
    """A copy, which cannot be written to, of a table of numbers that are 0 or more, an axis a variable.

    Raises:
        GradusError: it has another shape, or holds something else, and where.
    """
    table = np.array(array(name, given, finite=True), dtype=float)
    shape = tuple(len(states[v]) for v in variables)
    if table.shape != shape:
        axes = ", ".join(variables)
        expected = (
            (f"the shape {shape} of {axes}", f"形状 {shape}（{axes}）") if axes else ("a number", "一个数")
        )
        raise refusal(name, expected, Text(str(table.shape), str(table.shape)))
    nonnegative(name, table)
    return held(table)


def held(table: Array) -> Array:
    """A table that nobody writes to: plans that are kept rest on it."""
    table.setflags(write=False)
    return table


def nonnegative(name: str, table: Array) -> None:
    """Refuses a negative entry.

    Raises:
        GradusError: there is one, and where.
    """
    if table.size and table.min() < 0:
        place = [int(i) for i in np.argwhere(table < 0)[0]]
        came = Text(f"{table[tuple(place)]} at {name}{place}", f"{name}{place} 处的 {table[tuple(place)]}")
        raise refusal(name, ("no negative number", "非负数"), came)
