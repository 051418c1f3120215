"""The smallest input on which an implementation differs from the definition.

Inputs are drawn from the symbol table: its shapes give the dimensions that must agree, its domains the numbers.
Hypothesis shrinks a failing one to few, small, round numbers. Where the table alone cannot make an input (a
function among the arguments, sizes that depend on each other), the smallest failing case of the page is taken.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.errors import TextError, raised
from gradus.frameworks import Adapted
from gradus.frameworks.structure import map_arrays
from gradus.page import Arguments, Concept, Symbol
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text, as_text
from gradus.verify.cutting import cut
from gradus.verify.universal import compare
from gradus.verify.universal.sensitivity import parts

if TYPE_CHECKING:
    from gradus.verify.runner import Result


@dataclass(frozen=True)
class Counterexample:
    """An input, both results on it, and where it comes from.

    Attributes:
        origin: how it was found.
        rows: the arguments, both results and the error, by name.
    """

    origin: Text
    rows: tuple[tuple[Text, Text], ...]

    def text(self, lang: str) -> str:
        """The arguments, both results, and the error beside its tolerance."""
        rows = [(name.get(lang), value.get(lang)) for name, value in self.rows]
        width = max(_columns(name) for name, _ in rows)
        return "\n".join(" " * (8 + width - _columns(name)) + f"{name} = {text}" for name, text in rows)


class Unrepeatable(TextError):
    """The implementation answers differently to the same input, so that no case shows what is wrong with it."""


#: Claims that are about something else than the values on one input.
_ELSEWHERE = (
    "keeps-dtype-and-device", "accepts-strided-input", "leaves-input-unchanged", "gradient-equals-definition",
    "tape-gradient", "accepts-empty-batch", "rejects-invalid-input", "same-answer-twice",
)  # fmt: skip


def about_values(result: Result) -> bool:
    """Whether the claim that failed may be shown by one input on which the values differ."""
    return result.evidence is not None and result.claim.name not in _ELSEWHERE


def _columns(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(ch) >= 0x2E80 else 1 for ch in text)


SHRUNK = Text("shrunk", "经收缩")
CASE = Text("smallest failing case of the page", "该页中最小的失败用例")


def smallest(
    concept: Concept, adapted: Adapted, rng: np.random.Generator, draws: int = 150
) -> Counterexample | None:
    """The smallest differing input that the search finds, or None when the two agree on all that it tried.

    Raises:
        Unrepeatable: the implementation answers differently to the same input.
    """
    case = _by_cases(concept, adapted, rng)
    candidates = [(SHRUNK, _by_hypothesis(concept, adapted, draws)), (CASE, case)]
    differing = [(arguments, origin) for origin, arguments in candidates if arguments is not None]
    if not differing:
        return None
    # Inputs of many tied sizes shrink badly: a small case of the page may be smaller.
    arguments, origin = min(differing, key=lambda pair: _size(pair[0]))
    if origin is CASE:
        arguments = cut(concept, arguments, lambda smaller: _differs(concept, adapted, smaller))
    return _described(concept, adapted, arguments, origin)


def _size(arguments: Arguments) -> int:
    return sum(np.size(v) for v in arguments.values() if isinstance(v, np.ndarray))


def _differs(concept: Concept, adapted: Adapted, arguments: Arguments) -> bool:
    """Whether the two differ beyond doubt on the input: by more than the sixth digit, where the definition is regular."""
    want = _regular(concept, arguments)
    if want is None:
        return False
    try:
        evidence = compare(concept, adapted, arguments)
        if evidence.holds:
            return False
        got = parts(adapted(**arguments))
        if not _same(got, parts(adapted(**arguments))):
            raise Unrepeatable(
                Text(
                    "it answers differently to the same input, so no smallest case is searched for",
                    "对同一输入给出不同结果，因此不搜索最小反例",
                )
            )
        return not _close(got, want, 1e-6)
    except (NotApplicable, Unrepeatable) as error:
        if isinstance(error, Unrepeatable):
            raise
        return False
    except Exception:
        return True


def _regular(concept: Concept, arguments: Arguments) -> list[np.ndarray] | None:
    """The definition's results, where they are finite and hardly move with the arguments; None elsewhere.

    Where they jump, the theory leaves a choice (the eigenvectors of a multiple value) or rounding decides.
    """
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        try:
            want = parts(concept.definition(**arguments))
            near = parts(
                concept.definition(
                    **{k: map_arrays(lambda x: _moved(x, rng), v) for k, v in arguments.items()}
                )
            )
        except Exception:  # the definition refuses the input, or what lies beside it
            return None
        if not all(np.isfinite(w).all() for w in want if w.dtype.kind in "fc"):
            return None
        return want if _close(near, want, 1e-3) else None


def _moved(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The array with every entry that is not 0 in a row of zeros moved a little; whole numbers stay."""
    if x.dtype.kind != "f" or not x.size:
        return x
    return x + 1e-7 * max(float(np.abs(x).max()), 1e-3) * np.where(
        x == 0, np.abs(rng.uniform(0, 1, x.shape)), rng.uniform(-1, 1, x.shape)
    )


def _close(a: list[np.ndarray], b: list[np.ndarray], relative: float) -> bool:
    """Whether the results agree, each to so much of its largest entry."""
    return len(a) == len(b) and all(
        x.shape == y.shape
        and np.allclose(
            x, y, rtol=0, atol=relative * max(float(np.abs(y).max(initial=0)), 1e-12), equal_nan=True
        )
        for x, y in zip(a, b, strict=True)
    )


def _same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(a, b, strict=True)
    )


def _by_hypothesis(concept: Concept, adapted: Adapted, draws: int) -> Arguments | None:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import Flaky, NoSuchExample, Unsatisfiable

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
        except (NoSuchExample, Unsatisfiable, Flaky):  # flaky: only beyond our sight, for _differs asks twice
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
    rows = [(as_text(k), as_text(_short(v))) for k, v in arguments.items()]
    rows.append((Text("definition", "定义"), as_text(want)))
    implementation = Text("implementation", "实现")
    try:
        evidence = compare(concept, adapted, arguments)
        rows.append((implementation, as_text(_short(adapted(**arguments)))))
        en, zh = evidence.because
        rows.append((Text("error", "误差"), Text(f"{evidence}  [{en}]", f"{evidence}  [{zh}]")))
    except Exception as error:
        rows.append((implementation, raised(error)))
    return Counterexample(origin, tuple(rows))


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
        return "(" + ", ".join(_short(v) for v in value) + ")"
    if isinstance(value, (np.ndarray, np.generic)):
        text = np.array2string(
            np.asarray(value), precision=6, threshold=40, separator=", ", floatmode="maxprec"
        )
        return " ".join(text.split()) if np.size(value) <= 12 else text.replace("\n", "\n" + " " * 25)
    return getattr(value, "__name__", None) or repr(value)
