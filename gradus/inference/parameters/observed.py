"""Cases as a user has them: columns of names of states, with what is missing, as places of states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.arguments import refusal
from gradus.inference.monte_carlo.network_sample import NetworkSample
from gradus.inference.names import state_index, unknown
from gradus.text import Text

__all__ = ["columns_of", "observed", "states_of"]

Whole = np.ndarray[Any, np.dtype[np.int64]]
MISSING = -1


def columns_of(data: Any) -> dict[str, Any]:
    """The columns by name: of a mapping, a data frame, draws of a network, or a list of cases by name.

    Raises:
        GradusError: it is none of these, or columns of different lengths.
    """
    if isinstance(data, NetworkSample):
        if np.ptp(data.log_weights) > 0:
            alike = ("draws of equal weight, such as network.sample(…)", "等权的样本，例如 network.sample(…)")
            raise refusal("data", alike, Text("weights that differ", "权重不等"))
        return {v: data.names(v) for v in data}  # texts, which are looked up once each
    if isinstance(data, Mapping) or hasattr(data, "columns"):
        names = list(data) if isinstance(data, Mapping) else list(data.columns)
        columns = {str(name): data[name] for name in names}
    elif isinstance(data, Sequence) and data and all(isinstance(case, Mapping) for case in data):
        columns = {str(n): [case.get(n) for case in data] for n in dict.fromkeys(n for c in data for n in c)}
    else:
        expected = (
            "columns by name, a data frame, draws of a network, or a list of cases such as {'rain': 'yes'}",
            "按名称给出的列、数据框、网络的样本，或 {'rain': 'yes'} 这样的案例组成的列表",
        )
        raise refusal("data", expected, data, kind=True)
    made: dict[str, Any] = {}
    for name, column in columns.items():
        if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
            raise refusal(f"data[{name!r}]", ("a column of states", "一列状态"), column, kind=True)
        texts = isinstance(column, np.ndarray) and column.dtype.kind == "U" and column.ndim == 1
        made[name] = column if texts else list(column)
    lengths = {len(column) for column in made.values()}
    if len(lengths) != 1 or not lengths.pop():
        sizes = ", ".join(f"{name}: {len(c)}" for name, c in list(made.items())[:5])
        alike = ("columns of one length, with at least one case", "长度相同、至少有一个案例的列")
        raise refusal("data", alike, Text(sizes or "none", sizes or "无"))
    return made


def absent(value: Any, missing: frozenset[Any]) -> bool:
    """Whether nothing is known: None, NaN, or a value that was said to stand for it."""
    if value is None or value in missing:
        return True
    different = value != value  # NaN, and what pandas calls NA
    return different is not False and (not isinstance(different, (bool, np.bool_)) or bool(different))


def states_of(columns: Mapping[str, Any], missing: frozenset[Any]) -> dict[str, list[str]]:
    """By column the names of the states that occur, numbers by size and others by letters.

    Raises:
        GradusError: of a column nothing is known.
    """
    found = {}
    for name, column in columns.items():
        given = np.unique(column).tolist() if isinstance(column, np.ndarray) else column
        values = {value for value in given if not absent(value, missing)}
        if not values:
            expected = (
                "states= for a variable of which no case knows anything",
                "为全部缺失的变量给出 states=",
            )
            raise refusal("states", expected, Text(f"none of {name}", f"缺少 {name}"))
        numbers = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values)
        found[name] = [str(v) for v in (sorted(values) if numbers else sorted(values, key=str))]
    return found


def observed(
    columns: Mapping[str, Any], states: Mapping[str, tuple[str, ...]], missing: frozenset[Any]
) -> Whole:
    """Places of states (cases, variables) in the order of `states`, −1 where nothing is known.

    Raises:
        GradusError: a column that is no variable's, or a state that its variable does not have, and in which case.
    """
    for name in columns:
        if name not in states:
            raise unknown("data", ("the name of a variable", "变量的名称"), name, states)
    cases = len(next(iter(columns.values()))) if columns else 0
    codes = np.full((cases, len(states)), MISSING, np.int64)
    for i, (variable, names) in enumerate(states.items()):
        if variable not in columns:
            continue
        known: dict[Any, int] = {name: place for place, name in enumerate(names)}
        row, column = codes[:, i], columns[variable]
        if isinstance(column, np.ndarray):  # each text is looked up once
            texts, inverse = np.unique(column, return_inverse=True)
            first = {text: int(np.argmax(inverse == k)) for k, text in enumerate(texts.tolist())}
            places = [
                MISSING
                if text in missing
                else state_index(f"data[{variable!r}][{case}]", variable, text, names)
                for text, case in first.items()
            ]
            row[:] = np.array(places)[inverse]
            continue
        for case, value in enumerate(column):
            if type(value) is str and value in known and value not in missing:
                row[case] = known[value]
            elif not absent(value, missing):
                row[case] = state_index(f"data[{variable!r}][{case}]", variable, value, names)
    return codes
