"""The claim that invalid input is refused by an exception."""

from __future__ import annotations

import numpy as np

from gradus.errors import GradusError
from gradus.frameworks import Adapted
from gradus.page import Concept
from gradus.page.evidence import Evidence, all_of, raises
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import Measure, noted
from gradus.verify.universal.sensitivity import REFUSALS


def rejects_invalid(concept: Concept) -> Measure:
    """The claim's measurement: the library's own functions raise `GradusError`, others any error of the kind."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        adapted = (
            adapted.as_written()
        )  # what a function refuses for its values it cannot refuse while it is traced
        errors = (GradusError,) if adapted.name.startswith("gradus.") else REFUSALS
        judged = []
        for label, arguments in concept.invalid(rng):
            try:
                evidence = raises(lambda a=arguments: adapted(**a), *errors)  # type: ignore[misc]
            except NotApplicable:
                continue
            if not evidence.holds:
                en, zh = evidence.note
                evidence = noted(evidence, Text(f"“{label}”: {en}", f"“{label}”：{zh}"))
            judged.append(evidence)
        if not judged:
            raise NotApplicable(Text("no invalid input applies", "没有适用的无效输入"))
        return all_of(*judged)

    return measure
