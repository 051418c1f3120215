"""The recorded implementations, and users' functions, made callable on NumPy arrays."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from gradus.errors import GradusError
from gradus.frameworks.adapted import Adapted
from gradus.frameworks.detection import detect
from gradus.frameworks.object_paths import resolve
from gradus.frameworks.optax import adapt_factory
from gradus.page import Concept, Implementation
from gradus.text import Text


def adapt(concept: Concept, implementation: Implementation) -> Adapted:
    """The recorded implementation, imported now."""
    function = resolve(implementation.path)
    return Adapted(function, concept, implementation.framework, implementation.call, name=implementation.path)


def adapt_function(
    concept: Concept, function: Callable[..., Any], framework: str | None = None, name: str = ""
) -> Adapted:
    """A user's function; the framework is detected unless it is named.

    A function that the page already names, and any class (an optimiser, a module), is called as the page calls it;
    one of another form that the page knows (a module, a function of one step) by the page's bridge for it;
    on an optimiser's page a factory of Optax gradient transformations is driven along its trajectory.

    Raises:
        GradusError: it cannot be called, or its framework is unknown or not installed.
    """
    if not callable(function):
        what, kind = repr(name or function), type(function).__name__
        raise GradusError(
            Text(
                f"{what} is not callable: expected a function, got {kind}",
                f"{what} 不可调用：应为函数，得到 {kind}",
            )
        )
    for recorded in (*_recorded_as(concept, function), *_for_any_class(concept, function)):
        return Adapted(function, concept, framework or recorded.framework, recorded.call, name=name)
    if concept.other_form and (bridge := concept.other_form(function)):
        return Adapted(function, concept, framework or detect(function), bridge, name=name)
    factory = adapt_factory(concept, function, framework, name)
    return factory or Adapted(function, concept, framework or detect(function), name=name)


def _recorded_as(concept: Concept, function: Callable[..., Any]) -> Iterator[Implementation]:
    """The page's implementations that the function itself is."""
    for recorded in concept.implementations:
        with contextlib.suppress(GradusError):
            if _may_be(function, recorded.path) and resolve(recorded.path) is function:
                yield recorded


def _for_any_class(concept: Concept, function: Callable[..., Any]) -> Iterator[Implementation]:
    """The page's implementations with a bridge, if the function is a class."""
    if isinstance(function, type):
        yield from (recorded for recorded in concept.implementations if recorded.call is not None)


def _may_be(function: Callable[..., Any], path: str) -> bool:
    """Whether the function can be what the path names; a package that nobody has imported is not imported to compare.

    Our own packages import their modules, and PyTorch, only when an object of theirs is named: it must be one of ours.
    """
    package = path.partition(":")[0].partition(".")[0]
    if package != __name__.partition(".")[0]:
        return package in sys.modules
    home = getattr(function, "__module__", None) or type(function).__module__
    return str(home).partition(".")[0] == package
