"""The evidence of a report, put in order: areas, their concepts, and each concept's claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradus.page import AREAS, Concept
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.verify import MutantResult, Report, Result
    from gradus.verify.counterexamples import Counterexample


@dataclass(frozen=True)
class Group:
    """The claims of one concept measured on one implementation."""

    implementation: str
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Entry:
    """One concept with all that was measured of it; the smallest inputs on which a user's implementation is wrong last."""

    concept: Concept
    groups: tuple[Group, ...]
    mutants: tuple[MutantResult, ...]
    counterexamples: tuple[Counterexample, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """The claims on all implementations."""
        return tuple(r for g in self.groups for r in g.results)

    def count(self, verdict: str) -> int:
        """How many claims came to this verdict."""
        return sum(r.verdict == verdict for r in self.results)

    @property
    def held(self) -> int:
        """How many claims hold."""
        return self.count("holds")

    @property
    def caught(self) -> int:
        """How many wrong variants were caught."""
        return sum(m.caught for m in self.mutants)

    @property
    def state(self) -> str:
        """Of "fails" (anything failed), "holds" (all held) and "unverified" (nothing was measured) the right one."""
        if self.count("fails") or self.caught < len(self.mutants):
            return "fails"
        return "holds" if self.count("holds") else "unverified"


@dataclass(frozen=True)
class Area:
    """The concepts of one area."""

    key: str
    title: Text
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Dossier:
    """All the evidence of a report, and what else is to be known of how it was measured."""

    areas: tuple[Area, ...]
    totals: dict[str, int] = field(default_factory=dict)
    remarks: tuple[Text, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The concepts of all areas."""
        return tuple(e for a in self.areas for e in a.entries)

    @property
    def state(self) -> str:
        """The worst state among the concepts."""
        states = {e.state for e in self.entries}
        return "fails" if "fails" in states else "holds" if "holds" in states else "unverified"


def dossier(
    concepts: Iterable[Concept],
    evidence: Report | Sequence[Result],
    mutants: Sequence[MutantResult] = (),
) -> Dossier:
    """The evidence by area and concept, in the order of the concepts; those without any are kept, as unverified.

    Args:
        concepts: what is reported; evidence for others is added after them.
        evidence: what `gradus.verify.verify` returned, or its results.
        mutants: the wrong variants, when `evidence` is a list of results.
    """
    results: list[Result] = list(getattr(evidence, "results", evidence))  # type: ignore[arg-type]
    tried = [*getattr(evidence, "mutants", ()), *mutants]
    order = {c.key: c for c in concepts}
    order |= {r.concept.key: r.concept for r in [*results, *tried] if r.concept.key not in order}
    examples = getattr(evidence, "counterexamples", ())
    entries = [_entry(c, results, tried, examples) for c in order.values()]
    names = {e.concept.area: None for e in entries}
    known = [key for key in AREAS if key in names] + [key for key in names if key not in AREAS]
    areas = tuple(
        Area(key, AREAS.get(key, Text(key, key)), tuple(e for e in entries if e.concept.area == key))
        for key in known
    )
    totals = {v: sum(e.count(v) for e in entries) for v in ("holds", "fails", "skipped")}
    totals |= {
        "concepts": len(entries),
        "mutants": sum(len(e.mutants) for e in entries),
        "caught": sum(e.caught for e in entries),
        "errata": sum(len(e.concept.errata) for e in entries),
        "unverified": sum(len(e.concept.unverified) for e in entries),
    }
    return Dossier(areas, totals, tuple(getattr(evidence, "remarks", ())))


def _entry(
    concept: Concept,
    results: Sequence[Result],
    tried: Sequence[MutantResult],
    examples: Sequence[tuple[Concept, Counterexample]],
) -> Entry:
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.concept.key == concept.key:
            groups.setdefault(result.implementation, []).append(result)
    own = tuple(Group(name, tuple(rows)) for name, rows in groups.items())
    return Entry(
        concept,
        own,
        tuple(m for m in tried if m.concept.key == concept.key),
        tuple(example for c, example in examples if c.key == concept.key),
    )
