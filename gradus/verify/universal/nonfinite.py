"""The claim about NaN and ±∞ among the arguments: what the definition makes of them, or a refusal, never a made-up number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, NotApplicable, all_of
from gradus.text import Text
from gradus.verify.universal.cases import Measure
from gradus.verify.universal.sensitivity import REFUSALS, parts

VALUES = {"NaN": np.nan, "+∞": np.inf, "−∞": -np.inf}
LARGEST = 64  # numbers in the cases that are taken
CASES = 3


def propagates_nonfinite(concept: Concept) -> Measure:
    """The claim's measurement: one entry of an argument replaced, the result beside the definition's."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        judged = [
            evidence
            for label, arguments in _inputs(concept, rng)
            if (evidence := _one(concept, adapted, label, arguments)) is not None
        ]
        if not judged:
            raise NotApplicable(Text("NaN and ±∞ are no input of this page", "NaN 与 ±∞ 不是该页的输入"))
        return all_of(*judged)

    return measure


def _inputs(concept: Concept, rng: np.random.Generator) -> Iterator[tuple[str, Arguments]]:
    """Small cases with one entry of one argument that stands for any real number replaced."""
    real = [
        s.argument for s in concept.symbols if s.argument and s.domain == "real" and s.shape != "function"
    ]
    cases = [a for _, a in concept.cases(rng) if _plain(a)]
    for arguments in sorted(cases, key=_size)[:CASES]:
        for name in real:
            value = arguments.get(name)
            if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
                continue
            for label, special in VALUES.items():
                replaced = value.copy()
                replaced.flat[int(rng.integers(value.size))] = special
                yield f"{name} with {label}", {**arguments, name: replaced}


def _arrays(arguments: Arguments) -> list[np.ndarray]:
    return [v for v in arguments.values() if isinstance(v, np.ndarray)]


def _plain(arguments: Arguments) -> bool:
    arrays = _arrays(arguments)
    return (
        bool(arrays)
        and _size(arguments) <= LARGEST
        and all(a.size and (a.dtype.kind != "f" or np.isfinite(a).all()) for a in arrays)
    )


def _size(arguments: Arguments) -> int:
    return sum(a.size for a in _arrays(arguments))


def _one(concept: Concept, adapted: Adapted, label: str, arguments: Arguments) -> Evidence | None:
    """The evidence on one input; None where the definition refuses it, or it is refused."""
    with np.errstate(all="ignore"):
        try:
            want = parts(concept.definition(**arguments))
        except Exception:  # no value is defined: nothing to compare
            return None
    try:
        got = parts(adapted(**arguments))
    except NotApplicable:
        return None
    except REFUSALS:  # refused in whatever words: nobody is misled
        return None
    wrong = sum(_misleading(g, w) for g, w in zip(got, want, strict=False))
    note = Text("", "")
    if wrong:
        note = Text(
            f"{label}: got {_short(got)}, definition {_short(want)}",
            f"{label}：得到 {_short(got)}，定义给出 {_short(want)}",
        )
    why = Text("entry by entry as the definition, or refused", "逐项同定义，或拒绝该输入")
    return Evidence("identical", float(wrong), "=", 0.0, 0.0, why, note)


def _misleading(got: np.ndarray, want: np.ndarray) -> int:
    """How many entries are numbers where NaN is due, or another number, infinity or NaN than is due."""
    if want.dtype.kind != "f":
        return 0
    if got.shape != want.shape:
        return 1
    with np.errstate(all="ignore"):
        scale = np.abs(want[np.isfinite(want)]).max(initial=1.0)
        same = (got == want) | (np.isnan(got) & np.isnan(want)) | (np.abs(got - want) <= 1e-6 * scale)
    return int((~same).sum())


def _short(results: list[np.ndarray]) -> str:
    return "; ".join(
        np.array2string(r, precision=4, threshold=12).replace("\n", " ")[:80] for r in results[:2]
    )
