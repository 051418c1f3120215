"""How an argument is refused: by its name, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text

LONGEST = 60


class ArgumentError(GradusError, TypeError):
    """An argument of a wrong type: a GradusError that is a TypeError, too."""


def shown(value: Any) -> str:
    """What came, in a few characters: a value as Python writes it, else its type."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        try:
            whole = repr(value)
        except ValueError:  # an integer of thousands of digits
            return type(value).__name__
        return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
    shape = getattr(value, "shape", None)
    named = type(value).__name__
    return f"{named} of shape {tuple(shape)}" if isinstance(shape, tuple) else named


def refusal(
    name: str, expected: tuple[str, str], got: Any, mend: tuple[str, str] = ("", ""), *, kind: bool = False
) -> GradusError:
    """The error that an argument is refused by: to be raised.

    Args:
        name: of the argument.
        expected: in English and in Chinese.
        got: what came.
        mend: how to mend it, in English and in Chinese.
        kind: a wrong type: the error is a TypeError, too.
    """
    came = got if isinstance(got, Text) else Text(shown(got), shown(got))
    en = f"{name}: expected {expected[0]}, got {came.en}" + (f"; {mend[0]}" if mend[0] else "")
    zh = f"{name}：应为{expected[1]}，实为 {came.zh}" + (f"；{mend[1]}" if mend[1] else "")
    return (ArgumentError if kind else GradusError)(Text(en, zh))


def written(numbers: Sequence[float]) -> Text:
    """The numbers themselves as what came, of which `refusal` would else name the type."""
    return Text(str(list(numbers)), str(list(numbers)))


def not_finite(name: str, bad: Any, place: Sequence[int]) -> GradusError:
    """That the entry of the argument at that place is NaN or infinite."""
    where = f"{name}{list(place) if place else ''}"
    return refusal(
        name,
        ("finite numbers", "有限数"),
        Text(f"{bad} at {where}", f"{where} 处的 {bad}"),
        ("drop or fill such entries", "请删去或填补这些元素"),
    )
