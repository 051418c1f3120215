"""The claim that a result depends on every entry of the arguments and on nothing else: no memory, no state, no address.

Each case is called three times in the same memory: as it is, with all entries but the first of each array moved, and
as it was. The middle one must be the definition's; the last what the first was. So an answer that is remembered, by
the first entry, by the shape or by the place in memory, is found out, and so is one that depends on how often it was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradus.errors import raised
from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten, map_arrays
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, all_of, identical
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import Measure, over_cases
from gradus.verify.universal.sensitivity import REFUSALS, parts, sensitivity, terms_of
from gradus.verify.universal.values import close

STEP = 2.0**-6


def depends_on_every_entry(concept: Concept) -> Measure:
    """The claim's measurement over the page's cases."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        cast = adapted.cast("float64")
        return over_cases(concept, rng, lambda arguments: _again(concept, cast, arguments))

    return measure


def _again(concept: Concept, adapted: Adapted, arguments: Arguments) -> Evidence:
    own = {k: map_arrays(np.array, v) for k, v in arguments.items()}
    with np.errstate(all="ignore"):
        before = parts(concept.definition(**arguments))
        moved, defined = _first_that_moves(concept, arguments, before)
        sizes, sizes_before = sensitivity(concept, moved, defined), sensitivity(concept, arguments, before)
    answer = parts(adapted(**own))
    first = [np.array(r) for r in answer]
    ours = [v for value in own.values() for v in flatten(value) if isinstance(v, np.ndarray)]
    apart = [i for i, r in enumerate(answer) if not any(np.may_share_memory(r, v) for v in ours)]
    _write(own, moved)
    try:
        second = [np.array(r) for r in parts(adapted(**own))]
    except REFUSALS as error:  # the page says nothing of this input: the implementation may refuse it
        raise NotApplicable(raised(error)) from None
    _write(own, arguments)
    third = parts(adapted(**own))
    n = terms_of(concept, arguments)
    # a memory misses by the whole of the way: a thousandth of it leaves room for iterations and logarithms
    way = [_way(d, b) / 1000 for d, b in zip(defined, before, strict=True)]
    pairs = [(g, w, s, t) for g, w, s, t in zip(second, defined, sizes, way, strict=True)]
    kept = [
        identical(
            answer[i],
            first[i],
            Text("a later call must not change an earlier answer", "后一次调用不得改动先前的结果"),
        )
        for i in apart
    ]
    pairs += [(g, w, s, t) for g, w, s, t in zip(third, first, sizes_before, way, strict=True)]
    return all_of(*kept, *[_near(g, w, s, n, t) for g, w, s, t in pairs])


def _way(a: np.ndarray, b: np.ndarray) -> float:
    """The largest distance between two results, where both are finite."""
    if a.shape != b.shape or a.dtype.kind != "f":
        return 0.0
    return float(np.abs(a - b)[np.isfinite(a) & np.isfinite(b)].max(initial=0.0))


def _near(got: np.ndarray, want: np.ndarray, size: float, n: int, way: float) -> Evidence:
    evidence = close(got, want, size, n, "float64")
    if want.dtype.kind != "f" or got.shape != want.shape:
        return evidence
    return replace(evidence, tolerance=max(evidence.tolerance, way))


def _first_that_moves(
    concept: Concept, arguments: Arguments, before: list[np.ndarray]
) -> tuple[Arguments, list[np.ndarray]]:
    for motion in (_scaled, _permuted):
        moved = {k: _each(motion, v, _domain(concept, k)) for k, v in arguments.items()}
        try:
            defined = parts(concept.definition(**moved))
        except REFUSALS:
            continue
        if not all(_equal(a, b) for a, b in zip(defined, before, strict=True)):
            return moved, defined
    raise NotApplicable(Text("the result does not move with the arguments", "结果不随参数变化"))


def _each(motion: Callable[[np.ndarray, str], np.ndarray], value: Any, domain: str) -> Any:
    return map_arrays(lambda x: motion(x, domain), value)


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def _domain(concept: Concept, name: str) -> str:
    return next((s.domain for s in concept.symbols if s.argument == name), "other")


def _write(own: Arguments, values: Arguments) -> None:
    for name, value in own.items():
        for to, new in zip(flatten(value), flatten(values[name]), strict=True):
            if isinstance(to, np.ndarray):
                to[...] = new


def _symmetric(x: np.ndarray) -> bool:
    return x.ndim >= 2 and x.shape[-1] == x.shape[-2] and np.array_equal(x, np.swapaxes(x, -1, -2))


def _scaled(x: np.ndarray, domain: str) -> np.ndarray:
    """All entries but the first (of each row, on the simplex) times a factor near 1; whole numbers stay."""
    if (
        x.dtype.kind != "f"
        or x.size < 2
        or domain in ("natural", "integer", "index")
        or (x == np.rint(x)).all()
    ):
        return x
    f = 1 + STEP * np.cos(np.arange(x.size)).reshape(x.shape)
    if domain == "simplex" or ((x >= 0).all() and np.abs(x.sum(-1) - 1).max() < 1e-12):
        rest, tail = x[..., 1:].sum(-1, keepdims=True), x[..., 1:] * f[..., 1:]
        total = tail.sum(-1, keepdims=True)
        return np.concatenate(
            [x[..., :1], tail * np.where(total > 0, rest / np.where(total > 0, total, 1), 1)], -1
        )
    if x.ndim == 1 and x.size > 4 and (np.diff(x) > 0).all():  # what ascends goes on ascending
        return np.concatenate([x[:1], x[1:-1] + np.diff(x)[1:] / 8, x[-1:]])
    if _symmetric(x):
        f = (f + np.swapaxes(f, -1, -2)) / 2
    f[(0,) * x.ndim] = 1
    y = x * f
    if (
        x == x.astype(np.float32)
    ).all():  # what float32 holds stays so: who rounds by way of it would round twice
        y = y.astype(np.float32).astype(x.dtype)
    return np.minimum(y, np.maximum(x, (1 + x) / 2)) if domain == "unit" else y


def _permuted(x: np.ndarray, domain: str) -> np.ndarray:
    """The entries after the first in the opposite order along the first axis, of symmetric matrices along both."""
    if (
        x.ndim == 0
        or len(x) < 3
        or (x.ndim == 1 and x.size > 4 and x.dtype.kind == "f" and (np.diff(x) > 0).all())
    ):
        return x
    if _symmetric(x) and x.ndim == 2:
        order = np.r_[0, len(x) - 1 : 0 : -1]
        return x[np.ix_(order, order)]
    return np.concatenate([x[:1], x[:0:-1]])
