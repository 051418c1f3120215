"""Every formula of the catalogue: what is compiled when Gradus is developed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.catalogue.formulas.compiled import Style, split
from gradus.catalogue.formulas.prose import formulas_in
from gradus.catalogue.pages import load
from gradus.page.companion import LANGUAGES
from gradus.page.prose import prose_of
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page import Concept


class Formula(NamedTuple):
    """A formula of the catalogue and the concept that it stands in."""

    key: str
    latex: str
    style: Style


def all_formulas() -> list[Formula]:
    """Every formula of the catalogue, displayed or in prose, in the catalogue's order."""
    return [formula for concept in load() for formula in formulas_of(concept)]


def formulas_of(concept: Concept) -> list[Formula]:
    """The formulas of one concept, in both languages."""
    formulas: dict[Formula, None] = {}
    for latex in (*concept.formulas_in("en"), *concept.formulas_in("zh")):
        formulas[Formula(concept.key, latex, "display")] = None
    for symbol in concept.symbols:
        formulas[Formula(concept.key, symbol.symbol, "inline")] = None
    for text in texts_in(concept):
        for kind, content in [*split(text.en), *split(text.zh)]:
            if kind in ("display", "inline"):
                formulas[Formula(concept.key, content, kind)] = None  # type: ignore[arg-type]
    for prose in filter(None, (prose_of(concept, lang) for lang in LANGUAGES)):
        for section in prose.sections.values():
            for latex, style in formulas_in(section):
                formulas[Formula(concept.key, latex, style)] = None
    return list(formulas)


def texts_in(value: Any) -> Iterator[Text]:
    """All bilingual texts in a record, however deep."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for entry in fields(value):
            yield from texts_in(getattr(value, entry.name))
