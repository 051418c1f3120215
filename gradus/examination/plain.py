"""An examination as plain text, in columns that align in Chinese, too."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from gradus.examination.verdicts import LEVELS, Section, Table
from gradus.numbers import figure
from gradus.text import Text, cell_width

WIDTH = 110
MARKS = {"fault": "✗", "warning": "!", "note": "·"}
NONE_FOUND = Text("no fault and no warning", "没有故障，也没有警告")
NOT_CHECKED = Text("Not checked", "未检查")
VERDICTS = Text("Verdicts", "结论")


def as_text(examination: Any, lang: str) -> str:
    """The whole report."""
    lines = [f"{Text('Examination of', '检查').get(lang)} {examination.title}"]
    lines += columns([[f"  {a.get(lang)}", b.get(lang)] for a, b in examination.facts])
    lines += ["", VERDICTS.get(lang)]
    if all(v.level == "note" for v in examination.verdicts):
        lines += folded("  ✓ ", none_found(len(examination.not_checked)).get(lang))
    for v in examination.verdicts:
        lines += folded(
            f"  {MARKS[v.level]} {LEVELS[v.level].get(lang)}{Text(': ', '：').get(lang)}",
            v.statement.get(lang),
        )
        lines += folded("      ", v.evidence.get(lang))
        lines += folded("      → ", v.advice.get(lang))
        if v.pages:
            lines.append(f"      gradus show {v.pages[0]}")
    for section in examination.sections:
        lines += ["", *_section(section, lang)]
    if examination.not_checked:
        lines += ["", NOT_CHECKED.get(lang)]
        for n in examination.not_checked:
            lines += folded("  – ", f"{n.what.get(lang)}{Text(': ', '：').get(lang)}{n.reason.get(lang)}")
    return "\n".join(lines)


def none_found(left: int) -> Text:
    """That nothing was found, and of how much that cannot be said."""
    if not left:
        return NONE_FOUND
    return Text(
        f"{NONE_FOUND.en} in what was checked; not checked: {left}, listed below",
        f"已检查的内容中{NONE_FOUND.zh}；另有 {left} 项未检查，列于下文",
    )


def _section(section: Section, lang: str) -> list[str]:
    lines = [section.title.get(lang)]
    lines += columns([[f"  {a.get(lang)}", b.get(lang)] for a, b in section.facts])
    for table in section.tables:
        lines += ["", *_table(table, lang)]
    for remark in section.remarks:
        lines += folded("  ", remark.get(lang))
    return lines if len(lines) > 1 else [*lines, "  –"]


def _table(table: Table, lang: str) -> list[str]:
    cells = [[c.get(lang) for c in table.columns], *([cell(c, lang) for c in row] for row in table.rows)]
    right = {
        j
        for j in range(len(table.columns))
        if all(isinstance(row[j], (int, float)) or row[j] is None for row in table.rows)
    }
    return ["  " + line for line in columns(cells, right)]


def cell(value: Any, lang: str) -> str:
    """A cell's words."""
    if value is None:
        return ""
    if isinstance(value, Text):
        return value.get(lang)
    if isinstance(value, float):
        return f"{value:.3g}"
    return (
        figure(value)
        if isinstance(value, int) and not isinstance(value, bool) and value < 1e7
        else str(value)
    )


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] | set[int] = ()) -> list[str]:
    """Rows with their cells below each other."""
    if not rows:
        return []
    wide = [max(cell_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            " " * (w - cell_width(c)) + c if j in right else c + " " * (w - cell_width(c))
            for j, (c, w) in enumerate(zip(row, wide, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def folded(head: str, text: str) -> list[str]:
    """The text after its head, in lines that fit, the later ones as far in as the first."""
    indent = " " * cell_width(head)
    lines, line = [], head
    for word in _words(text):
        if cell_width(line) + cell_width(word.rstrip()) > WIDTH and line.strip() and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += word
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """Words with the space behind them; a Chinese character is a word, with the punctuation behind it."""
    words = [""]
    for c in text:
        wide = unicodedata.east_asian_width(c) in "WF"
        closing = c in "，。；：、）”"
        if wide and not closing:
            words.append(c)
        elif closing and words:
            words[-1] += c
            words.append("")
        else:
            if words[-1] and unicodedata.east_asian_width(words[-1][-1]) in "WF" and c != " ":
                words.append("")
            words[-1] += c
            if c == " ":
                words.append("")
    return [w for w in words if w]
