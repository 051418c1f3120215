"""A measurement over all cases of a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, NotApplicable, all_of
from gradus.text import Text

#: How a claim is measured on an implementation.
Measure = Callable[[Adapted, np.random.Generator], Evidence]


def over_cases(
    concept: Concept, rng: np.random.Generator, measure: Callable[[Arguments], Evidence]
) -> Evidence:
    """The worst evidence over the page's cases; cases that the implementation does not offer are left out."""
    judged, missing = [], []
    for label, arguments in concept.cases(rng):
        try:
            evidence = measure(arguments)
        except NotApplicable as reason:
            missing.append(str(reason))
            continue
        if not evidence.holds:
            en, zh = evidence.note
            evidence = noted(evidence, Text(f"case “{label}”: {en}", f"用例“{label}”：{zh}"))
        judged.append(evidence)
    if not judged:
        raise NotApplicable(missing[0] if missing else "the page has no case for it")
    return all_of(*judged)


def noted(evidence: Evidence, note: Text) -> Evidence:
    """The evidence with another note."""
    return replace(evidence, note=note)
