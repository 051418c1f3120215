"""Makes one part of the site: what a process of a build, or the server's, is asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from gradus.catalogue import Catalogue, Entry
from gradus.catalogue import concept as load_concept
from gradus.files import make_folder, write_atomically
from gradus.site.assets import shared_files
from gradus.site.concept_pages import Links, concept_pages
from gradus.site.dependencies import inputs, uses
from gradus.site.frames import frames_scripts
from gradus.site.manifest import Manifest, Row
from gradus.site.overviews import overview_pages
from gradus.site.plan import LANGUAGES, Part, chosen
from gradus.verify import Report
from gradus.verify.evidence_cache import measured, recalled


def start_worker() -> None:
    """One thread for each process, and Ctrl-C left to the one that waits for them."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make(part: Part, directory: str, keys: Sequence[str] | None, measure: bool) -> Row:
    """Writes the files of a part; returns its row of the manifest.

    Args:
        part: which.
        directory: of the site.
        keys: of its concepts; all of them unless given.
        measure: whether claims are measured whose evidence is not at hand.
    """
    catalogue = chosen(keys)
    row: Row = {"files": list(part.files)}
    if part.kind == "page":
        _make_page(part, Path(directory), catalogue, measure, row)
    elif part.kind == "frames":
        scripts = frames_scripts(load_concept(part.key))
        for lang, file in zip(LANGUAGES, part.files, strict=True):
            _write(Path(directory), file, scripts[lang])
    else:
        for file, text in (*shared_files(catalogue), *overview_pages(catalogue)):
            _write(Path(directory), file, text)
    row["inputs"] = inputs(part, catalogue, row)
    return row


def make_some(some: Sequence[Part], directory: str, keys: Sequence[str] | None, measure: bool) -> list[Row]:
    """Makes one part after the other, as `make` does."""
    return [make(part, directory, keys, measure) for part in some]


def remake(part: Part, directory: str, keys: Sequence[str] | None, row: Row | None) -> Row | None:
    """Makes a part if it is not as it should be, without measuring; returns its new row, or none where it is."""
    manifest = Manifest(Path(directory), rows={part.name: row} if row else {})
    if is_current(part, manifest, chosen(keys), measure=False):
        return None
    return make(part, directory, keys, measure=False)


def is_current(part: Part, manifest: Manifest, catalogue: Catalogue[Entry], measure: bool) -> bool:
    """Whether a part was made from what there is now, and its files are there."""
    row = manifest.rows.get(part.name)
    if (
        row is None
        or row.get("inputs") != inputs(part, catalogue, row)
        or (measure and row.get("unmeasured"))
    ):
        return False
    return all((manifest.directory / file).is_file() for file in part.files)


def _make_page(part: Part, directory: Path, catalogue: Catalogue[Entry], measure: bool, row: Row) -> None:
    concept, links = load_concept(part.key), Links(catalogue)
    evidence = measured(concept) if measure else recalled(concept)
    if evidence is None:
        row["unmeasured"] = True
        evidence = Report(())
    pages = concept_pages(concept, evidence, links)
    for lang, file in zip(LANGUAGES, part.files, strict=True):
        _write(directory, file, pages[lang])
    row |= uses(concept, links.asked)


def _write(directory: Path, file: str, text: str) -> None:
    path = directory / file
    make_folder(path.parent)
    content = text.encode()
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, [content])
