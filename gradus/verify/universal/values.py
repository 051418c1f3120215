"""The claim that an implementation's values are the definition's; the tolerance is that of `sensitivity`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradus.frameworks import PRECISIONS, Adapted
from gradus.frameworks.structure import map_arrays
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, all_of, identical, roundoff
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import Measure, over_cases
from gradus.verify.universal.sensitivity import REFUSALS, C, parts, sensitivity, terms_of

C_LOW = 2.0  # in 16 bits frameworks accumulate in float32 and round what they store


def equals_definition(concept: Concept) -> Measure:
    """The claim's measurement in float64."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        cast = adapted.cast("float64")
        return over_cases(concept, rng, lambda arguments: compare(concept, cast, arguments))

    return measure


def compare(
    concept: Concept, adapted: Adapted, arguments: Arguments, want: list[np.ndarray] | None = None
) -> Evidence:
    """The implementation beside the definition (or beside `want`) on one input, in the implementation's precision."""
    rounded = {k: _rounded(v, adapted) for k, v in arguments.items()}
    # A bad value meant by the case (log 0, overflow) is judged by the comparison, not by a warning.
    with np.errstate(all="ignore"):
        try:
            defined = parts(concept.definition(**rounded))
        except REFUSALS:
            if adapted.dtype == "float64":
                raise
            raise NotApplicable(
                Text("the definition refuses the case once it is rounded", "舍入之后，定义拒绝该用例")
            ) from None
        sizes = sensitivity(concept, rounded, defined)
    want = defined if want is None else want
    got = parts(adapted(**rounded))
    if len(got) != len(want):
        note = Text(f"{len(got)} results, expected {len(want)}", f"{len(got)} 个结果，应为 {len(want)} 个")
        return Evidence("roundoff", math.inf, "=", 0.0, 0.0, Text("as many results", "结果个数一致"), note)
    n = terms_of(concept, arguments)
    return all_of(*[close(g, w, s, n, adapted.dtype) for g, w, s in zip(got, want, sizes, strict=True)])


def close(got: np.ndarray, want: np.ndarray, size: float, n: int, dtype: str) -> Evidence:
    """One result beside what it must be: whole numbers exactly, others within the rounding of n terms of this size."""
    if want.dtype.kind in "biu":
        return identical(got, want)
    if dtype in ("bfloat16", "float16"):
        return roundoff(got, want, 1, C_LOW * math.sqrt(n), size, PRECISIONS[dtype])
    return roundoff(got, want, n, C, size, PRECISIONS[dtype])


def _rounded(value: Any, adapted: Adapted) -> Any:
    """The value as the precision holds it, so that representing the input is not counted as an error."""
    if adapted.dtype == "float64":
        return value
    return map_arrays(lambda x: adapted.to_numpy(adapted.from_numpy(x)) if x.dtype.kind == "f" else x, value)
