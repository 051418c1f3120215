"""The claim that an implementation's gradient is the definition's, along a random direction."""

from __future__ import annotations

import math

import numpy as np

from gradus.errors import words_of
from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import EPSILON, Evidence
from gradus.page.not_applicable import NoGradient, NotApplicable, no_gradient
from gradus.text import Text
from gradus.verify.universal.cases import Measure, over_cases
from gradus.verify.universal.directions import probe, slope
from gradus.verify.universal.sensitivity import REFUSALS, C, terms_of


def gradient_equals_definition(concept: Concept) -> Measure:
    """The claim's measurement."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        if not adapted.differentiates:
            raise no_gradient(adapted.framework.name)
        return over_cases(concept, rng, lambda arguments: _directional(concept, adapted, arguments, rng))

    return measure


def _directional(
    concept: Concept, adapted: Adapted, arguments: Arguments, rng: np.random.Generator
) -> Evidence:
    """⟨vjp(w), u⟩ of the implementation beside d/dt ⟨w, f(x+tu)⟩ of the definition, for random w and u."""
    p = probe(concept, arguments, rng)
    try:
        want, tolerance, why = slope(concept.definition, p, arguments, terms_of(concept, arguments))
    except REFUSALS as error:
        en, zh = words_of(error)
        raise NotApplicable(
            Text(f"it refuses inputs around the case: {en}", f"拒绝该用例附近的输入：{zh}")
        ) from None
    try:
        gradient = adapted.vjp(arguments, tuple(p.w), p.wanted)
    except NoGradient as error:
        if not concept.carries_gradient or abs(want) <= tolerance:
            raise
        lost = Text(f"{error.text.en}, definition {want:.12g}", f"{error.text.zh}，定义给出 {want:.12g}")
        return Evidence("roundoff", math.inf, "=", 0.0, tolerance, why, lost)
    got, size = p.along(gradient)
    extra = C * terms_of(concept, arguments) * EPSILON * size
    note = Text(
        f"{got:.12g} along a random direction, definition {want:.12g}",
        f"沿随机方向为 {got:.12g}，定义给出 {want:.12g}",
    )
    return Evidence("roundoff", abs(got - want), "=", 0.0, tolerance + extra, why, note)
