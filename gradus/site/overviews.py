"""The pages that are of no single concept: index, roadmap, routes, timeline, errata, references, and the choice of language."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from gradus.areas import AREAS
from gradus.catalogue import Catalogue, Entry, references
from gradus.catalogue import concept as load_concept
from gradus.catalogue.references import citation
from gradus.catalogue.routes import ROUTES, timeline, walk
from gradus.site.layout import OVERVIEW_WORDS, around, environment
from gradus.site.plan import LANGUAGES, depths
from gradus.site.words import WORDS


def overview_pages(catalogue: Catalogue[Entry]) -> Iterator[tuple[str, str]]:
    """Each overview in each language: its file and its text."""
    yield "index.html", environment("en").get_template("landing.html").render(words=WORDS)
    for lang in LANGUAGES:
        for name, contents in CONTENTS.items():
            here = around(lang, f"{name}.html", WORDS[OVERVIEW_WORDS[name]].get(lang))
            yield (
                f"{lang}/{name}.html",
                environment(lang).get_template(f"{name}.html").render(**here, **contents(catalogue)),
            )


def _index(catalogue: Catalogue[Entry]) -> dict[str, Any]:
    grouped = [(area, [e for e in catalogue if e.area == area]) for area in AREAS]
    return {"grouped": [(area, concepts) for area, concepts in grouped if concepts], "count": len(catalogue)}


def _roadmap(catalogue: Catalogue[Entry]) -> dict[str, Any]:
    steps = depths(catalogue)
    rows: dict[int, list[Entry]] = defaultdict(list)
    for entry in catalogue:
        rows[steps[entry.key]].append(entry)
    return {"rows": sorted(rows.items()), "used": {entry.area for entry in catalogue}}


def _routes(catalogue: Catalogue[Entry]) -> dict[str, Any]:
    whole = [
        r
        for r in ROUTES.values()
        if all(key in catalogue.concepts for stage in r.stages for key in stage.keys)
    ]
    return {"routes": [(route, walk(route, catalogue)) for route in whole]}


def _timeline(catalogue: Catalogue[Entry]) -> dict[str, Any]:
    return {"periods": timeline(catalogue)}


def _errata(catalogue: Catalogue[Entry]) -> dict[str, Any]:
    every = [(erratum, entry) for entry in catalogue for erratum in entry.errata]
    return {"errata": sorted(every, key=lambda pair: _digits(pair[0].number))}


def _digits(number: str) -> tuple[int, str]:
    """E5 before E44, and E44 before E44b."""
    digits = re.search(r"\d+", number)
    return (int(digits[0]) if digits else 0), number


def _references(catalogue: Catalogue[Entry]) -> dict[str, Any]:
    named: dict[str, list[Entry]] = defaultdict(list)
    for entry in catalogue:
        concept = load_concept(entry.key)
        for key in dict.fromkeys([concept.source, *(r.source for r in concept.readings)]):
            named[key].append(entry)
    rows = [
        (key, citation(key), references()[key].get("url", ""), named[key])
        for key in references()
        if key in named
    ]
    return {"sources": sorted(rows, key=lambda row: row[1].casefold())}


CONTENTS: dict[str, Callable[[Catalogue[Entry]], dict[str, Any]]] = {
    "index": _index,
    "roadmap": _roadmap,
    "routes": _routes,
    "timeline": _timeline,
    "errata": _errata,
    "references": _references,
}
