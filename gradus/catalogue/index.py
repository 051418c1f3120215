"""The index of the catalogue: what listing, search and paths show, read from one file instead of from all pages.

`index.json` is made from the pages by `make index` and shipped; a test refuses a stale one. Where a page is being
written it may still be older than the pages: each start compares the names, the sizes and the times of the files, which
costs no reading, and loads the pages that are not as the index knows them. So what is shown is never stale.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from gradus.files import write_atomically

if TYPE_CHECKING:
    from gradus.page import Concept

FILE = Path(__file__).parent / "index.json"
TOGETHER = 10.0  # seconds within which an installation or a checkout writes the pages and their index


@functools.cache
def entries() -> Catalogue[Entry]:
    """The roadmap as the pages are now; none of them is imported when the index fits them."""
    try:
        indexed, files = _read()
        changed = changed_units(files, FILE.stat().st_mtime)
    except (OSError, ValueError, KeyError, TypeError):  # no index, or one of another version
        return Catalogue({entry.key: entry for entry in _entries(load())})
    if not changed:
        return Catalogue({entry.key: entry for entry in indexed})
    return _patched(indexed, changed)


def _read() -> tuple[list[Entry], dict[str, list[Any]]]:
    """The entries, and [size, digest] of each file that they were made from."""
    collects = gc.isenabled()
    gc.disable()  # thousands of small objects that all stay: the collector would walk through them again and again
    try:
        shipped = json.loads(FILE.read_bytes())
        return [from_row(row) for row in shipped["entries"]], shipped["files"]
    finally:
        if collects:
            gc.enable()


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
    names = set(files) ^ set(recorded)
    for name in set(files) & set(recorded):
        size, contents = recorded[name]
        status = files[name]
        young = status.st_mtime > made + TOGETHER
        if status.st_size != size or (young and digest(pages / name) != contents):
            names.add(name)
    return {unit(name) for name in names}


def _patched(indexed: Iterable[Entry], changed: set[str]) -> Catalogue[Entry]:
    """The entries of the index, but those of changed pages from the pages themselves."""
    modules = [module_of(name) for name in page_files() if name.endswith(".py")]
    loaded = load_modules(m for m in modules if unit_of_module(m) in changed)
    current = [entry for entry in indexed if unit_of_module(entry.module) not in changed] + _entries(loaded)
    by_key = {entry.key: entry for entry in sorted(current, key=lambda entry: modules.index(entry.module))}
    return Catalogue({key: by_key[key] for key in order(by_key)})


def _entries(concepts: Iterable[Concept]) -> list[Entry]:
    return [entry_of(c, page_hash(c.module)) for c in concepts]


def content() -> str:
    """What `index.json` must hold for the pages as they are: one file and one concept a line, so that changes are readable."""
    files = {n: [status.st_size, digest(PAGES / n)] for n, status in page_files().items()}
    lines = [f"  {_json(name)}: {_json(values)}" for name, values in files.items()]
    rows = [f"  {_json(as_row(entry))}" for entry in _entries(load())]
    return '{"files": {\n' + ",\n".join(lines) + '\n},\n"entries": [\n' + ",\n".join(rows) + "\n]}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_index() -> None:
    """Makes `index.json`."""
    started = time.time() - TOGETHER  # so that what is edited from now on counts as younger
    write_atomically(FILE, [content().encode()])
    os.utime(FILE, (started, started))
