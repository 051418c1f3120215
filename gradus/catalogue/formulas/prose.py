"""The prose of a page as it is shown: Markdown with formulas, links to other concepts, and the numbers of its example."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape, unescape
from typing import Any

import numpy as np

from gradus.catalogue.formulas.compiled import MARKUP, Style, mathml
from gradus.catalogue.formulas.terminal import terminal_text
from gradus.page.values import (
    NAMED,
    as_html,
    as_mathml,
    decimal,
    look_up,
    plain,
    rows_mathml,
    rows_plain,
    written,
)

#: From the key of a concept to its address; "" where it has none here.
Address = Callable[[str], str]
_HELD = re.compile(r"<mtext[^>]*>§(\d+)</mtext>")  # the place of a number in a compiled formula
_TOKEN = re.compile("\ue000(\\d+)\ue001")
_LINK = re.compile(r'<a href="([a-z0-9-]+)">(.*?)</a>', re.DOTALL)


def masked(latex: str) -> str:
    """A formula with a place for each number that it names, which is how it is compiled: the same whatever the numbers are."""
    places = iter(range(latex.count("{{") + 1))
    return NAMED.sub(lambda match: rf"\text{{§{next(places)}}}", latex)


def formulas_in(text: str) -> Iterator[tuple[str, Style]]:
    """The formulas of prose as they are compiled, displayed or inline."""
    for match in MARKUP.finditer(text):
        if match.lastgroup in ("display", "inline"):
            yield masked(match.group(match.lastgroup)), match.lastgroup  # type: ignore[misc]


def formula_mathml(latex: str, values: Mapping[str, Any], display: bool) -> str:
    """The MathML of a formula of prose, its numbers put in; a negative one in brackets where it is a factor or a summand."""
    shown = []
    for match in NAMED.finditer(latex):
        value = look_up(match["name"], match["index"], values)
        number = written(value, match["form"] or "", as_mathml, rows_mathml)
        if isinstance(value, str):
            number = f"<mtext>{escape(value)}</mtext>"
        shown.append(_bracketed(number) if _needs_brackets(latex, match, value) else number)
    compiled = mathml(masked(latex), display)
    return _HELD.sub(lambda match: shown[int(match[1])], compiled)


def _needs_brackets(latex: str, match: re.Match[str], value: Any) -> bool:
    if isinstance(value, str) or np.ndim(value) or not decimal(value, match["form"] or "").negative:
        return False
    before, after = latex[: match.start()].rstrip(), latex[match.end() :].lstrip()
    beside = before.endswith((r"\cdot", r"\times", "+", "-")) or before[-1:] in tuple(")]}0123456789")
    return beside or after.startswith("^")


def _bracketed(number: str) -> str:
    return (
        f'<mrow><mo fence="true" form="prefix" stretchy="false">(</mo>{number}'
        '<mo fence="true" form="postfix" stretchy="false">)</mo></mrow>'
    )


def prose_page(text: str, values: Mapping[str, Any], address: Address = lambda key: "") -> str:
    """A section of prose as HTML.

    Args:
        text: Markdown with `$…$`, `$$…$$`, `{{name}}` and links to keys of concepts.
        values: the numbers of the example by name.
        address: where a concept is found; a link without address stays as its words.

    Raises:
        GradusError: a number has no name, or a formula is not compiled.
    """
    from markdown_it import MarkdownIt

    pieces: list[str] = []

    def hold(html: str) -> str:
        pieces.append(html)
        return f"\ue000{len(pieces) - 1}\ue001"

    def piece(match: re.Match[str]) -> str:
        if match.lastgroup not in ("display", "inline"):
            return match.group()
        return hold(formula_mathml(match.group(match.lastgroup), values, match.lastgroup == "display"))

    def number(match: re.Match[str]) -> str:
        value = look_up(match["name"], match["index"], values)
        return hold(written(value, match["form"] or "", as_html, rows_plain))

    held = NAMED.sub(number, MARKUP.sub(piece, text))
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(held)
    return _TOKEN.sub(lambda match: pieces[int(match[1])], _LINK.sub(lambda m: _link(m, address), html))


def _link(match: re.Match[str], address: Address) -> str:
    target = address(unescape(match[1]))
    return f'<a href="{escape(target)}">{match[2]}</a>' if target else match[2]


def prose_lines(text: str, values: Mapping[str, Any]) -> str:
    """A section of prose for a terminal: formulas in Unicode, numbers put in, links as their words.

    Raises:
        GradusError: a number has no name, or a formula is not compiled.
    """
    shown, pieces = _held(text, values)
    return _put_back(shown, pieces)


def prose_blocks(text: str, values: Mapping[str, Any]) -> Iterator[str | list[list[str]]]:
    """The blocks of a section of prose for a terminal: words as `prose_lines` has them, a table as its rows of cells, the head first.

    Cells are cut while formulas and code are held, so that no bar of theirs cuts one. Each row has as many cells as the head, as on the page of the site.

    Raises:
        GradusError: a number has no name, or a formula is not compiled.
    """
    shown, pieces = _held(text, values)
    for block in re.split(r"\n\s*\n", shown):
        lines = block.strip().split("\n")
        if len(lines) < 3 or not _RULE.fullmatch(lines[1].strip()):
            yield _put_back(block, pieces)
            continue
        rows = [[_put_back(c.strip().replace(r"\|", "|"), pieces) for c in _cells(line)] for line in lines]
        width = len(rows[0])
        yield [(row + [""] * width)[:width] for row in (rows[0], *rows[2:])]


_RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?")  # below the head of a table


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    return re.split(r"(?<!\\)\|", re.sub(r"(?<!\\)\|$", "", inner))


def _put_back(held: str, pieces: list[str]) -> str:
    return _TOKEN.sub(lambda match: pieces[int(match[1])], held)


def _held(text: str, values: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Prose without its marks, and what stands at the places held in it."""
    pieces: list[str] = []

    def hold(words: str) -> str:  # what Markdown's asterisks, brackets and bars have no say in
        pieces.append(words)
        return f"\ue000{len(pieces) - 1}\ue001"

    def number(match: re.Match[str]) -> str:
        return written(look_up(match["name"], match["index"], values), match["form"] or "", plain, rows_plain)

    def piece(match: re.Match[str]) -> str:
        if match.lastgroup not in ("display", "inline"):
            return hold(NAMED.sub(number, match.group(match.lastgroup or 0)))
        display = match.lastgroup == "display"
        return hold(
            terminal_text(formula_mathml(match.group(match.lastgroup), values, display), one_line=True)
        )

    held = NAMED.sub(lambda match: hold(number(match)), MARKUP.sub(piece, text))
    shown = re.sub(r"\[([^\]]+)\]\([^)\s]+\)", r"\1", held)
    return re.sub(r"(\*\*|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*]))", "", shown), pieces


def linked_keys(text: str) -> list[str]:
    """The keys of the concepts that prose links to, in order."""
    return re.findall(r"\]\(([a-z0-9-]+)\)", text)
