"""What the decorators of a page make of its functions: names, sentences, measures."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

from gradus.errors import GradusError
from gradus.page.evidence import Evidence, all_of
from gradus.text import Text

Measure = Callable[..., Evidence]
Measurements = Callable[..., Evidence | Iterator[Evidence]]
Variant = TypeVar("Variant", bound=Callable[..., Any])


def measured(function: Measurements) -> Measure:
    """The function itself, or, where it yields its measurements, the one that judges them together."""
    if not inspect.isgeneratorfunction(function):
        return cast(Measure, function)

    @functools.wraps(function)
    def together(*arguments: Any, **options: Any) -> Evidence:
        return all_of(*function(*arguments, **options))

    return together


def names_of(names: str | Sequence[str]) -> tuple[str, ...]:
    """Names, given one by one or as "one, another"."""
    return tuple(n.strip() for n in names.split(",")) if isinstance(names, str) else tuple(names)


def new_name(key: str, part: str, function: Callable[..., Any], known: Iterable[str]) -> str:
    """The name of a part of the concept `key`: its function's, with hyphens.

    Raises:
        GradusError: another one has it.
    """
    name = function.__name__.strip("_").replace("_", "-")
    if name in known:
        raise GradusError(
            Text(
                f"{key} has two {part}s called {name}; rename one",
                f"{key} 有两个名为 {name} 的 {part}；请为其中之一改名",
            )
        )
    return name


def sentence_of(key: str, part: str, name: str, function: Callable[..., Any]) -> str:
    """The docstring of a part's function, in one line.

    Raises:
        GradusError: it has none.
    """
    sentence = " ".join((function.__doc__ or "").split())
    if sentence or sys.flags.optimize > 1:  # python -OO drops docstrings
        return sentence or name
    raise GradusError(
        Text(
            f"{key}: the {part} {name} has no sentence; write it as the docstring of its function",
            f"{key}：{part} {name} 没有语句；请写成其函数的文档字符串",
        )
    )
