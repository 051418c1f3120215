"""The words that searching compares, folded once when the index is made: `key TAB names TAB …`, one concept a line.

The rows of subjects that have no page yet stand below, each behind a `?`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gradus.catalogue.words import Words

SUBJECT = "?"


class SearchTable(NamedTuple):
    """The words of the concepts, and those of the subjects without a page, by key."""

    concepts: Mapping[str, Words]
    subjects: Mapping[str, Words]


def search_text(stamp: str, table: SearchTable) -> str:
    """The table as its file holds it; the first line is the stamp of the index that it was made with."""
    rows = [(key, *words) for key, words in table.concepts.items()]
    rows += [(SUBJECT + key, *words) for key, words in table.subjects.items()]
    return "\n".join((stamp, *("\t".join(row) for row in rows), ""))


def read_search_table(file: Path, stamp: str) -> SearchTable | None:
    """The table; none where the file is missing or was not made with this index."""
    try:
        first, *rows = file.read_text(encoding="utf-8").splitlines()
        if first != stamp:
            return None
        cells = [row.split("\t") for row in rows]
        words = {key: Words(names, pinyin, terms, about) for key, names, pinyin, terms, about in cells}
    except (OSError, ValueError):
        return None
    subjects = {key[1:]: words.pop(key) for key in [key for key in words if key.startswith(SUBJECT)]}
    return SearchTable(words, subjects)
