"""An entry of the index: what listing, searching and walking the roadmap show of a concept, without its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.catalogue.details import Details, ErratumEntry, LazyDetails, details_of, loaded
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page import Concept


_TUPLES = {"people", "aliases", "needs", "missing"}


class Entry(NamedTuple):
    """One concept of the roadmap.

    Attributes:
        key, area, kind, title, aliases, needs, year, people: as in the page's record.
        module: where its page stands.
        page_hash: identifies the page's code, as the evidence measured for it does.
        claims, mutants: how many the page has.
        missing: the parts that the page still lacks.
        details: the summary, and the errata: the wrong forms that it corrects; read at first use.
    """

    key: str
    area: str
    kind: str
    module: str
    page_hash: str
    title: Text
    year: int
    claims: int
    mutants: int
    details: LazyDetails
    people: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def summary(self) -> Text:
        """The concept in a sentence or two."""
        return self.details.read().summary

    @property
    def errata(self) -> tuple[ErratumEntry, ...]:
        """The wrong forms that it corrects."""
        return self.details.read().errata


def entry_of(concept: Concept, page_hash: str) -> Entry:
    """The entry of a concept whose page is loaded."""
    return Entry(
        key=concept.key,
        area=concept.area,
        kind=concept.kind,
        module=concept.module,
        page_hash=page_hash,
        title=concept.title,
        details=loaded(concept.key, details_of(concept)),
        aliases=tuple(concept.aliases),
        needs=tuple(concept.needs),
        year=concept.year,
        people=tuple(concept.people),
        claims=len(concept.claims),
        mutants=len(concept.mutants),
        missing=tuple(concept.missing()),
    )


def as_row(entry: Entry) -> dict[str, Any]:
    """The entry as JSON keeps it, without its details; what is empty is left out."""
    return {name: value for name, value in entry._asdict().items() if value != () and name != "details"}


def from_row(row: dict[str, Any], all_details: Callable[[], Mapping[str, Details]]) -> Entry:
    """The entry that `as_row` wrote; its values are put into `row`.

    Raises:
        KeyError, TypeError: it was written for other fields.
    """
    row["title"] = Text(*row["title"])
    for name in row.keys() & _TUPLES:
        row[name] = tuple(row[name])
    return Entry(details=LazyDetails(row["key"], all_details), **row)
