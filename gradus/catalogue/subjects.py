"""Subjects of deep learning that are known by name and may have no page yet: what a search answers instead of silence."""

from __future__ import annotations

import functools
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from gradus.catalogue.words import Words, names_of, pinyin_of
from gradus.text import Text

FILE = Path(__file__).parent / "subjects.txt"
#: What a search answers to the title of one without a page, above the pages to read meanwhile.
NO_PAGE = Text("{}: no page yet; nearest:", "{}：暂无页面；最接近的是：")


class Subject(NamedTuple):
    """A subject by its names.

    Attributes:
        key: what its page will be called.
        area: where it belongs.
        title: its name.
        aliases: what else people type.
        nearest: keys of the pages to read meanwhile, the nearest first.
    """

    key: str
    area: str
    title: Text
    aliases: tuple[str, ...]
    nearest: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called."""
        return (self.key, *self.title, *self.aliases)


@functools.cache
def subjects() -> dict[str, Subject]:
    """All of them by key, from `KEY | AREA | English | 中文 | aliases, … | nearest pages`, one a line."""
    rows = [line.split("|") for line in FILE.read_text(encoding="utf-8").splitlines() if line]
    cells = ([cell.strip() for cell in row] for row in rows)
    return {
        key: Subject(
            key, area, Text(en, zh), tuple(filter(None, aliases.split(", "))), tuple(nearest.split())
        )
        for key, area, en, zh, aliases, nearest in cells
    }


def subject_words(pages: Container[str]) -> dict[str, Words]:
    """The words of the subjects that have no page."""
    return {
        key: Words(names_of(subject.names), pinyin_of(subject.names))
        for key, subject in subjects().items()
        if key not in pages
    }
