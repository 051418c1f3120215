"""Peak memory of one call, whatever framework it runs in."""

from __future__ import annotations

from typing import Any

from gradus.frameworks.adapted import Adapted


def peak_memory(implementation: Adapted, **arguments: Any) -> int:
    """Bytes that the implementation holds at its peak above what it was given, on the processor.

    Raises:
        NotApplicable: the framework does not tell.
    """
    own = implementation.convert(implementation.bind(**arguments))
    return implementation.framework.peak_memory(lambda: implementation.raw(own))
