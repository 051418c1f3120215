"""An examination as one HTML page that needs no network, and as a fragment for notebooks."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus import __version__
from gradus.catalogue import concept
from gradus.errors import GradusError
from gradus.examination.figures import pictures
from gradus.examination.plain import cell, none_found
from gradus.examination.sections import SECTIONS
from gradus.examination.verdicts import LEVELS, Section
from gradus.numbers import mathematical
from gradus.page.figures import canvas_width
from gradus.report.page import ASSETS, HERE, LANGUAGES, fonts_inlined, templates
from gradus.report.pictures import Picture
from gradus.report.svg import inline_svg
from gradus.report.tables import table
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.examination.examination import Examination
    from gradus.page import Concept

OWN = Path(__file__).parent / "templates"
WORDS = {
    "kicker": Text("Examination of a network", "网络检查报告"),
    "made-by": Text("made by Gradus {}", "由 Gradus {} 生成"),
    "contents": Text("Contents", "目录"),
    "verdicts": Text("Verdicts", "结论"),
    "evidence": Text("evidence", "证据"),
    "advice": Text("what to do", "怎么办"),
    "mathematics": Text("The mathematics", "相关数学"),
    "not-checked": Text("What was not checked, and why", "未检查的内容及原因"),
    "all-checked": Text("Everything was checked.", "全部内容都已检查。"),
    "figure": Text("Figure", "图"),
    "table": Text("Table", "表"),
    "read": Text("the whole page:", "完整页面："),
    "nothing": Text("Nothing was measured.", "没有测得任何内容。"),
}


def examination_html(examination: Examination, lang: str) -> str:
    """The page."""
    from markupsafe import Markup

    counts = {"figure": 0, "table": 0}
    sections: list[dict[str, Any]] = []
    for section in examination.sections:
        drawn = [_numbered(p, section, counts, k, lang) for k, p in enumerate(_pictures(section))]
        sections.append({"section": section, "pictures": drawn, "pages": SECTIONS[section.name].pages})
    concepts = _concepts(
        [*(k for s in sections for k in s["pages"]), *(k for v in examination.verdicts for k in v.pages)]
    )
    env = templates(lang, OWN, words=WORDS)
    env.filters["said"] = lambda text: mathematical(text.get(lang))
    return env.get_template("examination.html").render(
        lang=lang,
        html_lang=LANGUAGES[lang],
        examination=examination,
        sections=sections,
        none_found=none_found(len(examination.not_checked)).get(lang),
        concepts=concepts,
        titles={key: c.title for key, c in concepts.items()},
        levels=LEVELS,
        signs={"fault": "✗", "warning": "!", "note": "·"},
        version=__version__,
        style=Markup((HERE / "templates" / "style.css").read_text(encoding="utf-8")),
        own_style=Markup((OWN / "examination.css").read_text(encoding="utf-8")),
        math_style=Markup((ASSETS / "math.css").read_text(encoding="utf-8")),
        fonts=fonts_inlined(lang),
    )


def _pictures(section: Section) -> list[Picture]:
    tables = [
        table(t.columns, [_cells(row) for row in t.rows], t.caption, digits=3)
        for t in section.tables
        if t.rows
    ]
    return [*pictures(section), *tables]


def _cells(row: Sequence[Any]) -> list[Any]:
    return [
        Text(c, c) if isinstance(c, str) and not c.endswith("%") else c for c in row
    ]  # a layer called 0 is no number


def _numbered(
    picture: Picture, section: Section, counts: dict[str, int], k: int, lang: str
) -> dict[str, Any]:
    from markupsafe import Markup

    counts[picture.kind] += 1
    alt = picture.alt.get(lang)
    shown = {"number": counts[picture.kind], "kind": picture.kind, "caption": picture.caption.get(lang), "wide": picture.wide, "alt": ""}  # fmt: skip
    for width in ("markup", "narrow"):
        with canvas_width(width == "narrow"):
            markup = picture.markup(lang)
        if "<svg" not in markup[:1000]:
            return shown | {"markup": Markup(markup)}
        shown[width] = Markup(inline_svg(markup, f"{section.name}-{k}-{width}", alt))
    return shown


def _concepts(keys: Sequence[str]) -> dict[str, Concept]:
    """The pages that are named, in the order in which they are first named; one that is not there is passed over."""
    found = {}
    for key in dict.fromkeys(keys):
        with contextlib.suppress(GradusError):
            found[key] = concept(key)
    return found


def fragment(examination: Examination, lang: str) -> str:
    """Verdicts and facts, for a notebook."""
    parts = [f"<h3>{escape(WORDS['kicker'].get(lang))}: <code>{escape(examination.title)}</code></h3>"]
    if all(v.level == "note" for v in examination.verdicts):
        parts.append(f"<p>✓ {escape(none_found(len(examination.not_checked)).get(lang))}</p>")
    items = "".join(
        f"<li><b>{escape(LEVELS[v.level].get(lang))}: {escape(v.statement.get(lang))}</b><br>{escape(v.evidence.get(lang))}"
        f"<br>→ {escape(v.advice.get(lang))}</li>"
        for v in examination.verdicts
    )
    parts.append(f"<ul>{items}</ul>" if items else "")
    for section in examination.sections:
        rows = "".join(f"<tr><th style='text-align:left'>{escape(a.get(lang))}</th><td>{escape(b.get(lang))}</td></tr>" for a, b in section.facts)  # fmt: skip
        parts.append(f"<details><summary>{escape(section.title.get(lang))}</summary><table>{rows}</table>{_tables(section, lang)}</details>")  # fmt: skip
    left = "".join(
        f"<li>{escape(n.what.get(lang))}: {escape(n.reason.get(lang))}</li>" for n in examination.not_checked
    )
    if left:
        parts.append(
            f"<details><summary>{escape(WORDS['not-checked'].get(lang))}</summary><ul>{left}</ul></details>"
        )
    return "".join(parts)


def _tables(section: Section, lang: str) -> str:
    parts = []
    for t in section.tables:
        head = "".join(f"<th>{escape(c.get(lang))}</th>" for c in t.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell(c, lang))}</td>" for c in row) + "</tr>" for row in t.rows
        )
        parts.append(f"<table><tr>{head}</tr>{rows}</table>")
    return "".join(parts)
