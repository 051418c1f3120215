"""Writes a report: one self-contained HTML file, from a run, its pictures and the evidence."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus import __version__
from gradus.catalogue import citation, references
from gradus.catalogue.formulas import mathml, prose_html
from gradus.errors import GradusError
from gradus.files import HTML, make_folder, require_suffix, write_atomically
from gradus.numbers import duration, grouped, score, typeset, typeset_value
from gradus.page import Concept
from gradus.report.dossier import Dossier, dossier
from gradus.report.formula_parts import formula_parts
from gradus.report.pictures import Picture
from gradus.report.sentences import evidence_sentence, result_sentence
from gradus.report.summary import RunSummary
from gradus.report.svg import inline_svg
from gradus.report.topic import Topic, stands_on
from gradus.report.words import JUDGEMENTS, WORDS, is_fraction, metric, said, setting
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, Text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from gradus.page.evidence import Evidence
    from gradus.verify import MutantResult, Report, Result

HERE = Path(__file__).parent
ASSETS = HERE.parent / "assets"
LANGUAGES = {"en": "en", "zh": "zh-Hans"}
FONTS = (
    ("STIX Two Math", "stix-two-math", "normal", 400),
    ("STIX Two Text", "stix-two-text-400-normal", "normal", 400),
    ("STIX Two Text", "stix-two-text-400-italic", "italic", 400),
    ("STIX Two Text", "stix-two-text-600-normal", "normal", 600),
)


def write_report(
    path: str | Path,
    system: Concept | Topic | None = None,
    run: RunSummary | Mapping[str, Any] | None = None,
    evidence: Report | Sequence[Result] = (),
    figures: Sequence[Picture] = (),
    lang: str = "en",
    mutants: Sequence[MutantResult] = (),
    title: Text | None = None,
) -> Path:
    """Writes the report of a trained system, or of a verification alone when there is no run.

    The file needs no network and no script: fonts, pictures and formulas are in it. It is written aside and
    renamed, so that no half-written report is ever seen.

    Args:
        path: the file to write; its folder is made.
        system: what was trained; everything that it needs is listed, measured or not.
        run: what was trained, on what, how well.
        evidence: what `gradus.verify.verify` returned, or its results.
        figures: the pictures, each in its place.
        lang: "en" or "zh".
        mutants: the wrong variants, when `evidence` is a list of results.
        title: instead of the system's title.

    Returns:
        The path of the file.

    Raises:
        GradusError: an unknown language, an incomplete summary, another suffix than .html, or a folder that cannot be written to.
    """
    text = report_html(system, run, evidence, figures, lang, mutants, title)
    return written(Path(path), text)


def report_html(
    system: Concept | Topic | None = None,
    run: RunSummary | Mapping[str, Any] | None = None,
    evidence: Report | Sequence[Result] = (),
    figures: Sequence[Picture] = (),
    lang: str = "en",
    mutants: Sequence[MutantResult] = (),
    title: Text | None = None,
) -> str:
    """The report as text; see `write_report`."""
    if lang not in LANGUAGES:
        raise GradusError(
            Text(f"expected the language en or zh, got {lang!r}", f"语言应为 en 或 zh，得到 {lang!r}")
        )
    if run is not None and not isinstance(run, RunSummary):
        run = RunSummary.from_dict(run)
    concepts = stands_on(system, run.pages if run else ())
    facts = dossier(concepts, evidence, mutants)
    citations = _citations(facts)
    name = title or (
        system.title if system else Text(said("verification-title", "en"), said("verification-title", "zh"))
    )
    template = templates(lang).get_template("report.html")
    return template.render(
        lang=lang,
        html_lang=LANGUAGES[lang],
        title=name,
        system=system,
        run=run,
        facts=facts,
        pictures=numbered(figures, lang),
        abstract=_abstract(name, run, facts, lang),
        version=__version__,
        kinds=CONCEPT_KINDS,
        kind_names=EVIDENCE_KINDS,
        judgements=_judgements_used(facts),
        citations=citations,
        numbers={key: i for i, (key, _) in enumerate(citations, start=1)},
        titles={e.concept.key: e.concept.title for e in facts.entries},
        style=(HERE / "templates" / "style.css").read_text(encoding="utf-8"),
        math_style=(ASSETS / "math.css").read_text(encoding="utf-8"),
        fonts=fonts_inlined(lang),
    )


def _abstract(name: Text, run: RunSummary | None, facts: Dossier, lang: str) -> list[str]:
    lines = []
    if run is not None:
        fraction = is_fraction(run.metric)
        scores = (
            score(run.mean, fraction),
            run.relation,
            None if run.target is None else score(run.target, fraction),
        )
        lines.append(
            result_sentence(
                name.get(lang),
                run.data.title.get(lang),
                metric(run.metric, lang),
                *scores,
                len(run.scores),
                lang,
            )
        )
    if facts.entries:
        lines.append(evidence_sentence(facts.totals, lang))
    return lines


def numbered(figures: Sequence[Picture], lang: str) -> dict[str, list[dict[str, Any]]]:
    """The pictures by place, numbered through in the order in which they stand."""
    from markupsafe import Markup

    places: dict[str, list[dict[str, Any]]] = {"model": [], "result": [], "inside": []}
    counts = {"figure": 0, "table": 0}
    ordered = [p for place in places for p in figures if p.place == place]
    for position, picture in enumerate(ordered, start=1):
        counts[picture.kind] += 1
        markup, alt = picture.markup(lang), picture.alt.get(lang)
        drawn = "<svg" in markup[:1000]
        shown = inline_svg(markup, f"figure-{position}", alt) if drawn else markup
        slim = inline_svg(picture.narrow(lang), f"figure-{position}-narrow", alt) if picture.narrow else ""
        places[picture.place].append(
            {
                "number": counts[picture.kind],
                "kind": picture.kind,
                "markup": Markup(
                    shown
                ),  # our own SVG and tables; names in them are escaped where they are made
                "caption": picture.caption.get(lang),
                "alt": "" if drawn else alt,
                "wide": picture.wide,
            }
            | ({"narrow": Markup(slim)} if slim else {})
        )
    return places


def _judgements_used(facts: Dossier) -> dict[str, Text]:
    used = {r.evidence.kind for e in facts.entries for r in e.results if r.evidence is not None}
    return {kind: text for kind, text in JUDGEMENTS.items() if kind in used}


def _citations(facts: Dossier) -> list[tuple[str, str]]:
    """The sources that the concepts name, in the order in which they are first named."""
    keys = dict.fromkeys(e.concept.source for e in facts.entries if e.concept.source)
    return [(key, citation(key)) for key in keys if key in references()]


def templates(lang: str, *folders: Path, words: Mapping[str, Text] = WORDS) -> Environment:
    """Jinja's environment for the report's templates, its filters in one language.

    Args:
        lang: "en" or "zh".
        folders: where other templates stand, which are looked for first.
        words: what the templates say.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    env = Environment(
        loader=FileSystemLoader([*folders, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    missing = [key for key, text in words.items() if not text.en or not text.zh]
    if missing:
        raise GradusError(
            Text(
                f"the report lacks words for {', '.join(missing)}", f"报告缺少以下词条：{'、'.join(missing)}"
            )
        )
    env.filters |= {
        "number": typeset,
        "grouped": grouped,
        "score": lambda value, name: score(value, is_fraction(name)),
        "metric": lambda name: metric(name, lang),
        "text": lambda text: Markup(prose_html(text.get(lang), strict=False)),
        "sentence": lambda text: Markup(prose_html(_capital(text.get(lang)), strict=False)),
        "shows_tolerance": _shows_tolerance,
        "digits": _digits,
        "math": _math,
        "math_parts": lambda latex: [Markup(part) for part in formula_parts(_formula(latex, True))],
        "seconds": lambda value: duration(value, lang),
        "setting": lambda key: setting(key, lang),
        "plain": lambda value: typeset_value(value, lang),
        "moment": lambda value: (
            value[:16].replace("T", " ") + (" UTC" if value.endswith(("Z", "+00:00")) else "")
        ),
    }
    env.globals["say"] = lambda key: words[key].get(lang)
    return env


def _formula(latex: str, display: bool) -> str:
    """MathML; or the LaTeX itself for a concept of the user's own, whose formulas were never compiled."""
    try:
        return mathml(latex, display)
    except GradusError:
        return f'<code class="latex">{escape(latex)}</code>'


def _math(latex: str, display: bool = True) -> Markup:
    from markupsafe import Markup

    return Markup(_formula(latex, display))


def _capital(text: str) -> str:
    """With a capital first letter, unless the first word is a symbol."""
    word = text.split(" ")[0]
    symbol = len(word) < 2 and word != "a"
    return text if symbol or not (word[:2].isascii() and word[:2].isalpha()) else text[0].upper() + text[1:]


def _shows_tolerance(evidence: Evidence) -> bool:
    """Whether the tolerance says something: beside a bound, that of rounding does not."""
    return bool(evidence.tolerance) and (
        evidence.relation == "=" or evidence.tolerance > 1e-9 * abs(evidence.expected)
    )


def _digits(evidence: Evidence) -> int:
    """Significant digits that let a difference as small as the tolerance be seen."""
    if evidence.relation != "=":
        return 4
    size, tolerance = abs(evidence.expected), evidence.tolerance
    if not (0 < tolerance < size < math.inf):
        return 3
    return min(max(3, math.ceil(math.log10(size / tolerance)) + 2), 10)


def fonts_inlined(lang: str) -> list[dict[str, Any]]:
    """The embedded fonts; in a Chinese page the Latin one leaves the quotation marks to the Chinese font."""
    latin = "U+0000-02FF, U+0370-03FF, U+2010-2015, U+2020-206F, U+20A0-20CF, U+2190-22FF"
    result = []
    for family, name, style, weight in FONTS:
        content = base64.b64encode((ASSETS / f"{name}.woff2").read_bytes()).decode("ascii")
        span = latin if lang == "zh" and family == "STIX Two Text" else ""
        result.append({"family": family, "style": style, "weight": weight, "data": content, "range": span})
    return result


def written(path: Path, text: str) -> Path:
    """Writes the HTML file whole or not at all; its folder is made, a name with another suffix refused."""
    require_suffix(path, *HTML)
    make_folder(path.parent)
    write_atomically(path, [text.encode("utf-8")])
    return path
