"""Finds the pages, imports them, and puts the Chinese that stands beside them into their strings."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from gradus.catalogue.graph import Catalogue, order
from gradus.errors import GradusError
from gradus.page import AREAS, Concept
from gradus.page.translation import concepts_of, translate

PAGES = Path(__file__).parent.parent / "concepts"


@functools.cache
def load() -> Catalogue:
    """Imports every page (NumPy only) and orders the concepts.

    Raises:
        GradusError: a key is used twice, an unknown key is needed, or the needs form a cycle.
    """
    concepts: dict[str, Concept] = {}
    for concept in [c for module in modules() for c in concepts_of(module)]:
        if concepts.setdefault(concept.key, concept) is not concept:
            raise GradusError(
                f"two concepts are called {concept.key!r}: {concepts[concept.key].module}, {concept.module}"
            )
    return Catalogue({key: concepts[key] for key in order(concepts)})


def modules() -> list[ModuleType]:
    """Every page, and what the pages of a family share, imported, in both languages."""
    areas = [area for area in AREAS if (PAGES / area).is_dir()]
    names = [name for area in areas for name in _names(f"gradus.concepts.{area}", PAGES / area)]
    imported = [importlib.import_module(name) for name in names]
    for folder in dict.fromkeys(map(_folder, imported)):
        translate(*folder)
    return imported


def import_page(name: str) -> ModuleType:
    """One page, imported, in both languages; `name` is that of its module."""
    page = importlib.import_module(name)
    translate(*_folder(page))
    return page


def _folder(page: ModuleType) -> tuple[str, Path]:
    return page.__name__.rpartition(".")[0], Path(str(page.__file__)).parent


def _names(package: str, folder: Path) -> list[str]:
    """The modules of a folder's pages; a family may be a folder of pages itself."""
    files = sorted(pkgutil.iter_modules([str(folder)]), key=lambda m: m.name)
    return [
        name
        for m in files
        for name in (_names(f"{package}.{m.name}", folder / m.name) if m.ispkg else [f"{package}.{m.name}"])
    ]
