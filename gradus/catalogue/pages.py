"""Finds the pages and imports them."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path

from gradus.catalogue.graph import Catalogue, order
from gradus.errors import GradusError
from gradus.page import AREAS, Concept

PAGES = Path(__file__).parent.parent / "concepts"


@functools.cache
def load() -> Catalogue:
    """Imports every page (NumPy only) and orders the concepts.

    Raises:
        GradusError: a key is used twice, an unknown key is needed, or the needs form a cycle.
    """
    found: dict[str, Concept] = {}
    for area in AREAS:
        if not (PAGES / area).is_dir():
            continue
        for name in _pages(f"gradus.concepts.{area}", PAGES / area):
            page = importlib.import_module(name)
            for concept in [v for v in vars(page).values() if isinstance(v, Concept) and v.module == name]:
                if found.setdefault(concept.key, concept) is not concept:
                    raise GradusError(
                        f"two concepts are called {concept.key!r}: {found[concept.key].module}, {concept.module}"
                    )
    return Catalogue({key: found[key] for key in order(found)})


def _pages(package: str, folder: Path) -> list[str]:
    """The modules of a folder's pages; a family may be a folder of pages itself."""
    found = sorted(pkgutil.iter_modules([str(folder)]), key=lambda m: m.name)
    return [
        name
        for m in found
        for name in (_pages(f"{package}.{m.name}", folder / m.name) if m.ispkg else [f"{package}.{m.name}"])
    ]
