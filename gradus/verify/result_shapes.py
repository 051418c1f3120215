"""The shape of a page's single result in the names of its symbols, as its cases show it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept
from gradus.text import Text

CASES = 24  # that are looked at: a name that fits all of them by chance alone has become unlikely
Shape = tuple[int, ...]


class Case(NamedTuple):
    """The shapes of one case: of its array arguments by name, of its result, and the sizes that have names."""

    arguments: dict[str, Shape]
    result: Shape
    sizes: dict[str, int]


def result_in_words(concept: Concept) -> Text:
    """A number, or an array and its shape: by the argument that it is like, or each axis by the name that fits every case."""
    cases = list(itertools.islice(_cases(concept), CASES))
    if all(not case.result for case in cases):
        return Text("number", "一个数")
    if name := _like(concept, cases):
        return Text(f"array of the shape of `{name}`", f"与 `{name}` 形状相同的数组")
    shape = _axes(cases) or _of_a_symbol(concept, cases)
    if shape == ["…"] and all(len(c.result) < max(map(len, c.arguments.values())) for c in cases):
        return Text("number; of a batch an array (…)", "一个数；成批时为数组 (…)")
    words = f" ({', '.join(shape)})" if shape else ""
    return Text(f"array{words}", f"数组{words}")


def _cases(concept: Concept) -> Iterator[Case]:
    for _, arguments in concept.cases(np.random.default_rng(0)):
        with np.errstate(all="ignore"):
            result = np.shape(flatten(concept.definition(**arguments))[0])
        shapes = {name: value.shape for name, value in arguments.items() if isinstance(value, np.ndarray)}
        yield Case(shapes, result, _sizes(concept, arguments))


def _sizes(concept: Concept, arguments: Arguments) -> dict[str, int]:
    """The named sizes of a case: axes of its arguments, and whole numbers among them; then each with one more."""
    sizes: dict[str, int] = {}
    for symbol in concept.symbols:
        value, names = arguments.get(symbol.argument), symbol.dimensions
        if isinstance(value, np.ndarray) and value.ndim >= len(names):
            sizes |= zip(names, value.shape[value.ndim - len(names) :], strict=True)
    sizes |= {n: v for n, v in arguments.items() if isinstance(v, int) and not isinstance(v, bool)}
    return sizes | {f"{name}+1": size + 1 for name, size in sizes.items()}


def _like(concept: Concept, cases: list[Case]) -> str:
    """The argument of any shape whose shape the result has in every case; "" where there is none."""
    arguments = (symbol.argument for symbol in concept.symbols if symbol.shape == "...")
    return next((n for n in arguments if all(c.arguments.get(n) == c.result for c in cases)), "")


def _axes(cases: list[Case]) -> list[str]:
    """The axes from the first to the last; `…` for those that not every case has, none where one has no name."""
    names = [_name(cases, axis) for axis in range(-_rank(cases), 0)]
    return [*_dots(cases), *names] if all(names) else []


def _name(cases: list[Case], axis: int) -> str:
    """A size that the axis has in every case, a number where it never changes; "" where there is none."""
    fitting = (n for n in cases[0].sizes if all(c.sizes.get(n) == c.result[axis] for c in cases))
    lengths = {case.result[axis] for case in cases}
    return next(fitting, str(lengths.pop()) if len(lengths) == 1 else "")


def _of_a_symbol(concept: Concept, cases: list[Case]) -> list[str]:
    """The axes as the last symbol that is no argument has them, where it fits: results stand after what they are made of."""
    shapes = [s.dimensions for s in concept.symbols if not s.argument and _fits(s.dimensions, cases)]
    return [*_dots(cases), *shapes[-1]] if shapes else []


def _fits(names: tuple[str, ...], cases: list[Case]) -> bool:
    if len(names) != _rank(cases):
        return False
    tail = [zip(names, c.result[len(c.result) - len(names) :], strict=True) for c in cases]
    return all(c.sizes.get(n, size) == size for c, axes in zip(cases, tail, strict=True) for n, size in axes)


def _rank(cases: list[Case]) -> int:
    return min(len(case.result) for case in cases)


def _dots(cases: list[Case]) -> list[str]:
    return ["…"] if any(len(case.result) > _rank(cases) for case in cases) else []
