"""One concept as one self-contained HTML file: statement, definition, figure, evidence."""

from __future__ import annotations

from pathlib import Path

from gradus import __version__
from gradus.catalogue import citation, load
from gradus.page import AREAS, Concept
from gradus.page.figures import svg
from gradus.report.dossier import dossier
from gradus.report.page import ASSETS, HERE, LANGUAGES, fonts_inlined, numbered, templates, written
from gradus.report.pictures import Picture
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS
from gradus.verify import Report, verify


def write_page(path: str | Path, concept: Concept, lang: str = "en", evidence: Report | None = None) -> Path:
    """Writes the concept's page; its claims are measured now unless their evidence is given.

    Raises:
        GradusError: the file cannot be written.
    """
    return written(Path(path), page_html(concept, lang, evidence))


def page_html(concept: Concept, lang: str = "en", evidence: Report | None = None) -> str:
    """The page as text; see `write_page`."""
    facts = dossier([concept], evidence or verify([concept]))
    pictures = []
    for narrow in (False, True):
        drawing = concept.draw(lang, narrow)
        name = f"{concept.key}-narrow" if narrow else concept.key
        pictures.append(Picture(svg(drawing.figure, name), drawing.text, drawing.text, wide=True))
    figure, phone = numbered(pictures, lang)["result"]
    figure["narrow"] = phone["markup"]
    keys = list(dict.fromkeys([concept.source, *[r.source for r in concept.readings]]))
    catalogue = load()
    needed = {key: catalogue.get(key).title for key in concept.needs if key in catalogue.concepts}
    return (
        templates(lang)
        .get_template("page.html")
        .render(
            lang=lang,
            html_lang=LANGUAGES[lang],
            concept=concept,
            entry=facts.entries[0],
            area=AREAS[concept.area],
            pictures=[figure],
            version=__version__,
            kinds=CONCEPT_KINDS,
            kind_names=EVIDENCE_KINDS,
            citations=[(key, citation(key)) for key in keys],
            places={r.source: r.place for r in concept.readings if r.place},
            numbers={key: i for i, key in enumerate(keys, start=1)},
            titles=needed,
            style=(HERE / "templates" / "style.css").read_text(encoding="utf-8"),
            math_style=(ASSETS / "math.css").read_text(encoding="utf-8"),
            fonts=fonts_inlined(lang),
        )
    )
