"""Imports pages: all of them, or the one of a concept. NumPy comes with the first."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradus.catalogue.graph import Catalogue, order
from gradus.catalogue.page_files import module_of, page_files
from gradus.errors import GradusError

if TYPE_CHECKING:
    from gradus.page import Concept


@functools.cache
def load() -> Catalogue[Concept]:
    """Imports every page and orders the concepts.

    Raises:
        GradusError: a key is used twice, an unknown key is needed, or the needs form a cycle.
    """
    concepts: dict[str, Concept] = {}
    for concept in load_modules(module_of(name) for name in page_files() if name.endswith(".py")):
        if concepts.setdefault(concept.key, concept) is not concept:
            raise GradusError(
                f"two concepts are called {concept.key!r}: {concepts[concept.key].module}, {concept.module}"
            )
    return Catalogue({key: concepts[key] for key in order(concepts)})


def load_modules(modules: Iterable[str]) -> list[Concept]:
    """The concepts of these pages."""
    return [concept for module in modules for concept in load_page(module)]


def load_page(module: str) -> list[Concept]:
    """The concepts that a page defines, in its order."""
    from gradus.page import Concept

    page = importlib.import_module(module)
    return [value for value in vars(page).values() if isinstance(value, Concept) and value.module == module]
