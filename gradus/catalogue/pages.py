"""Imports pages, all of them or the one of a concept, and puts the Chinese that stands beside them into their strings."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from gradus.catalogue.graph import Catalogue, order
from gradus.catalogue.page_files import module_of, page_files
from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page import Concept


@functools.cache
def load() -> Catalogue[Concept]:
    """Imports every page and orders the concepts.

    Raises:
        GradusError: a key is used twice, an unknown key is needed, or the needs form a cycle.
    """
    concepts: dict[str, Concept] = {}
    for concept in load_modules(module_names()):
        if concepts.setdefault(concept.key, concept) is not concept:
            raise GradusError(
                Text(
                    f"two concepts are called {concept.key!r}: {concepts[concept.key].module}, {concept.module}",
                    f"有两个概念同名 {concept.key!r}：{concepts[concept.key].module} 与 {concept.module}",
                )
            )
    return Catalogue({key: concepts[key] for key in order(concepts)})


def module_names() -> list[str]:
    """The modules of all pages, and of what the pages of a family share."""
    return [module_of(name) for name in page_files() if name.endswith(".py")]


def modules() -> list[ModuleType]:
    """Every page, and what the pages of a family share, imported, in both languages."""
    return import_pages(module_names())


def import_pages(names: Iterable[str]) -> list[ModuleType]:
    """Pages by the names of their modules, imported, in both languages."""
    from gradus.page.translation import translate

    pages = [importlib.import_module(name) for name in names]
    for package, folder in dict.fromkeys(
        (p.__name__.rpartition(".")[0], Path(str(p.__file__)).parent) for p in pages
    ):
        translate(package, folder)
    return pages


def load_modules(names: Iterable[str]) -> list[Concept]:
    """The concepts of these pages."""
    from gradus.page.translation import concepts_of

    return [concept for page in import_pages(names) for concept in concepts_of(page)]


def load_page(module: str) -> list[Concept]:
    """The concepts that a page defines, in its order."""
    return load_modules([module])
