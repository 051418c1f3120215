"""The system that a key names: a concept with a page of its own, or one that shows what several pages teach."""

from __future__ import annotations

from gradus.catalogue import concept, entries
from gradus.page import Concept
from gradus.systems import System, keys, recipe_of


def system_of(key: str) -> Concept | System:
    """The concept of that key; or, where no page is called after the system, what its recipe says of it.

    Raises:
        GradusError: there is neither; the nearest keys are suggested.
    """
    area = keys().get(key)
    if area is not None and key not in entries().concepts:
        about = recipe_of(area, key).about
        if about is not None:
            return about
    return concept(key)
