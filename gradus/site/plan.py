"""The files of the site by what makes them: the pages of the concepts, the frames of their figures, and what all share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from gradus.areas import AREAS
from gradus.catalogue import Catalogue, Entry, entries

LANGUAGES = ("en", "zh")
SHARED = "shared"
#: The pages that are of no single concept.
OVERVIEWS = ("index", "roadmap", "routes", "timeline", "errata", "references")
ASSETS = ("fonts.css", "site.css", "theme.js", "article.js", "site.js", "search.js", "search-words.js")

Kind = Literal["page", "frames", "shared"]


class Part(NamedTuple):
    """What is made at once, and remade when something that it is made from has changed."""

    kind: Kind
    key: str

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        return f"{self.kind} {self.key}"

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, below the folder of the site."""
        if self.kind == "page":
            return tuple(f"{lang}/{self.key}.html" for lang in LANGUAGES)
        if self.kind == "frames":
            return tuple(f"frames/{self.key}.{lang}.js" for lang in LANGUAGES)
        overviews = (f"{lang}/{name}.html" for lang in LANGUAGES for name in OVERVIEWS)
        return ("index.html", *overviews, *(f"assets/{name}" for name in ASSETS))


def chosen(keys: Sequence[str] | None) -> Catalogue[Entry]:
    """The concepts of the site: all, or these alone.

    Raises:
        GradusError: a key is of no concept.
    """
    every = entries()
    if keys is None:
        return every
    wanted = {every.get(key).key for key in keys}
    return Catalogue({entry.key: entry for entry in every if entry.key in wanted}, every.table)


def parts(catalogue: Catalogue[Entry]) -> list[Part]:
    """All parts of the site."""
    keys = [entry.key for entry in catalogue]
    pages = [Part("page", key) for key in keys]
    return [Part("shared", SHARED), *pages, *(Part("frames", key) for key in keys)]


def reading_order(catalogue: Catalogue[Entry]) -> list[Entry]:
    """The concepts as the index lists them: area by area, each after what it needs of its own area."""
    return [entry for area in AREAS for entry in catalogue if entry.area == area]


def depths(catalogue: Catalogue[Entry]) -> dict[str, int]:
    """How many steps lie before each concept: 0 where it needs none, else one more than the deepest that it needs."""
    steps: dict[str, int] = {}
    for entry in catalogue:  # each comes after what it needs
        steps[entry.key] = max((steps[need] + 1 for need in entry.needs if need in steps), default=0)
    return steps
