"""Arguments that are one value: numbers within their range, whole numbers, yes or no, one of several names, functions."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from gradus.arguments.errors import refusal

__all__ = ["choice", "flag", "function", "number", "path", "text", "whole"]


def number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    infinite: bool = False,
) -> float:
    """A real number within a range, as a float; never NaN.

    Args:
        name: of the argument.
        value: a Python or NumPy number, or an array of no axes; a bool, a text, None or a tensor is none.
        least: what it may be at least.
        most: what it may be at most.
        above: what it lies strictly above.
        below: what it lies strictly below.
        infinite: whether ±∞ is let pass.

    Raises:
        GradusError: it is none, or out of range.
    """
    came = value
    if type(value) is not float:
        value = _real(name, value, (least, most, above, below))
    if (
        (abs(value) < math.inf or (infinite and value == value))  # no isfinite: torch.compile cannot trace it
        and (least is None or value >= least)
        and (most is None or value <= most)
        and (above is None or value > above)
        and (below is None or value < below)
    ):
        return float(value)
    noun = ("a number", "数") if abs(value) < math.inf or infinite else ("a finite number", "有限数")
    raise refusal(name, _range((least, most, above, below), noun), came)


def _real(name: str, value: Any, limits: tuple[float | None, ...]) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        advice = ("", "")
        if hasattr(value, "item"):
            advice = ("take one number of it, with .item()", "用 .item() 取出一个数")
        raise refusal(name, _range(limits), value, advice, kind=True)
    try:
        return float(value)
    except OverflowError:
        raise refusal(name, _range(limits), value) from None


def _range(limits: tuple[float | None, ...], noun: tuple[str, str] = ("a number", "数")) -> tuple[str, str]:
    """In words, the numbers between limits."""
    conditions = [f"{sign} {limit}" for sign, limit in zip("≥≤><", limits, strict=True) if limit is not None]
    return (
        " ".join([noun[0], " and ".join(conditions)]).strip(),
        (noun[1] if not conditions else f" {' 且 '.join(conditions)} 的{noun[1]}"),
    )


def whole(name: str, value: Any, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number within a range, as an int; a bool or a float is none.

    Raises:
        GradusError: it is none, or out of range.
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if is_whole and (least is None or value >= least) and (most is None or value <= most):
        return int(value)
    noun = _range((least, most, None, None), ("a whole number", "整数"))
    raise refusal(name, noun, value, kind=not is_whole)


def flag(name: str, value: Any) -> bool:
    """True or False.

    Raises:
        GradusError: it is neither.
    """
    if value is True or value is False:
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    raise refusal(name, ("True or False", " True 或 False"), value, kind=True)


def choice(name: str, value: Any, options: Iterable[Any]) -> Any:
    """One of several names.

    Raises:
        GradusError: it is none of them; one that differs in capitals, hyphens or blanks only is named as the one meant.
    """
    known = tuple(options)
    if isinstance(value, (str, int, type(None))) and value in known and not isinstance(value, bool):
        return value
    several, mend = ", ".join(map(str, known)), ("", "")
    if (meant := meant_name(value, known)) is not None:
        mend = (f"write {meant!r}", f"请写 {meant!r}")
    raise refusal(
        name, (f"one of {several}", f" {several} 之一"), value, mend, kind=not isinstance(value, str)
    )


def meant_name(value: Any, options: Iterable[Any]) -> str | None:
    """The only one of several names that a text is but for capitals, hyphens and blanks: "L-BFGS" is "lbfgs"."""
    alike = [o for o in options if isinstance(o, str) and isinstance(value, str) and _bare(o) == _bare(value)]
    return alike[0] if len(alike) == 1 else None


def _bare(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).casefold()


def function(name: str, value: Any, example: str = "") -> Callable[..., Any]:
    """What can be called.

    Args:
        name: of the argument.
        value: what came.
        example: of what could be given.

    Raises:
        GradusError: it cannot.
    """
    if callable(value):
        return value  # type: ignore[no-any-return]
    mend = (f"give {example}, for example", f"例如 {example}") if example else ("", "")
    raise refusal(name, ("a function", "函数"), value, mend, kind=True)


def text(name: str, value: Any) -> str:
    """A text that is not empty.

    Raises:
        GradusError: it is none.
    """
    if isinstance(value, str) and value:
        return value
    raise refusal(name, ("a text", "文字"), value, kind=not isinstance(value, str))


def path(name: str, value: Any) -> Path:
    """A path of a file or a folder: a text that is not empty, or a `Path`.

    Raises:
        GradusError: it is none, or has a NUL character, which no system allows.
    """
    if isinstance(value, (str, os.PathLike)) and isinstance(os.fspath(value), str) and os.fspath(value):
        if "\0" in os.fspath(value):
            raise refusal(name, ("a path without NUL characters", "不含 NUL 字符的路径"), os.fspath(value))
        return Path(value)
    raise refusal(name, ("a path", "路径"), value, kind=not isinstance(value, str))
