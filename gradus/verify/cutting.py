"""A large input made as small as it still shows a fault."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradus.page import Arguments, Concept


def cut(concept: Concept, arguments: Arguments, wrong: Callable[[Arguments], bool]) -> Arguments:
    """The arguments with every dimension of the symbol table as short as they still show the fault."""
    rows = {s.argument: s.dimensions for s in concept.symbols if s.argument}

    def along(name: str) -> int:
        return max((np.shape(arguments[k])[i] for k, i in places(name)), default=0)

    def places(name: str) -> list[tuple[str, int]]:
        return [
            (k, i - len(dims))
            for k, dims in rows.items()
            if isinstance(arguments.get(k), np.ndarray) and arguments[k].ndim >= len(dims)
            for i, d in enumerate(dims)
            if d == name
        ]

    def shortened(name: str, size: int) -> Arguments:
        smaller = dict(arguments)
        for k, axis in places(name):
            smaller[k] = smaller[k].take(range(size), axis)
        return smaller

    for name in sorted({d for dims in rows.values() for d in dims if d.isidentifier()}):
        size = along(name)
        for target in dict.fromkeys((1, 2, 3, size // 8, size // 4, size // 2)):
            if 0 < target < size and wrong(smaller := shortened(name, target)):
                arguments = smaller
                break
    return arguments
