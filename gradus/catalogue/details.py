"""What only searching and the errata show of a concept, its summary and its errata: read from a file of its own at first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


class Details(NamedTuple):
    """The summary of a concept, and the wrong forms that it corrects."""

    summary: Text
    errata: tuple[ErratumEntry, ...] = ()


class LazyDetails:
    """The details of one concept, read when they are first looked at; equal to others by what they hold."""

    __slots__ = ("_all", "_key")

    def __init__(self, key: str, all_details: Callable[[], Mapping[str, Details]]) -> None:
        self._key = key
        self._all = all_details

    def read(self) -> Details:
        """The details."""
        return self._all()[self._key]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LazyDetails) and self.read() == other.read()

    def __hash__(self) -> int:
        return hash(self.read())

    def __repr__(self) -> str:
        return repr(self.read())


def details_of(concept: Concept) -> Details:
    """The details of a concept whose page is loaded."""
    return Details(
        concept.summary,
        tuple(ErratumEntry(e.number, e.common, e.right, e.claims) for e in concept.errata),
    )


def loaded(key: str, details: Details) -> LazyDetails:
    """Details that need no reading."""
    return LazyDetails(key, lambda: {key: details})


def from_row(row: list[Any]) -> Details:
    """The details that JSON has kept.

    Raises:
        TypeError, ValueError: it was written for other fields.
    """
    summary, errata = row
    return Details(
        Text(*summary),
        tuple(
            ErratumEntry(number, Text(*common), Text(*right), tuple(claims))
            for number, common, right, claims in errata
        ),
    )
