"""How numbers are written: one function for each purpose.

A figure that may be copied into a program (the terminal, JUnit, errors) is spelt as Python spells it: `-2.5e-16`,
`61,706`. A figure that is typeset (reports, pages, drawings) has a true minus, powers of ten and thin spaces:
−2.5 × 10⁻¹⁶, 61 706.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

_SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_CODE = re.compile(r"(\$[^$]*\$|`[^`]*`)")
_SCIENTIFIC = re.compile(r"(?<![\w.])([-−+]?\d+(?:\.\d+)?)[eE]([-+]?\d+)\b")
_POWER = re.compile(r"(?<=[\w)])\^([-−]?\d+)(?![\w.])")
_SIGNED_ZERO = re.compile(r"(?<![\w.)])[-−](0(?:\.0+)?)(?![\w.])")
_NEGATIVE = re.compile(r"(?<![\w.)\]])-(?=\d|inf\b|∞)")


def figure(value: float) -> str:
    """A measured number as plain text: whole numbers exactly, others with six digits, very small or large ones with three."""
    if isinstance(value, bool) or (float(value).is_integer() and abs(value) < 1e7):
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 1e-3 or abs(value) >= 1e5 else f"{value:.6g}"


def typeset(value: float, digits: int = 3) -> Markup:
    """A number as HTML, with so many significant digits: 0.0213, 1.25 × 10⁻¹⁶, ∞; whole numbers exactly."""
    from markupsafe import Markup

    if math.isnan(value):
        return Markup("NaN")
    if math.isinf(value):
        return Markup("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < 1e6:
        return Markup(true_minus(f"{int(value)}"))
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 6:
        text = f"{value:.{max(digits - 1 - exponent, 0)}f}"
        return Markup(true_minus(text.rstrip("0").rstrip(".") if "." in text else text))
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return Markup(f"{true_minus(mantissa)}&#8239;×&#8239;10<sup>{true_minus(str(int(power)))}</sup>")


def rounded(value: float, digits: int = 4) -> str:
    """A number in a drawing or a formula, with so many significant digits: −0.3333."""
    return true_minus(f"{value:.{digits}g}")


def order_of_magnitude(value: float) -> str:
    """A size as a power of ten in plain characters: 2·10⁻⁶."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}·10" + str(int(exponent)).translate(_SUPERSCRIPTS)


def mathematical(text: str) -> str:
    """Words with the numbers as Python spells them set as mathematics: 4.4×10⁸, −0.2, 10⁻⁹, ∞, 7%; `$…$` and code stand."""
    parts = _CODE.split(text)
    return "".join(part if i % 2 else _set_numbers(part) for i, part in enumerate(parts))


def _set_numbers(text: str) -> str:
    text = _SCIENTIFIC.sub(_power_of_ten, text)
    text = _POWER.sub(lambda match: match.group(1).translate(_SUPERSCRIPTS), text)
    text = _SIGNED_ZERO.sub(r"\1", text)
    text = _NEGATIVE.sub("−", text)
    text = re.sub(r"(?<![\w.])inf\b", "∞", re.sub(r"−inf\b", "−∞", text))
    return re.sub(r"(?<=\d) %", "%", text)


def _power_of_ten(match: re.Match[str]) -> str:
    mantissa, exponent = match.group(1), str(int(match.group(2)))
    if exponent == "0":
        return mantissa
    power = "10" + exponent.translate(_SUPERSCRIPTS)
    sign, size = (mantissa[0], mantissa[1:]) if mantissa[0] in "-−+" else ("", mantissa)
    return sign + (power if float(size) == 1 else f"{size}×{power}")


def grouped(value: int) -> str:
    """A whole number with its thousands set apart by thin spaces: 61 706."""
    return f"{value:,}".replace(",", "\u202f")


def percent(value: float) -> str:
    """A fraction in percent with two decimals: 98.43 %."""
    return f"{100 * value:.2f}\u202f%"


def score(value: float, fraction: bool) -> str:
    """A score: a fraction in percent, another number with three decimals."""
    return percent(value) if fraction else true_minus(f"{value:.3f}")


def duration(seconds: float, lang: str) -> str:
    """A time span: 12 ms, 3.4 s, 2 min 5 s."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} {'毫秒' if lang == 'zh' else 'ms'}"
    if seconds < 59.95:
        return f"{seconds:.1f} {'秒' if lang == 'zh' else 's'}"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest} 秒" if lang == "zh" else f"{minutes} min {rest} s"


def typeset_value(value: Any, lang: str, digits: int = 6) -> Any:
    """A value as HTML: numbers as `typeset` writes them, lists with commas, yes and no in words, all else as it is."""
    from markupsafe import Markup

    if isinstance(value, bool) or value is None:
        words = {True: ("yes", "是"), False: ("no", "否"), None: ("none", "无")}
        return words[value][lang == "zh"]
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        return typeset(value, digits)
    if isinstance(value, list | tuple):
        return Markup(", ").join(typeset_value(v, lang, digits) for v in value)
    return value


def true_minus(text: str) -> str:
    """The text with − (U+2212) for each hyphen."""
    return text.replace("-", "−")
