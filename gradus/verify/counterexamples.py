"""The smallest input on which an implementation differs from the definition.

Inputs are drawn from the symbol table: its shapes give the dimensions that must agree, its domains the numbers.
Hypothesis shrinks a failing one to few, small, round numbers. Where the table alone cannot make an input (a
function among the arguments, sizes that depend on each other), the smallest failing case of the page is taken.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept, Symbol
from gradus.page.evidence import Evidence, NotApplicable
from gradus.text import Text
from gradus.verify.universal import compare
from gradus.verify.universal.sensitivity import REFUSALS, parts


@dataclass(frozen=True)
class Counterexample:
    """An input, both results on it, and where it comes from."""

    arguments: Arguments
    got: str
    want: str
    evidence: Evidence | None
    origin: Text

    def text(self, lang: str) -> str:
        """The arguments, both results, and the error beside its tolerance."""
        names = Text("definition", "定义").get(lang), Text("implementation", "实现").get(lang)
        rows = [(k, _short(v)) for k, v in self.arguments.items()]
        rows += [(names[0], self.want), (names[1], self.got)]
        if self.evidence:
            error = Text("error", "误差").get(lang)
            rows.append((error, f"{self.evidence}  [{self.evidence.because.get(lang)}]"))
        width = max(_columns(name) for name, _ in rows)
        return "\n".join(" " * (8 + width - _columns(name)) + f"{name} = {text}" for name, text in rows)


def _columns(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(ch) >= 0x2E80 else 1 for ch in text)


SHRUNK = Text("shrunk", "经收缩")
CASE = Text("smallest failing case of the page", "该页中最小的失败用例")


def smallest(
    concept: Concept, adapted: Adapted, rng: np.random.Generator, draws: int = 150
) -> Counterexample | None:
    """The smallest differing input that the search finds, or None when the two agree on all that it tried."""
    candidates = [
        (SHRUNK, _by_hypothesis(concept, adapted, draws)),
        (CASE, _by_cases(concept, adapted, rng)),
    ]
    differing = [(arguments, origin) for origin, arguments in candidates if arguments is not None]
    if not differing:
        return None
    # Inputs of many tied sizes shrink badly: a small case of the page may be smaller.
    arguments, origin = min(differing, key=lambda pair: _size(pair[0]))
    return _described(concept, adapted, arguments, origin)


def _size(arguments: Arguments) -> int:
    return sum(np.size(v) for v in arguments.values() if isinstance(v, np.ndarray))


def _differs(concept: Concept, adapted: Adapted, arguments: Arguments) -> bool:
    with np.errstate(all="ignore"):
        try:
            want = parts(concept.definition(**arguments))
        except REFUSALS:
            return False
        if not all(np.isfinite(w).all() for w in want if w.dtype.kind == "f"):
            return False
    try:
        return not compare(concept, adapted, arguments).holds
    except NotApplicable:
        return False
    except Exception:
        return True


def _by_hypothesis(concept: Concept, adapted: Adapted, draws: int) -> Arguments | None:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import NoSuchExample, Unsatisfiable

    quiet = settings(
        max_examples=draws, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for largest in (1, 2, 3, 4):  # the shrinker keeps the sizes that it starts from: begin with the smallest
        strategy = _strategy(concept, largest)
        if strategy is None:
            return None
        try:
            return find(strategy, lambda arguments: _differs(concept, adapted, arguments), settings=quiet)
        except (NoSuchExample, Unsatisfiable):
            continue
    return None


def _strategy(concept: Concept, largest: int) -> Any:
    """Arguments drawn from the symbol table with dimensions up to `largest`, or None when it cannot make them."""
    from hypothesis import strategies as st

    rows = {s.argument: s for s in concept.symbols if s.argument}
    defaults = {n: p.default for n, p in inspect.signature(concept.definition).parameters.items()}
    needed = [n for n, d in defaults.items() if d is inspect.Parameter.empty]
    if any(
        n not in rows or rows[n].shape == "function" or rows[n].domain in ("function", "other")
        for n in needed
    ):
        return None
    drawn = [rows[n] for n in defaults if n in needed or rows.get(n, _OTHER).domain == "boolean"]
    names = sorted({d for s in drawn for d in s.dimensions if not d.isdigit()})
    if any(not n.isidentifier() for n in names):
        return None

    @st.composite
    def inputs(draw: Any) -> Arguments:
        sizes = {name: draw(st.integers(1, largest)) for name in names}
        return {s.argument: _value(draw, s, [int(sizes.get(d, d)) for d in s.dimensions]) for s in drawn}

    return inputs()


_OTHER = Symbol("", "", "", "", domain="other")


def _value(draw: Any, symbol: Symbol, shape: list[int]) -> Any:
    from hypothesis import strategies as st

    elements = {
        "real": st.integers(-8, 8).map(lambda i: i / 2),
        "positive": st.integers(1, 8).map(lambda i: i / 2),
        "nonnegative": st.integers(0, 8).map(lambda i: i / 2),
        "unit": st.integers(0, 8).map(lambda i: i / 8),
        "simplex": st.integers(1, 8).map(float),
        "integer": st.integers(-3, 3),
        "natural": st.integers(1, 4),
        "index": st.integers(0, 1),
        "boolean": st.booleans(),
    }[symbol.domain]
    if not shape:
        return draw(elements)
    count = int(np.prod(shape))
    array = np.array(draw(st.lists(elements, min_size=count, max_size=count))).reshape(shape)
    if symbol.domain == "simplex":
        array = array / array.sum(-1, keepdims=True)
    return array


def _by_cases(concept: Concept, adapted: Adapted, rng: np.random.Generator) -> Arguments | None:
    for _, arguments in sorted(concept.cases(rng), key=lambda case: _size(case[1])):
        if _differs(concept, adapted, arguments):
            return arguments
    return None


def _described(concept: Concept, adapted: Adapted, arguments: Arguments, origin: Text) -> Counterexample:
    with np.errstate(all="ignore"):
        want = _short(concept.definition(**arguments))
    evidence = None
    try:
        evidence = compare(concept, adapted, arguments)
        got = _short(adapted(**arguments))
    except Exception as error:
        got = f"raised {type(error).__name__}: {error}"
    return Counterexample(arguments, got, want, evidence, origin)


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
        return "(" + ", ".join(_short(v) for v in value) + ")"
    if isinstance(value, (np.ndarray, np.generic)):
        text = np.array2string(
            np.asarray(value), precision=6, threshold=40, separator=", ", floatmode="maxprec"
        )
        return " ".join(text.split()) if np.size(value) <= 12 else text.replace("\n", "\n" + " " * 25)
    return getattr(value, "__name__", None) or repr(value)
