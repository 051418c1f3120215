"""A system that no page is called after, because it shows at work what several pages teach."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.text import Text


@dataclass(frozen=True)
class System:
    """What such a system is called, and which pages teach it.

    Attributes:
        key: what it is called on the command line, as its file.
        area: as its folder.
        title: its name.
        summary: what it shows, in a sentence or two.
        pages: keys of the concepts that teach it.
    """

    key: str
    area: str
    title: Text
    summary: Text
    pages: tuple[str, ...]
