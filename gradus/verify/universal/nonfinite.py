"""The claim about NaN and ±∞ among the arguments: what the definition makes of them, or a refusal, never a made-up number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, all_of
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import Measure
from gradus.verify.universal.sensitivity import REFUSALS, parts

VALUES = {"NaN": np.nan, "+∞": np.inf, "−∞": -np.inf}
#: Domains of arguments in which a NaN is put; ±∞ only among the real numbers.
FLOATING = ("real", "positive", "nonnegative", "unit", "simplex")
LARGEST = 64  # numbers in the cases that are taken


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
    """Small cases with one entry of one argument replaced: by NaN, or by ±∞ where any real number may stand."""
    domains = {s.argument: s.domain for s in concept.symbols if s.argument and s.shape != "function"}
    small = sorted((a for _, a in concept.cases(rng) if _plain(a)), key=_size)
    for i in sorted({0, len(small) // 2, len(small) - 1}) if small else []:
        for name, value in small[i].items():
            domain = domains.get(name)
            if domain not in FLOATING or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
                continue
            if (
                value.ndim and value.size == 1
            ):  # of one number some results are known whatever it is: its variance
                continue
            for label, special in VALUES.items():
                if label == "NaN" or (domain == "real" and concept.nonfinite == "all"):
                    replaced = value.copy()
                    replaced.flat[int(rng.integers(value.size))] = special
                    yield f"{name} with {label}", {**small[i], name: replaced}


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
    """The evidence on one input; None where the definition refuses it, or the implementation does not offer it."""
    with np.errstate(all="ignore"):
        try:
            want = parts(concept.definition(**arguments))
        except Exception:  # no value is defined: nothing to compare
            return None
    why = Text("entry by entry as the definition, or refused", "逐项同定义，或拒绝该输入")
    try:
        with np.errstate(all="ignore"):
            got = parts(adapted(**arguments))
    except NotApplicable:
        return None
    except REFUSALS:  # in whatever words: nobody is misled
        return Evidence("identical", 0.0, "=", 0.0, 0.0, why)
    spreads = concept.nonfinite == "nan"
    wrong = sum(_misleading(g, w, spreads) for g, w in zip(got, want, strict=False))
    note = Text("", "")
    if wrong:
        note = Text(
            f"{label}: got {_short(got)}, definition {_short(want)}",
            f"{label}：得到 {_short(got)}，定义给出 {_short(want)}",
        )
    return Evidence("identical", float(wrong), "=", 0.0, 0.0, why, note)


def _misleading(got: np.ndarray, want: np.ndarray, spreads: bool) -> int:
    """How many entries are numbers where NaN is due, or another number or infinity than is due.

    NaN for a number misleads nobody where a NaN may spread (through a Fourier transform, or 0·NaN); nor does ∞ for NaN there.
    """
    if want.dtype.kind != "f":
        return 0
    if got.shape != want.shape:
        return 1
    with np.errstate(all="ignore"):
        scale = np.abs(want[np.isfinite(want)]).max(initial=1.0)
        same = (
            (got == want)
            | (np.isnan(got) & (spreads | np.isnan(want)))
            | (np.isinf(got) & np.isnan(want) & spreads)
            | (np.abs(got - want) <= 1e-6 * scale)
        )
    return int((~same).sum())


def _short(results: list[np.ndarray]) -> str:
    return "; ".join(
        np.array2string(r, precision=4, threshold=12).replace("\n", " ")[:80] for r in results[:2]
    )
