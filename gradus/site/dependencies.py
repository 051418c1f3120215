"""What the parts of the site are made from, as digests: a part is remade only when its digest is another."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gradus import __version__
from gradus.catalogue import Catalogue, Entry, references
from gradus.catalogue.binding import bound_to, version
from gradus.catalogue.formulas import DATA
from gradus.catalogue.measured import evidence_file, summaries
from gradus.catalogue.page_files import PAGES
from gradus.errors import GradusError
from gradus.page import Concept
from gradus.site.plan import Part, reading_order

PACKAGE = Path(__file__).parent.parent
_RENDERING = ("report", "site", "page", "catalogue/formulas")
_DRAWING = (
    "page",
    "site/frames.py",
    "site/figures.py",
    "site/both_languages.py",
    "site/measured_once.py",
    "site/parsed_once.py",
    "report/svg.py",
    "report/fewer_digits.py",
)
_GROUND = ("text.py", "numbers.py", "areas.py")


def inputs(part: Part, catalogue: Catalogue[Entry], row: Mapping[str, Any] | None = None) -> str:
    """The digest of what a part is made from, as it stands now.

    Args:
        part: which.
        catalogue: the concepts of the site.
        row: what the manifest keeps of it: the formulas, references and links that it uses.
    """
    if part.kind == "shared":
        return _digest(_code(_RENDERING), _whole(catalogue))
    entry = catalogue.get(part.key)
    if part.kind == "frames":
        return _digest(
            _code(_DRAWING), _unit(entry, (".py", ".zh.md")), _bound(entry.module), version("matplotlib")
        )
    around = _around(catalogue, entry)
    own = (_unit(entry, (".py", ".md")), _bound(entry.module), _evidence(entry))
    return _digest(__version__, _code(_RENDERING), *own, around, _used(catalogue, row or {}))


def _used(catalogue: Catalogue[Entry], row: Mapping[str, Any]) -> str:
    """The digest of the formulas, references and links that a page uses, by their names in its row."""
    formulas, sources = formula_digests(), references()
    return _digest(
        *(formulas.get(name, "") for name in row.get("formulas", ())),
        *(json.dumps(sources.get(key), ensure_ascii=False) for key in row.get("references", ())),
        *(str(key in catalogue.concepts) for key in row.get("links", ())),
    )


def uses(concept: Concept, links: Iterable[str]) -> dict[str, list[str]]:
    """What a page uses, as its row keeps it: the digests' names of formulas, the keys of references and of links."""
    from gradus.catalogue.formulas.collected import formulas_of

    names = dict.fromkeys(_name(f.style, f.latex) for f in formulas_of(concept))
    sources = dict.fromkeys([concept.source, *(reading.source for reading in concept.readings)])
    return {"formulas": list(names), "references": list(sources), "links": sorted(set(links))}


@functools.cache
def formula_digests() -> dict[str, str]:
    """The digests of all compiled formulas by their names."""
    compiled = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        _name(style, latex): _short(html)
        for style in ("display", "inline")
        for latex, html in compiled[style].items()
    }


def _name(style: str, latex: str) -> str:
    return _short(f"{style}\0{latex}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@functools.cache
def _code(names: tuple[str, ...]) -> str:
    """The digest of these rooms and files of the package, and of what all of them stand on."""
    files: list[Path] = []
    for name in (*names, *_GROUND, "assets/math.css"):
        path = PACKAGE / name
        files += (
            sorted(f for f in path.rglob("*") if f.suffix in (".py", ".html", ".css", ".js"))
            if path.is_dir()
            else [path]
        )
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _unit(entry: Entry, suffixes: tuple[str, ...]) -> str:
    """The digest of the files that a page is made of, for a family those of all its members."""
    page = PAGES.joinpath(*entry.module.split(".")[2:])
    names = page.parent.iterdir() if entry.module.count(".") == 4 else page.parent.glob(f"{page.name}.*")
    files = sorted(file for file in names if file.name.endswith(suffixes))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@functools.cache
def _bound(module: str) -> str:
    """The digest of the code that a page imports, and of the libraries' versions."""
    bound = bound_to(module, ())
    return _digest(bound["code"], json.dumps(bound["versions"]))


@functools.cache
def _around(catalogue: Catalogue[Entry], entry: Entry) -> str:
    """The digest of what a page says of others: the concepts before, behind and beside it."""
    order = reading_order(catalogue)
    at = order.index(entry)
    near = [
        *order[max(at - 1, 0) : at + 2],
        *(catalogue.get(key) for key in entry.needs if key in catalogue.concepts),
        *catalogue.dependents(entry.key),
    ]
    return _digest(*(f"{e.key}\0{e.title.en}\0{e.title.zh}\0{e.area}" for e in near))


def _evidence(entry: Entry) -> str:
    """The digest of what was measured of the page as it stands; nothing where that has not been."""
    if not summaries([entry]):
        return ""
    try:
        return hashlib.sha256(evidence_file(entry.key).read_bytes()).hexdigest()
    except (OSError, GradusError):
        return ""


@functools.cache
def _whole(catalogue: Catalogue[Entry]) -> str:
    """The digest of all that the overviews list."""
    rows = (f"{e[:9]}\0{e.people}\0{e.needs}\0{e.details.read()}" for e in catalogue)
    return _digest(json.dumps(references(), ensure_ascii=False), *rows, repr(catalogue.table()))
