"""Which parts a page still lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.page.companion import LANGUAGES
from gradus.page.prose import SECTIONS, prose_of

if TYPE_CHECKING:
    from gradus.page.concept import Concept


def missing(concept: Concept) -> list[str]:
    """The parts that the page still lacks; a whole page lacks none."""
    parts = {
        "formulas": concept.formulas,
        "symbols": concept.symbols,
        "definition": concept.has("definition"),
        "implementation": concept.implementations,
        "cases": concept.has("cases"),
        "invalid input": concept.has("invalid"),
        "claims": len(concept.claims) >= 2,
        "mutants": concept.mutants,
        "figure": concept.has("figure"),
        "readings": concept.readings,
        "people": concept.people,
    }
    if concept.kind == "theorem":
        parts["proof"] = concept.proof or _proved(concept)
    return [name for name, part in parts.items() if not part]


def missing_for_learners(concept: Concept) -> list[str]:
    """What a learner needs and the page still lacks: example, exercises, prose with all sections in both languages."""
    lacking = [] if concept.has("example") else ["example"]
    lacking += [] if len(concept.exercises) >= 2 else ["two exercises"]
    for lang in LANGUAGES:
        prose = prose_of(concept, lang)
        sections = prose.sections if prose else {}
        wanted = [name for name in SECTIONS if name not in ("derivation", "proof")]
        lacking += [f"{lang}: {SECTIONS[name].en}" for name in wanted if not sections.get(name)]
        if not sections.get("derivation") and not sections.get("proof"):
            lacking.append(f"{lang}: Derivation or Proof")
    return lacking


def _proved(concept: Concept) -> bool:
    prose = prose_of(concept, "en")
    return bool(prose and prose.sections.get("proof"))
