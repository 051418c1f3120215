"""The Chinese of a page's strings: put in when the page is loaded, and held against the English.

A string has a name within its concept: `title`, `summary`, `symbol ARGUMENT` (the letter, where it is no argument), `result NAME`,
`implementation N`, `hypothesis N`, `convention N subject` (`here`, `elsewhere`), `deviation N`, `unverified N`, `proof`,
`claim NAME`, `mutant NAME`, `erratum NUMBER common` (`why`, `right`), `slider NAME`. Symbols that the pages of a folder share stand in a helper; its companion's heading is the
helper's name, and the string's name is the variable's: `symbol X`.

Two kinds are named by their English: `formula WORDS`, a text within the formulas (`text{…}`), and `figure WORDS`, a text of
the figure (see `gradus.page.figure_words`), which is known only once the figure is drawn.
"""

from __future__ import annotations

import functools
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from gradus.page.bilingual import Rendered
from gradus.page.companion import LANGUAGES, Companion, Rendering, beside, digest, read
from gradus.page.concept import Concept
from gradus.page.figure_words import english_words, foreign_words, name_of, same_numbers, texts
from gradus.page.formula_words import english_texts
from gradus.page.record import Symbol
from gradus.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE, FORMULA = "figure ", "formula "  # begin the names of texts in the figure and in formulas

_MARKUP = re.compile(r"\$[^$]*\$|`[^`]*`")


class Phrase(NamedTuple):
    """A string of a page: its name, and the field of the record that holds it (`place` counts within several)."""

    name: str
    holder: object
    field: str
    place: int | None = None

    @property
    def text(self) -> Text:
        """The string as it stands now."""
        words = vars(self.holder)[self.field]
        text: Text = words if self.place is None else words[self.place]
        return text

    @property
    def needs_chinese(self) -> bool:
        """Whether it is given in English alone and holds words, not only formulas and code."""
        return isinstance(self.text, Rendered) and bool(re.search(r"[^\W\d_]", _MARKUP.sub("", self.text.en)))

    def render(self, chinese: str) -> None:
        """Puts the Chinese in; the record is frozen for everybody else."""
        text = Rendered(self.text.en, chinese)
        if self.place is None:
            vars(self.holder)[self.field] = text
        else:
            words = vars(self.holder)[self.field]
            vars(self.holder)[self.field] = (*words[: self.place], text, *words[self.place + 1 :])


def phrases(concept: Concept) -> Iterator[Phrase]:
    """Every string of the record, in the page's order."""
    yield Phrase("title", concept, "title")
    yield Phrase("summary", concept, "summary")
    for symbol in concept.symbols:
        yield Phrase(f"symbol {symbol.argument or symbol.symbol}", symbol, "meaning")
    for result in concept.returns:
        yield Phrase(f"result {result.name}", result, "meaning")
    for number, implementation in enumerate(concept.implementations, 1):
        yield Phrase(f"implementation {number}", implementation, "note")
    for number, hypothesis in enumerate(concept.hypotheses, 1):
        yield Phrase(f"hypothesis {number}", hypothesis, "statement")
    for number, convention in enumerate(concept.conventions, 1):
        for field in ("subject", "here", "elsewhere"):
            yield Phrase(f"convention {number} {field}", convention, field)
    for field in ("deviations", "unverified"):
        for place in range(len(getattr(concept, field))):
            yield Phrase(f"{field.removesuffix('s')} {place + 1}", concept, field, place)
    if concept.proof:
        yield Phrase("proof", concept.proof, "text")
    for claim in concept.claims.values():
        yield Phrase(f"claim {claim.name}", claim, "statement")
    for mutant in concept.mutants.values():
        yield Phrase(f"mutant {mutant.name}", mutant, "description")
    for erratum in concept.errata:
        for field in ("common", "why", "right"):
            yield Phrase(f"erratum {erratum.number} {field}", erratum, field)
    for name, slider in concept.sliders.items():
        yield Phrase(f"slider {name}", slider, "title")


def concepts_of(module: ModuleType) -> list[Concept]:
    """The concepts whose page a module is; none for a helper."""
    return [v for v in vars(module).values() if isinstance(v, Concept) and v.module == module.__name__]


def phrases_of_module(module: ModuleType) -> dict[str, list[Phrase]]:
    """The strings of a page by the key of their concept; those of a helper under the helper's name."""
    concepts = concepts_of(module)
    if concepts:
        return {c.key: list(phrases(c)) for c in concepts}
    symbols = {name: v for name, v in vars(module).items() if isinstance(v, Symbol)}
    return {_stem(module): [Phrase(f"symbol {name}", v, "meaning") for name, v in symbols.items()]}


def translate(package: str, folder: Path) -> None:
    """Puts the Chinese into every page of a folder that has been imported, and into the helpers that they share.

    Raises:
        GradusError: a companion file cannot be read.
    """
    for path in folder.glob("*.zh.md"):
        module = sys.modules.get(f"{package}.{path.name.removesuffix('.zh.md')}")
        if module:
            _render(module, path)


@functools.cache
def _render(module: ModuleType, path: Path) -> None:
    companions = read(path)
    for key, strings in phrases_of_module(module).items():
        renderings = companions[key].renderings if key in companions else {}
        for concept in concepts_of(module):
            if concept.key == key:
                concept.figure_words = _beginning(FIGURE, renderings)
                concept.formula_words = _beginning(FORMULA, renderings)
        for phrase in strings:
            if phrase.name in renderings and isinstance(phrase.text, Rendered):
                phrase.render(renderings[phrase.name].words)


def _beginning(kind: str, renderings: dict[str, Rendering]) -> dict[str, str]:
    return {name.removeprefix(kind): r.words for name, r in renderings.items() if name.startswith(kind)}


def figure_faults(concept: Concept, figures: Sequence[Figure]) -> list[str]:
    """What is missing, stale or superfluous among the words of a concept's figure, which is given in several states."""
    path = beside(Path(str(sys.modules[concept.module].__file__)), "zh")
    companion = read(path).get(concept.key) if path.exists() else None
    entries = {n: r for n, r in (companion or Companion("", 1)).renderings.items() if n.startswith(FIGURE)}
    shown = set[str]().union(*(map(name_of, texts(figure)) for figure in figures))
    wanted = set[str]().union(*(english_words(figure) for figure in figures))
    lines = [
        f"{path}: {concept.key}: {FIGURE}{name}: missing; write - {FIGURE}{name} `{digest(name)}`: CHINESE"
        for name in sorted(wanted)
        if FIGURE + name not in entries
    ]
    for name, rendering in entries.items():
        words, where = name.removeprefix(FIGURE), f"{path}:{rendering.line}: {concept.key}: {name}"
        if words not in shown:
            lines.append(f"{where}: the figure shows no such text; remove the line")
        elif rendering.digest != digest(words):
            lines.append(f"{where}: stale; mend the Chinese, then write `{digest(words)}`")
        elif not same_numbers(words, rendering.words):
            lines.append(f"{where}: the Chinese has not the numbers (#) of the English")
        elif any(word.isascii() for word in foreign_words(rendering.words)):
            lines.append(f"{where}: still English: {rendering.words}")
    return lines


def faults(modules: list[ModuleType]) -> list[str]:
    """What is missing, stale or superfluous in the companions of pages and helpers, a line each."""
    lines: list[str] = []
    seen: set[tuple[int, str]] = set()  # symbols that pages share are the helper's
    for module in sorted(modules, key=lambda m: bool(concepts_of(m))):
        strings = phrases_of_module(module)
        page = Path(str(module.__file__))
        for language in LANGUAGES:
            path = beside(page, language)
            companions = read(path) if path.exists() else {}
            for key in companions.keys() - strings.keys():
                line = companions[key].line
                lines.append(f"{path}:{line}: # {key}: {page.name} has no such concept; remove it")
        for key, group in strings.items():
            own = [p for p in group if p.place is not None or (id(p.holder), p.field) not in seen]
            seen |= {(id(p.holder), p.field) for p in group}
            companion = companions.get(key) or Companion(key, 1)
            lines += _faults_of_concept(path, own, companion)
            formulas = [latex for c in concepts_of(module) if c.key == key for latex in c.formulas]
            lines += _faults_of_formulas(path, english_texts(formulas), companion)
    return lines + _strays({Path(str(m.__file__)).parent for m in modules})


def _strays(folders: set[Path]) -> list[str]:
    paths = [
        p for folder in sorted(folders) for language in LANGUAGES for p in folder.glob(f"*.{language}.md")
    ]
    return [
        f"{p}: there is no page {p.name.split('.')[0]}.py; remove it or give it the page's name"
        for p in paths
        if not p.with_name(p.name.split(".")[0] + ".py").exists()
    ]


def _faults_of_concept(path: Path, strings: list[Phrase], companion: Companion) -> Iterator[str]:
    names = {p.name for p in strings if isinstance(p.text, Rendered)}
    for name, rendering in companion.renderings.items():
        if name not in names and not name.startswith((FIGURE, FORMULA)):
            yield f"{path}:{rendering.line}: {companion.key}: {name}: the page has no such string; remove the line"
    twice = [n for n, count in Counter(p.name for p in strings).items() if count > 1]
    if twice:
        yield f"{path}: {companion.key}: two strings are called {', '.join(twice)}; give the letters different names"
    for phrase in strings:
        english = " ".join(phrase.text.en.split())
        standing = companion.renderings.get(phrase.name)
        if standing and standing.digest != digest(english) and isinstance(phrase.text, Rendered):
            yield (
                f"{path}:{standing.line}: {companion.key}: {phrase.name}: stale, the English is now {english!r}; "
                f"mend the Chinese, then write `{digest(english)}`"
            )
        elif not standing and phrase.needs_chinese:
            yield (
                f"{path}: {companion.key}: {phrase.name}: missing, the English is {english!r}; "
                f"write below # {companion.key}: - {phrase.name} `{digest(english)}`: CHINESE"
            )


def _faults_of_formulas(path: Path, wanted: list[str], companion: Companion) -> Iterator[str]:
    entries = {n: r for n, r in companion.renderings.items() if n.startswith(FORMULA)}
    for name, rendering in entries.items():
        words, where = name.removeprefix(FORMULA), f"{path}:{rendering.line}: {companion.key}: {name}"
        if words not in wanted:
            yield f"{where}: no formula holds this text; remove the line"
        elif rendering.digest != digest(words):
            yield f"{where}: stale; mend the Chinese, then write `{digest(words)}`"
    for words in wanted:
        if FORMULA + words not in entries:
            entry = f"- {FORMULA}{words} `{digest(words)}`: CHINESE"
            yield f"{path}: {companion.key}: {FORMULA}{words}: missing; write below # {companion.key}: {entry}"


def _stem(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]
