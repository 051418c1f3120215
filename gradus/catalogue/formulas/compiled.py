"""Formulas as they are shown: LaTeX in the records, MathML on pages, Unicode in terminals.

The MathML is compiled when Gradus is developed (`make formulas`) and shipped as data, so that reading
mathematics needs neither JavaScript nor a network.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Literal

from gradus.catalogue.formulas.terminal import terminal_text
from gradus.errors import GradusError
from gradus.text import Text

DATA = Path(__file__).parents[2] / "assets" / "formulas.json"
Style = Literal["display", "inline"]

#: `$$…$$`, `$…$` (a dollar sign is written `\$`), or code between backticks.
MARKUP = re.compile(r"\$\$(?P<display>[^$]+)\$\$|(?<!\\)\$(?P<inline>(?:[^$\\]|\\.)+)\$|`(?P<code>[^`]+)`")


@functools.cache
def _compiled() -> dict[str, dict[str, str]]:
    data: dict[str, dict[str, str]] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def mathml(latex: str, display: bool = True) -> str:
    """The MathML of a formula of the catalogue.

    Args:
        latex: as it stands in the record.
        display: set on a line of its own; else within the line.

    Raises:
        GradusError: it is not among the compiled formulas.
    """
    formula = _compiled()["display" if display else "inline"].get(latex)
    if formula is None:
        raise GradusError(
            Text(
                f"the formula {latex!r} is not compiled; run `make formulas` after changing a page",
                f"公式 {latex!r} 尚未编译；改动页面后请运行 `make formulas`",
            )
        )
    return formula


def unicode_text(latex: str, one_line: bool = False) -> str:
    """A formula in readable Unicode, for terminals: matrices, cases and aligned equations take several lines.

    Raises:
        GradusError: it is not among the compiled formulas.
    """
    compiled = _compiled()
    formula = compiled["display"].get(latex) or compiled["inline"].get(latex)
    return terminal_text(formula if formula is not None else mathml(latex), one_line)


def prose_html(text: str, strict: bool = True) -> str:
    """Prose as HTML: escaped, `$…$` as MathML, code between backticks as `<code>`.

    Args:
        text: one language of a `Text`.
        strict: a formula that is not compiled is an error; else it is shown as its LaTeX, which is for text
            that comes from outside the catalogue.

    Raises:
        GradusError: a formula is not compiled.
    """

    def math(latex: str, style: Style) -> str:
        if not strict and latex not in _compiled()[style]:
            return f'<code class="latex">{escape(latex)}</code>'
        return mathml(latex, style == "display")

    parts = []
    for kind, content in split(text):
        if kind == "code":
            parts.append(f"<code>{escape(content)}</code>")
        elif kind in ("display", "inline"):
            parts.append(math(content, kind))  # type: ignore[arg-type]
        else:
            parts.append(escape(content))
    return "".join(parts)


def prose_text(text: str, strict: bool = True) -> str:
    """Prose for a terminal: `$…$` as Unicode in the line, code without its backticks.

    Raises:
        GradusError: a formula is not compiled, and `strict` is set.
    """
    parts = []
    for kind, content in split(text):
        known = strict or any(content in _compiled()[style] for style in ("display", "inline"))
        formula = kind in ("display", "inline") and known
        parts.append(unicode_text(content, one_line=True) if formula else content)
    return "".join(parts)


def split(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of prose: ("text" | "code" | "inline" | "display", content)."""
    end = 0
    for match in MARKUP.finditer(text):
        if match.start() > end:
            yield "text", text[end : match.start()].replace("\\$", "$")
        kind = match.lastgroup or "text"
        yield kind, match.group(kind)
        end = match.end()
    if end < len(text):
        yield "text", text[end:].replace("\\$", "$")
