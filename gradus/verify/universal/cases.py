"""A measurement over all cases of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, all_of
from gradus.page.not_applicable import NotApplicable
from gradus.page.record import Case
from gradus.text import Text

#: How a claim is measured on an implementation.
Measure = Callable[[Adapted, np.random.Generator], Evidence]


FEW = 4  # cases, where each costs a compilation and others have shown the values on all of them
FEWER = 1  # where it costs one for each operation, and arrays cannot be written to, only given away


def over_cases(
    concept: Concept, rng: np.random.Generator, measure: Callable[[Arguments], Evidence], few: int = 0
) -> Evidence:
    """The worst evidence over the page's cases; cases that the implementation does not offer are left out.

    Args:
        concept: whose page it is.
        rng: draws the cases.
        measure: the evidence of one case.
        few: stop when so many cases have been measured, taken at equal distances from the first to the last; 0 for all.
    """
    judged: list[Evidence] = []
    missing: list[Text] = []
    for label, arguments in _apart(concept.cases(rng), few):
        if few and len(judged) == few:
            break
        try:
            evidence = measure(arguments)
        except NotApplicable as reason:
            missing.append(reason.text)
            continue
        if not evidence.holds:
            en, zh = evidence.note
            evidence = noted(evidence, Text(f"case “{label}”: {en}", f"用例“{label}”：{zh}"))
        judged.append(evidence)
    if not judged:
        raise NotApplicable(
            missing[0] if missing else Text("the page has no case for it", "该页没有适用的用例")
        )
    return all_of(*judged)


def _apart(cases: Sequence[Case], few: int) -> list[Case]:
    """The cases in another order: a few at equal distances, then the others, in case those are not offered."""
    spaces = max(few - 1, 1)
    chosen = list(dict.fromkeys(round(i * (len(cases) - 1) / spaces) for i in range(few)))
    return [cases[i] for i in [*chosen, *(i for i in range(len(cases)) if i not in chosen)]]


def noted(evidence: Evidence, note: Text) -> Evidence:
    """The evidence with another note."""
    return replace(evidence, note=note)
