"""The index of the catalogue: what listing, search and paths show, read from small files instead of from all pages.

`index.json` holds what the roadmap prints; `details.json` the summaries and errata, `search.txt` the words that searching
compares, each read only by what needs it, so that a larger catalogue starts as fast. They are made from the pages by
`make index` and shipped; a test refuses stale ones. Where a page is being written they may still be older than the pages:
each start compares the names, the sizes and the times of the files, which costs no reading, and loads the pages that are
not as the index knows them. So what is shown is never stale.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import os
import time
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus.catalogue.details import Details, details_of
from gradus.catalogue.details import from_row as details_from_row
from gradus.catalogue.entry import Entry, as_row, entry_of, from_row
from gradus.catalogue.graph import Catalogue, order
from gradus.catalogue.page_files import (
    PAGES,
    digest,
    module_of,
    page_files,
    page_hash,
    unit,
    unit_of_module,
)
from gradus.catalogue.pages import load, load_modules, load_page
from gradus.catalogue.search_table import SearchTable, read_search_table, search_text
from gradus.catalogue.subjects import FILE as SUBJECTS
from gradus.catalogue.subjects import subject_words
from gradus.catalogue.words import PINYIN, words_of
from gradus.files import write_atomically

if TYPE_CHECKING:
    from gradus.page import Concept

FILE = Path(__file__).parent / "index.json"
DETAILS, SEARCH = "details.json", "search.txt"  # beside it
TOGETHER = 10.0  # seconds within which an installation or a checkout writes the pages and their index


@functools.cache
def entries() -> Catalogue[Entry]:
    """The roadmap as the pages are now; none of them is imported when the index fits them."""
    try:
        indexed, files, stamp = _read()
        changed = changed_units(files, FILE.stat().st_mtime)
    except (OSError, ValueError, KeyError, TypeError):  # no index, or one of another version
        return Catalogue(
            {entry.key: entry for entry in _entries(load())}, functools.cache(lambda: _table(load()))
        )
    table = functools.cache(lambda: read_search_table(FILE.with_name(SEARCH), stamp) or _table(load()))
    if not changed:
        return Catalogue({entry.key: entry for entry in indexed}, table)
    return _patched(indexed, changed, table)


def _read() -> tuple[list[Entry], dict[str, list[Any]], str]:
    """The entries, [size, digest] of each file that they were made from, and the stamp of all that was made with them."""
    collects = gc.isenabled()
    gc.disable()  # thousands of small objects that all stay: the collector would walk through them again and again
    try:
        shipped = json.loads(FILE.read_bytes())
        stamp = shipped["stamp"]
        details = functools.cache(lambda: _details(stamp))
        return [from_row(row, details) for row in shipped["entries"]], shipped["files"], stamp
    finally:
        if collects:
            gc.enable()


def _details(stamp: str) -> dict[str, Details]:
    """The details of all concepts, from the pages where the file was not made with the index."""
    try:
        shipped = json.loads(FILE.with_name(DETAILS).read_bytes())
        if shipped["stamp"] != stamp:
            raise ValueError(shipped["stamp"])
        return {key: details_from_row(row) for key, row in shipped["details"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {c.key: details_of(c) for c in load()}


def concept(key: str) -> Concept:
    """The concept of that key; only its page is imported.

    Raises:
        GradusError: there is none; the nearest keys are suggested.
    """
    entry = entries().get(key)
    return next(c for c in load_page(entry.module) if c.key == key)


def changed_units(recorded: dict[str, list[Any]], made: float, pages: Path = PAGES) -> set[str]:
    """The pages and families that are not as the index of that time knows them.

    A file of another size has changed; one that is younger than the index is read.

    Args:
        recorded: [size, digest] of each file.
        made: when the index was made, in seconds since 1970.
        pages: the folder of the pages.
    """
    files = page_files(pages)
    names = files.keys() ^ recorded.keys()
    young = made + TOGETHER
    for name, status in files.items():
        if name in names:
            continue
        size, contents = recorded[name]
        if status.st_size != size or (status.st_mtime > young and digest(pages / name) != contents):
            names.add(name)
    return {unit(name) for name in names}


def _patched(
    indexed: Iterable[Entry], changed: set[str], table: Callable[[], SearchTable]
) -> Catalogue[Entry]:
    """The entries of the index, but those of changed pages from the pages themselves."""
    modules = [module_of(name) for name in page_files() if name.endswith(".py")]
    pages = load_modules(m for m in modules if unit_of_module(m) in changed)
    current = [entry for entry in indexed if unit_of_module(entry.module) not in changed] + _entries(pages)
    by_key = {entry.key: entry for entry in sorted(current, key=lambda entry: modules.index(entry.module))}
    concepts = {key: by_key[key] for key in order(by_key)}
    return Catalogue(concepts, functools.cache(lambda: _patched_table(table(), pages, concepts)))


def _patched_table(table: SearchTable, pages: Iterable[Concept], keys: Container[str]) -> SearchTable:
    subjects = {key: words for key, words in table.subjects.items() if key not in keys}
    return SearchTable({**table.concepts, **{c.key: words_of(c) for c in pages}}, subjects)


def _table(concepts: Catalogue[Concept]) -> SearchTable:
    return SearchTable({c.key: words_of(c) for c in concepts}, subject_words(concepts.concepts))


def _entries(concepts: Iterable[Concept]) -> list[Entry]:
    return [entry_of(c, page_hash(c.module)) for c in concepts]


def contents() -> dict[str, str]:
    """What each file of the index must hold for the pages as they are: one concept a line, so that changes are readable.

    The last is `index.json`: while the others are newer than it, their stamp differs from its own and they are not read.
    """
    files = {n: [status.st_size, digest(PAGES / n)] for n, status in page_files().items()}
    stamp = hashlib.sha256(_json([files, digest(PINYIN, SUBJECTS)]).encode()).hexdigest()[:16]
    current = _entries(load())
    parts = {
        "files": "{\n" + _lines(f"{_json(name)}: {_json(values)}" for name, values in files.items()) + "\n}",
        "entries": "[\n" + _lines(_json(as_row(entry)) for entry in current) + "\n]",
        "details": "{\n" + _lines(f"{_json(e.key)}: {_json(e.details.read())}" for e in current) + "\n}",
    }
    return {
        DETAILS: f'{{"stamp": "{stamp}", "details": {parts["details"]}}}\n',
        SEARCH: search_text(stamp, _table(load())),
        FILE.name: f'{{"stamp": "{stamp}", "files": {parts["files"]},\n"entries": {parts["entries"]}}}\n',
    }


def _lines(rows: Iterable[str]) -> str:
    return ",\n".join(f"  {row}" for row in rows)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_index() -> None:
    """Makes the files of the index."""
    started = time.time() - TOGETHER  # so that what is edited from now on counts as younger
    for name, text in contents().items():
        write_atomically(FILE.with_name(name), [text.encode()])
    os.utime(FILE, (started, started))
