"""One concept as one self-contained HTML file, in the order in which it is read."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from gradus import __version__
from gradus.page import Concept
from gradus.report.article import article, figure_alone
from gradus.report.page import ASSETS, HERE, LANGUAGES, fonts_inlined, templates, written
from gradus.verify import Report
from gradus.verify.evidence_cache import measured


def write_page(path: str | Path, concept: Concept, lang: str = "en", evidence: Report | None = None) -> Path:
    """Writes the concept's page; its claims are measured now where neither given nor kept from before.

    Raises:
        GradusError: the file cannot be written.
    """
    return written(Path(path), page_html(concept, lang, evidence))


def page_html(concept: Concept, lang: str = "en", evidence: Report | None = None) -> str:
    """The page as text; see `write_page`."""
    script = source("article.js")
    return (
        templates(lang)
        .get_template("page.html")
        .render(
            **article(concept, lang, evidence or measured(concept), figure=figure_alone(concept, lang)),
            html_lang=LANGUAGES[lang],
            version=__version__,
            style=source("style.css") + source("article.css"),
            math_style=(ASSETS / "math.css").read_text(encoding="utf-8"),
            fonts=fonts_inlined(lang),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def source(name: str) -> str:
    """A style sheet or script of the templates."""
    return (HERE / "templates" / name).read_text(encoding="utf-8")
