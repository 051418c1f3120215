"""What stands around every page of the site: the bar, the language and the theme, and where the shared files are."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus import __version__
from gradus.areas import AREAS
from gradus.report.page import LANGUAGES, templates
from gradus.site.words import WORDS
from gradus.text import CONCEPT_KINDS

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
OVERVIEW_WORDS = {
    "index": "index",
    "roadmap": "roadmap",
    "routes": "routes",
    "timeline": "timeline",
    "errata": "errata-list",
    "references": "reference-list",
}


@functools.cache
def environment(lang: str) -> Environment:
    """Jinja's environment for the site's templates in one language."""
    return templates(lang, TEMPLATES, words=WORDS)


def around(lang: str, file: str, title: str) -> dict[str, Any]:
    """What the layout shows of a page.

    Args:
        lang: "en" or "zh".
        file: the page's name within the folder of its language.
        title: of the page.
    """
    other = "en" if lang == "zh" else "zh"
    return {
        "lang": lang,
        "html_lang": LANGUAGES[lang],
        "other": other,
        "other_html_lang": LANGUAGES[other],
        "other_page": f"../{other}/{file}",
        "file": file,
        "page_title": title,
        "version": __version__,
        "overviews": OVERVIEW_WORDS,
        "areas": AREAS,
        "kinds": CONCEPT_KINDS,
    }
