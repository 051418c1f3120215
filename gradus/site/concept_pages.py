"""The page of one concept on the site: its article, among what it needs and what it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from gradus.catalogue import Catalogue, Entry
from gradus.page import Concept
from gradus.page.prose import SECTIONS
from gradus.report.article import Shown, article
from gradus.site.figures import Frame, drawings, tracks
from gradus.site.layout import around, environment
from gradus.site.plan import LANGUAGES, reading_order
from gradus.site.words import SECTION_WORDS, WORDS

if TYPE_CHECKING:
    from gradus.verify import Report


class Links:
    """The addresses of concepts as seen from a page; what was asked for is kept, for it is what the page depends on."""

    def __init__(self, catalogue: Catalogue[Entry]) -> None:
        self.catalogue = catalogue
        self.asked: set[str] = set()

    def address(self, key: str) -> str:
        """The address of a concept's page from another's."""
        self.asked.add(key)
        return f"{key}.html" if key in self.catalogue.concepts else ""


def concept_pages(concept: Concept, evidence: Report, links: Links) -> dict[str, str]:
    """The pages by language, the figures of all from one drawing; see `concept_page`."""
    if not concept.has("figure"):
        return {lang: concept_page(concept, lang, evidence, links) for lang in LANGUAGES}
    with drawings(concept) as figure:
        start = figure.at({})
    return {lang: concept_page(concept, lang, evidence, links, start[lang]) for lang in LANGUAGES}


def concept_page(
    concept: Concept, lang: str, evidence: Report, links: Links, start: Frame | None = None
) -> str:
    """The page as HTML.

    Args:
        concept: whose page it is.
        lang: "en" or "zh".
        evidence: what was measured of it.
        links: notes which other pages are linked.
        start: the figure at the start of its sliders.
    """
    figure = start and Shown(Markup(start.markup), "", start.words)
    made = article(concept, lang, evidence, links.address, figure)
    here = around(lang, f"{concept.key}.html", concept.title.get(lang))
    beside = {
        "sliders": tracks(concept, lang),
        "headings_of": [(name, _heading(name, lang)) for name in made["contents"]],
    }
    context = made | here | neighbours(links.catalogue, concept.key) | beside
    return environment(lang).get_template("concept.html").render(context)


def neighbours(catalogue: Catalogue[Entry], key: str) -> dict[str, Any]:
    """The entries before, behind, below and above a concept."""
    order = reading_order(catalogue)
    at = [entry.key for entry in order].index(key)
    return {
        "previous": order[at - 1] if at else None,
        "next": order[at + 1] if at + 1 < len(order) else None,
        "needed": [catalogue.get(need) for need in order[at].needs if need in catalogue.concepts],
        "opens": catalogue.dependents(key),
    }


def _heading(name: str, lang: str) -> str:
    words = SECTIONS[name] if name in SECTIONS else WORDS[SECTION_WORDS[name]]
    return words.get(lang)
