"""The small inputs of a page on which a user's function is tried before it is judged."""

from __future__ import annotations

import numpy as np

from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept

INPUTS = 4  # cases that are tried before the function is said not to take the page's arguments


def small_inputs(concept: Concept) -> list[Arguments]:
    """Kind cases of the page: nothing empty, nothing infinite, few numbers, and not only one."""

    def arrays(arguments: Arguments) -> list[np.ndarray]:
        return [np.asarray(a) for a in flatten(arguments) if isinstance(a, np.ndarray)]

    cases = [arguments for _, arguments in concept.cases(np.random.default_rng(0))]
    kind = [
        c
        for c in cases
        if all(a.size and (a.dtype.kind not in "fc" or np.isfinite(a).all()) for a in arrays(c))
    ]

    def rank(arguments: Arguments) -> tuple[int, int]:
        size = sum(a.size for a in arrays(arguments))
        single = any(1 in a.shape for a in arrays(arguments))
        return int(single), size

    return sorted(kind or cases, key=rank)[: max(INPUTS, len(kind))]
