"""What a concept's page says, in the order in which it is read; the same for a page alone and for one of the site."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.catalogue import citation, entries, references
from gradus.catalogue.formulas.prose import prose_page
from gradus.page import AREAS, Concept
from gradus.page.figures import svg
from gradus.page.prose import SECTIONS, Prose, prose_of
from gradus.report.call import call_of
from gradus.report.dossier import dossier
from gradus.report.fewer_digits import fewer_digits
from gradus.report.fold import anchors, fold, margin
from gradus.report.questions import questions
from gradus.report.svg import inline_svg
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, Text

if TYPE_CHECKING:
    from markupsafe import Markup

    from gradus.verify import Report

_DISPLAY = re.compile(r'<math display="block".*?</math>', re.DOTALL)
_BROKEN = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef\u201d])\n(?=[\u3000-\u9fff\uff00-\uffef\u201c])"
)  # Chinese takes no space there
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
#: From the key of a concept to its address; "" where it has none.
Address = Callable[[str], str]


def nowhere(key: str) -> str:
    """No address: what is linked on the site are words in a page alone."""
    return ""


class Shown(NamedTuple):
    """The figure as it is shown: its markup, a narrow one for a phone or "", and the same in words."""

    markup: Markup
    narrow: Markup | str
    words: str


def article(
    concept: Concept, lang: str, evidence: Report, address: Address = nowhere, figure: Shown | None = None
) -> dict[str, Any]:
    """What the template of the article shows.

    Args:
        concept: whose page it is.
        lang: "en" or "zh".
        evidence: what was measured of it.
        address: where other concepts are found.
        figure: as it is shown, where the concept has one.
    """
    prose = prose_of(concept, "zh" if lang == "zh" else "en")
    shown = _Rendered(concept, address)
    sections = prose.sections if prose else {}
    keys = list(dict.fromkeys([concept.source, *[r.source for r in concept.readings]]))
    entry = dossier([concept], evidence).entries[0]
    known = entries().concepts
    folded = fold(entry)
    return {
        "lang": lang,
        "concept": concept,
        "area": AREAS.get(concept.area),
        "kinds": CONCEPT_KINDS,
        "kind_names": EVIDENCE_KINDS,
        "prose": {name: shown.section(text) for name, text in sections.items() if name != "exercises"},
        "headings": {name: title.get(lang) for name, title in SECTIONS.items()},
        "figure": figure,
        "returns": _returns(concept),
        "calls": [(i, call_of(concept, i)) for i in concept.implementations],
        "questions": questions(concept, prose, shown.line),
        "entry": entry,
        "fold": folded,
        "anchors": anchors(folded),
        "margin": margin,
        "citations": [
            (key, citation(key), references()[key].get("url", "")) for key in keys if key in references()
        ],
        "places": {r.source: r.place for r in concept.readings if r.place},
        "numbers": {key: i for i, key in enumerate(keys, start=1)},
        "titles": {key: known[key].title for key in concept.needs if key in known},
        "address": address,
        "contents": _contents(concept, prose),
    }


class _Rendered:
    """Prose as HTML, with the numbers of the example and links to other concepts."""

    def __init__(self, concept: Concept, address: Address) -> None:
        self.values, self.address = concept.example_values, address

    def section(self, text: str) -> Markup:
        """A section: formulas on lines of their own and tables scroll within themselves."""
        from markupsafe import Markup

        html = _BROKEN.sub("", prose_page(text, self.values, self.address))
        html = _DISPLAY.sub(lambda match: f'<span class="formula">{match.group()}</span>', html)
        return Markup(_TABLE.sub(lambda match: f'<div class="scroll">{match.group()}</div>', html))

    def line(self, text: str) -> Markup:
        """A line, without a paragraph around it."""
        html = self.section(text).strip()
        whole = html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1
        return html[3:-4] if whole else html


def figure_alone(concept: Concept, lang: str) -> Shown | None:
    """The figure at the start of its sliders, for a phone also with its panels below each other; none where there is none."""
    from markupsafe import Markup

    if not concept.has("figure"):
        return None

    def drawn(narrow: bool) -> tuple[Markup, str]:
        drawing = concept.draw("zh" if lang == "zh" else "en", narrow)
        name = f"{concept.key}-narrow" if narrow else concept.key
        words = drawing.text.get(lang)
        markup = inline_svg(fewer_digits(svg(drawing.figure, name)), f"{name}-figure", words)
        return Markup(markup), words  # our own SVG

    markup, words = drawn(False)
    return Shown(markup, drawn(True)[0], words)


def _returns(concept: Concept) -> list[Text]:
    """What is returned, a result a line; nothing for a concept without a definition to run."""
    from gradus.verify.structures import return_lines

    return return_lines(concept) if concept.has("definition") and concept.has("cases") else []


def _contents(concept: Concept, prose: Prose | None) -> list[str]:
    """The names of the sections that the page has, in its order."""
    has = set(prose.sections) if prose else set()
    has |= {"statement", "definition", "evidence", "sources"}
    has |= {"proof"} if concept.proof else set()
    has |= {"figure"} if concept.has("figure") else set()
    has |= {"in-practice"} if concept.conventions or concept.deviations else set()
    has |= {"errata"} if concept.errata else set()
    if not (prose and prose.questions and concept.exercises):
        has.discard("exercises")
    return [name for name in ORDER if name in has]


ORDER = (
    "why",
    "statement",
    "derivation",
    "proof",
    "by-hand",
    "figure",
    "definition",
    "in-practice",
    "exercises",
    "errata",
    "evidence",
    "sources",
)
