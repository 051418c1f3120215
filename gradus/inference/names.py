"""Variables and states by the names that a user types, and the nearest ones where none fits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["state_index", "unknown", "variable_name", "variable_names"]

MOST = 5  # names that an error lists


def unknown(name: str, what: tuple[str, str], given: Any, known: Iterable[str]) -> GradusError:
    """That a name is none of those known: with the nearest of them, else the first few."""
    options = list(known)
    near = difflib.get_close_matches(str(given), options, n=1, cutoff=0.6) or [
        option for option in options if option.casefold() == str(given).casefold()
    ]
    if near:
        mend = (f"did you mean {near[0]!r}?", f"是否想写 {near[0]!r}？")
    else:
        several = ", ".join(options[:MOST]) + (", …" if len(options) > MOST else "")
        mend = (f"known are: {several}", f"已知的有：{several}")
    came = Text(repr(given), repr(given))
    return refusal(name, what, came, mend)


def variable_name(name: str, given: Any, states: Mapping[str, Sequence[str]]) -> str:
    """The variable that is meant: by its name, or its number where the names are numbers.

    Raises:
        GradusError: there is none of that name.
    """
    found = str(given) if isinstance(given, (int, np.integer)) and not isinstance(given, bool) else given
    if isinstance(found, str) and found in states:
        return found
    raise unknown(name, ("the name of a variable", "变量的名称"), given, states)


def variable_names(name: str, given: Any, states: Mapping[str, Sequence[str]], least: int = 0) -> list[str]:
    """The variables that are meant: by one name, or several that are different.

    Raises:
        GradusError: what came is no name and no list of names, there is none of that name, one comes twice, or too few.
    """
    several = [given] if isinstance(given, (str, int, np.integer)) and not isinstance(given, bool) else given
    if not isinstance(several, (list, tuple, set, frozenset, dict)):
        raise refusal(
            name,
            ("the name of a variable, or a list of names", "一个变量名，或变量名的列表"),
            given,
            kind=True,
        )
    names = [variable_name(name, one, states) for one in several]
    if len(set(names)) < len(names):
        twice = next(v for v in names if names.count(v) > 1)
        raise refusal(
            name,
            ("variables that are different", "互不相同的变量"),
            Text(f"{twice!r} twice", f"两个 {twice!r}"),
        )
    if len(names) < least:
        raise refusal(name, ("at least one variable", "至少一个变量"), Text("none", "无"))
    return names


def state_index(name: str, variable: str, given: Any, states: Sequence[str]) -> int:
    """The place of a state: by its name; True and False stand for states of that name, a number for that of its digits.

    Raises:
        GradusError: the variable has no such state.
    """
    if isinstance(given, (bool, np.bool_)):
        alike = [i for i, state in enumerate(states) if state.casefold() == str(bool(given)).casefold()]
        if len(alike) == 1:
            return alike[0]
    elif isinstance(given, (str, int, np.integer)) and str(given) in states:
        return list(states).index(str(given))
    raise unknown(name, (f"a state of {variable}", f"变量 {variable} 的状态"), given, states)
