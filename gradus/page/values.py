"""The numbers of an example where the prose names them: `{{alpha[0]}}`, `{{loss:3}}` digits, `{{share:%}}`, `{{x:.2f}}`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

#: A name with indices, and a format after a colon.
NAMED = re.compile(
    r"\{\{\s*(?!exercise\s*:)(?P<name>[A-Za-z_]\w*)(?P<index>(?:\[[^\]{}]*\])*)\s*(?::(?P<form>[^{}]*))?\}\}"
)
_INDEX = re.compile(r"-?\d+(?:\s*,\s*-?\d+)*")
DIGITS = 4


class Decimal(NamedTuple):
    """A number as it is written: its sign, its digits, and the power of ten, where there is one."""

    negative: bool
    digits: str
    power: int | None = None
    percent: bool = False


def look_up(name: str, index: str, values: Mapping[str, Any]) -> Any:
    """The value that the prose names.

    Raises:
        GradusError: the example has no such value, or an index that leads nowhere.
    """
    if name not in values:
        raise GradusError(
            Text(
                f"the example has no value {name!r}; it has {', '.join(values)}",
                f"示例中没有名为 {name!r} 的值；有 {'、'.join(values)}",
            )
        )
    value = values[name]
    for part in re.findall(r"\[([^\]]*)\]", index):
        if not _INDEX.fullmatch(part.strip()):
            raise GradusError(
                Text(
                    f"expected whole numbers between the brackets of {name}{index}",
                    f"{name}{index} 的方括号内应为整数",
                )
            )
        place = tuple(int(i) for i in part.split(","))
        try:
            value = value[place if len(place) > 1 else place[0]]
        except (IndexError, TypeError, KeyError) as error:
            raise GradusError(
                Text(f"{name}{index} leads nowhere: {error}", f"{name}{index} 没有对应的值：{error}")
            ) from error
    return value


def decimal(value: float, form: str = "") -> Decimal:
    """How a number is written.

    Args:
        value: a finite number or ±∞.
        form: "" (four significant digits, whole numbers whole), "3" (so many digits), ".2f" (so many decimals), "%".

    Raises:
        GradusError: it is NaN, or the form is none of these.
    """
    value = float(value)
    if math.isnan(value):
        raise GradusError(Text("an example's value is NaN", "示例中有值为 NaN"))
    if math.isinf(value):
        return Decimal(value < 0, "∞")
    negative, size = value < 0, abs(value)
    if form.endswith("%"):
        shown = f"{100 * size:.{int(form[:-1] or DIGITS - 1)}g}"
        return Decimal(negative and float(shown) != 0, shown, percent=True)
    if fixed := re.fullmatch(r"\.(\d)f", form):
        shown = f"{size:.{fixed.group(1)}f}"
        return Decimal(negative and float(shown) != 0, shown)
    if form and not form.isdecimal():
        raise GradusError(
            Text(
                f"expected a form such as 3, .2f or %, got {form!r}",
                f"格式应为 3、.2f 或 % 之类，得到 {form!r}",
            )
        )
    return _significant(negative, size, int(form or DIGITS))


def _significant(negative: bool, size: float, digits: int) -> Decimal:
    if size < 1e6 and size == int(size):
        return Decimal(negative and size > 0, str(int(size)))
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < 6:
        shown = f"{size:.{max(digits - 1 - power, 0)}f}"
        return Decimal(negative, shown.rstrip("0").rstrip(".") if "." in shown else shown)
    return Decimal(negative, mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa, power)


def written(
    value: Any, form: str, one: Callable[[Decimal], str], many: Callable[[list[list[str]]], str]
) -> str:
    """A value with each number written by `one`, and rows of numbers put together by `many`; a name stands as it is."""
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim > 2:
        raise GradusError(
            Text(
                f"expected a number, a vector, a matrix or a name, got {value!r}",
                f"应为数、向量、矩阵或名称，得到 {value!r}",
            )
        )
    if array.ndim == 0:
        return one(decimal(array.item(), form))
    return many([[one(decimal(x, form)) for x in row] for row in np.atleast_2d(array).tolist()])


def plain(number: Decimal) -> str:
    """In Unicode: −4.4 × 10⁸."""
    power = "" if number.power is None else " × 10" + str(number.power).translate(_SUPERSCRIPTS)
    return f"{'−' * number.negative}{number.digits}{power}{' %' * number.percent}"


def as_html(number: Decimal) -> str:
    """In HTML."""
    power = (
        "" if number.power is None else f"&#8239;×&#8239;10<sup>{str(number.power).replace('-', '−')}</sup>"
    )
    return f"{'−' * number.negative}{number.digits}{power}{'&#8239;%' * number.percent}"


def as_mathml(number: Decimal) -> str:
    """In MathML, as one element."""
    parts = [f"<mn>{number.digits}</mn>"]
    if number.power is not None:
        sign = "<mo>−</mo>" * (number.power < 0)
        parts.append(f"<mo>×</mo><msup><mn>10</mn><mrow>{sign}<mn>{abs(number.power)}</mn></mrow></msup>")
    if number.percent:
        parts.append("<mi>%</mi>")
    if number.negative:
        parts.insert(0, '<mo form="prefix" stretchy="false">−</mo>')
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def rows_plain(rows: list[list[str]]) -> str:
    """A vector (1, 2) or the rows of a matrix [1 2; 3 4] in a line."""
    if len(rows) == 1:
        return f"({', '.join(rows[0])})"
    return f"[{'; '.join(' '.join(row) for row in rows)}]"


def rows_mathml(rows: list[list[str]]) -> str:
    """A vector or matrix in MathML."""
    fence = '<mo fence="true" form="{}" stretchy="true">{}</mo>'
    if len(rows) == 1:
        inside = '<mo>,</mo><mspace width="0.1667em"></mspace>'.join(rows[0])
    else:
        cells = "".join("<mtr>" + "".join(f"<mtd>{c}</mtd>" for c in row) + "</mtr>" for row in rows)
        inside = f"<mtable>{cells}</mtable>"
    return f"<mrow>{fence.format('prefix', '(')}{inside}{fence.format('postfix', ')')}</mrow>"


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
