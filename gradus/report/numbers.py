"""Numbers as they are printed in a report."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup


def number(value: float, digits: int = 3) -> Markup:
    """A number with so many significant digits: 0.0213, 1.25 × 10⁻¹⁶, ∞; whole numbers exactly."""
    if math.isnan(value):
        return Markup("NaN")
    if math.isinf(value):
        return Markup("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < 1e6:
        return Markup(_minus(f"{int(value)}"))
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 6:
        text = f"{value:.{max(digits - 1 - exponent, 0)}f}"
        return Markup(_minus(text.rstrip("0").rstrip(".") if "." in text else text))
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return Markup(f"{_minus(mantissa)}&#8239;×&#8239;10<sup>{_minus(str(int(power)))}</sup>")


def scientific(value: float) -> str:
    """A size as a power of ten in plain characters: 2·10⁻⁶."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}·10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def grouped(value: int) -> str:
    """A whole number with its thousands set apart by thin spaces: 61 706."""
    return f"{value:,}".replace(",", "\u202f")


def score(value: float, fraction: bool) -> str:
    """A score: a fraction in percent, another number with three decimals."""
    return percent(value) if fraction else _minus(f"{value:.3f}")


def percent(value: float) -> str:
    """A fraction in percent with two decimals: 98.43 %."""
    return f"{100 * value:.2f}\u202f%"


def seconds(value: float, lang: str) -> str:
    """A duration: 12 ms, 3.4 s, 2 min 5 s."""
    if value < 0.9995:
        return f"{1000 * value:.0f} {'毫秒' if lang == 'zh' else 'ms'}"
    if value < 59.95:
        return f"{value:.1f} {'秒' if lang == 'zh' else 's'}"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} 分 {rest} 秒" if lang == "zh" else f"{minutes} min {rest} s"


def plain(value: Any, lang: str, digits: int = 6) -> Any:
    """A value: numbers as `number` writes them, lists with commas, all else as it is."""
    if isinstance(value, bool) or value is None:
        words = {True: ("yes", "是"), False: ("no", "否"), None: ("none", "无")}
        return words[value][lang == "zh"]
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        return number(value, digits)
    if isinstance(value, list | tuple):
        return Markup(", ").join(plain(v, lang, digits) for v in value)
    return value


def _minus(text: str) -> str:
    return text.replace("-", "−")
