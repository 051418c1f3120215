"""What a report is of: a concept with a page of its own, or what several pages teach together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gradus.catalogue import load
from gradus.page import Concept
from gradus.text import Text


class Topic(Protocol):
    """A system that no page is called after."""

    @property
    def key(self) -> str:
        """What it is called on the command line."""

    @property
    def title(self) -> Text:
        """Its name."""

    @property
    def summary(self) -> Text:
        """What it shows, in a sentence or two."""


def stands_on(system: Concept | Topic | None, pages: Sequence[str] = ()) -> list[Concept]:
    """The concepts that a report lists: these pages and the system's own, and all that they need; those that are there."""
    if system is None:
        return []
    catalogue = load()
    named = [k for k in (system.key, *pages) if k in catalogue.concepts]
    if system.key in named or not isinstance(system, Concept):
        return catalogue.needed(named)
    return [*catalogue.needed([*named, *(k for k in system.needs if k in catalogue.concepts)]), system]
