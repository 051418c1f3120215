"""The claim that the same input gives the same answer, whatever was asked before it."""

from __future__ import annotations

import copy

import numpy as np

from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, NotApplicable, all_of, identical, invariance
from gradus.text import Text
from gradus.verify.universal.cases import Measure, noted
from gradus.verify.universal.sensitivity import parts

ROUNDS = 2


def same_answer_twice(concept: Concept) -> Measure:
    """The claim's measurement: all cases in order, and again backwards, on arrays in other places of memory."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        cases = list(concept.cases(rng))
        first: dict[int, list[np.ndarray]] = {}
        missing: list[Text] = []
        for i, (_, arguments) in enumerate(cases):
            try:
                first[i] = [np.array(part) for part in parts(adapted(**arguments))]
            except NotApplicable as reason:
                missing.append(reason.text)
        if not first:
            raise NotApplicable(missing[0] if missing else Text("the page has no case for it", "该页没有适用的用例"))
        judged = []
        for _ in range(ROUNDS):
            for i in reversed(first):
                label, arguments = cases[i]
                judged.append(_again(adapted, label, arguments, first[i]))
        return all_of(*judged)

    return measure


def _again(adapted: Adapted, label: str, arguments: Arguments, first: list[np.ndarray]) -> Evidence:
    """The answer on a copy of the case beside the first one."""
    again = parts(adapted(**{k: copy.deepcopy(v) if isinstance(v, np.ndarray) else v for k, v in arguments.items()}))
    same = [_beside(a, b) for a, b in zip(again, first, strict=False)]
    evidence = all_of(identical(len(again), len(first)), *same)
    if evidence.holds:
        return evidence
    en, zh = evidence.note
    return noted(evidence, Text(f"case “{label}” once more: {en}", f"再次计算用例“{label}”：{zh}"))


def _beside(again: np.ndarray, first: np.ndarray) -> Evidence:
    # sums over threads, or over memory that begins elsewhere, may be taken in another order
    return invariance(again, first) if first.dtype.kind == "f" else identical(again, first)
