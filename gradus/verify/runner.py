"""Runs the claims of a concept against an implementation, and the mutants against the claims."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradus.errors import raised
from gradus.frameworks import Adapted, adapt
from gradus.page import Claim, Concept, Cost, Mutant
from gradus.page.evidence import Evidence
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.counterexamples import Counterexample, smallest
from gradus.verify.universal import universal_claims

Verdict = Literal["holds", "fails", "skipped"]


@dataclass(frozen=True)
class Result:
    """What became of one claim: its verdict, the evidence, or why there is none.

    Attributes:
        concept, claim: what was judged.
        implementation: name of what it was judged on.
        verdict: "holds", "fails", or "skipped" when it does not apply.
        evidence: the measurement; None when the claim was skipped or the implementation raised.
        reason: why it was skipped, or what it raised.
        seed: of the claim's random numbers.
        seconds: how long it took.
    """

    concept: Concept
    claim: Claim
    implementation: str
    verdict: Verdict
    evidence: Evidence | None
    reason: Text
    seed: int
    seconds: float


@dataclass(frozen=True)
class MutantResult:
    """Whether each claim that must catch the mutant did; `missed_by` names those that did not."""

    concept: Concept
    mutant: Mutant
    missed_by: tuple[str, ...]
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether every claim that must fail on it failed."""
        return not self.missed_by


@dataclass(frozen=True)
class Report:
    """All results of one run.

    Attributes:
        results, mutants, counterexamples: in the order in which they were judged.
        remarks: what else the user should know: how the code was taken, which settings it changes.
        printed: what a user's code wrote to its standard streams, clipped.
    """

    results: tuple[Result, ...]
    mutants: tuple[MutantResult, ...] = ()
    counterexamples: tuple[tuple[Concept, Counterexample], ...] = ()
    remarks: tuple[Text, ...] = ()
    printed: str = ""

    def count(self, verdict: Verdict) -> int:
        """How many claims came to this verdict."""
        return sum(r.verdict == verdict for r in self.results)

    @property
    def holds(self) -> bool:
        """Whether some claim was measured, none failed, and every mutant was caught."""
        return self.count("holds") > 0 and self.count("fails") == 0 and all(m.caught for m in self.mutants)


def claims_of(concept: Concept, cost: Sequence[Cost] = ("quick",)) -> list[Claim]:
    """The universal claims and the page's own, of the given costs."""
    return [c for c in [*universal_claims(concept), *concept.claims.values()] if c.cost in cost]


def seed_of(concept: Concept, claim: str, base: int = 0) -> int:
    """The claim's seed: a pure function of key, claim and base, the same in every process."""
    return int.from_bytes(hashlib.sha256(f"{concept.key}/{claim}/{base}".encode()).digest()[:4], "big")


def judge(
    concept: Concept,
    claim: Claim,
    adapted: Adapted,
    base: int = 0,
    told: Callable[[BaseException], Text] = raised,
) -> Result:
    """Measures one claim on one implementation; whatever the implementation raises is a failure, not a crash.

    Where its calls are made in a cheaper way, the first failure must be one of its calls as they stand, too.

    `told` puts an exception into words.
    """
    result = _measured(concept, claim, adapted, base, told)
    if result.verdict != "fails" or adapted.calls.trusted or adapted.calls.leaked:
        return result
    plain = _measured(concept, claim, adapted.as_written(), base, told)
    # a function whose answers depend on how often it was asked may fail once: that is no fault of the cheaper way
    confirmed = plain.verdict == "fails" or _measured(concept, claim, adapted, base, told).verdict != "fails"
    adapted.calls.confirm(confirmed)
    return result if confirmed else plain


def _measured(
    concept: Concept, claim: Claim, adapted: Adapted, base: int, told: Callable[[BaseException], Text]
) -> Result:
    seed = seed_of(concept, claim.name, base)
    start = time.perf_counter()
    evidence, reason = None, Text("", "")
    verdict: Verdict
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evidence = claim.measure(adapted, np.random.default_rng(seed))
        verdict = "holds" if evidence.holds else "fails"
    except NotApplicable as why:
        verdict, reason = "skipped", why.text
    except Exception as error:
        verdict, reason = "fails", told(error)
    return Result(concept, claim, adapted.name, verdict, evidence, reason, seed, time.perf_counter() - start)


def verify_concept(
    concept: Concept,
    adapted: Adapted | None = None,
    cost: Sequence[Cost] = ("quick",),
    base: int = 0,
    strict: bool = False,
) -> Iterator[Result]:
    """Every claim of the concept, on `adapted` or else on the recorded implementations.

    The first recorded implementation answers to all claims, further ones to the universal claims.
    """
    if adapted is not None:
        for claim in claims_of(concept, cost):
            result = judge(concept, claim, adapted, base)
            yield result if strict else as_remark(result)
        return
    for i, implementation in enumerate(concept.implementations):
        recorded = adapt(concept, implementation)
        yield from (
            judge(concept, c, recorded, base) for c in claims_of(concept, cost) if i == 0 or c.universal
        )


#: Universal claims that a right implementation of a user's may miss: it need not check what it is given, nor take nothing.
NOT_REQUIRED = ("rejects-invalid-input", "accepts-empty-batch")


def required(claim: Claim) -> bool:
    """Whether a right implementation of a user's must satisfy the claim.

    What the literal definition itself does not satisfy (accuracy at extreme arguments, memory, the number of
    operations) is said of the page's own implementation.
    """
    return claim.required and claim.of_definition and claim.name not in NOT_REQUIRED


def as_remark(result: Result) -> Result:
    """A claim that a right implementation may miss is, when it is missed, left out with its figures."""
    if required(result.claim) or result.verdict != "fails":
        return result
    name, e = result.claim.name, result.evidence
    what = (
        result.reason
        if e is None
        else Text(f"{e}; {e.note.en}".rstrip("; "), f"{e}；{e.note.zh}".rstrip("；"))
    )
    why = Text(
        f"{name} is not required of a right implementation: {what.en}",
        f"正确的实现不必满足 {name}：{what.zh}",
    )
    return replace(result, verdict="skipped", evidence=None, reason=why)


def verify_mutants(
    concept: Concept, cost: Sequence[Cost] = ("quick",), base: int = 0
) -> Iterator[MutantResult]:
    """Every mutant against the claims that it names; claims of other costs are left out."""
    claims = {c.name: c for c in claims_of(concept, cost)}
    for mutant in concept.mutants.values():
        named = [claims[k] for k in mutant.caught_by if k in claims]
        if not named:
            continue
        start = time.perf_counter()
        adapted = Adapted(mutant.function, concept, "numpy", name=mutant.name)
        missed_by = tuple(c.name for c in named if judge(concept, c, adapted, base).verdict != "fails")
        yield MutantResult(concept, mutant, missed_by, time.perf_counter() - start)


def counterexample(concept: Concept, adapted: Adapted, base: int = 0) -> Counterexample | None:
    """The smallest input on which the implementation differs from the definition, when there is one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return smallest(concept, adapted, np.random.default_rng(seed_of(concept, "counterexample", base)))


def verify(
    concepts: Iterable[Concept],
    adapted: Adapted | None = None,
    cost: Sequence[Cost] = ("quick",),
    mutants: bool = True,
    base: int = 0,
) -> Report:
    """The claims of several concepts and, unless an implementation of the user's is judged, their mutants."""
    results: list[Result] = []
    mutants_judged: list[MutantResult] = []
    counterexamples: list[tuple[Concept, Counterexample]] = []
    for concept in concepts:
        own = list(verify_concept(concept, adapted, cost, base))
        results += own
        if adapted is None and mutants:
            mutants_judged += verify_mutants(concept, cost, base)
        if adapted is not None and any(r.verdict == "fails" for r in own):
            example = counterexample(concept, adapted, base)
            if example is not None:
                counterexamples.append((concept, example))
    return Report(tuple(results), tuple(mutants_judged), tuple(counterexamples))
