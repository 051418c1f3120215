"""An entry of the index: what listing, searching and walking the roadmap show of a concept, without its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page import Concept


class ErratumEntry(NamedTuple):
    """A wrong form in circulation, and the claims that compute its counterexample."""

    number: str
    common: Text
    right: Text
    claims: tuple[str, ...]


class Entry(NamedTuple):
    """One concept of the roadmap.

    Attributes:
        key, area, kind, title, summary, aliases, needs, year, people: as in the page's record.
        module: where its page stands.
        page_hash: identifies the page's code, as the evidence measured for it does.
        claims, mutants: how many the page has.
        missing: the parts that the page still lacks.
        errata: the wrong forms that it corrects.
    """

    key: str
    area: str
    kind: str
    module: str
    page_hash: str
    title: Text
    summary: Text
    year: int
    claims: int
    mutants: int
    people: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    errata: tuple[ErratumEntry, ...] = ()


def entry_of(concept: Concept, page_hash: str) -> Entry:
    """The entry of a concept whose page is loaded."""
    return Entry(
        key=concept.key,
        area=concept.area,
        kind=concept.kind,
        module=concept.module,
        page_hash=page_hash,
        title=concept.title,
        summary=concept.summary,
        aliases=tuple(concept.aliases),
        needs=tuple(concept.needs),
        year=concept.year,
        people=tuple(concept.people),
        claims=len(concept.claims),
        mutants=len(concept.mutants),
        missing=tuple(concept.missing()),
        errata=tuple(ErratumEntry(e.number, e.common, e.right, e.claims) for e in concept.errata),
    )


def as_row(entry: Entry) -> dict[str, Any]:
    """The entry as JSON keeps it; what is empty is left out."""
    return {name: value for name, value in entry._asdict().items() if value != ()}


def from_row(row: dict[str, Any]) -> Entry:
    """The entry that `as_row` wrote; its values are put into `row`.

    Raises:
        KeyError, TypeError: it was written for other fields.
    """
    for name in ("title", "summary"):
        row[name] = Text(*row[name])
    for name in ("people", "aliases", "needs", "missing"):
        if name in row:
            row[name] = tuple(row[name])
    if "errata" in row:
        row["errata"] = tuple(
            ErratumEntry(number, Text(*common), Text(*right), tuple(claims))
            for number, common, right, claims in row["errata"]
        )
    return Entry(**row)
