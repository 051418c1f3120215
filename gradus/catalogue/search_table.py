"""The words that searching compares, folded once when the index is made: `key TAB names TAB summary`, one concept a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gradus.catalogue.search import Words


def search_table(stamp: str, words: Mapping[str, Words]) -> str:
    """The table as its file holds it; the first line is the stamp of the index that it was made with."""
    rows = (f"{key}\t{w.names}\t{w.summary}\n" for key, w in words.items())
    return f"{stamp}\n{''.join(rows)}"


def read_search_table(file: Path, stamp: str) -> dict[str, Words]:
    """The words of the concepts by key; empty where the file is missing or was not made with this index."""
    try:
        first, *rows = file.read_text(encoding="utf-8").splitlines()
        cells = [row.split("\t") for row in rows] if first == stamp else []
        return {key: Words(names, summary) for key, names, summary in cells}
    except (OSError, ValueError):
        return {}
