"""The evidence of one concept as its page folds it: the own claims in words, those that every concept gets together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradus.page.evidence import Evidence
from gradus.report.dossier import Entry, Group
from gradus.report.words import WORDS
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.verify import MutantResult, Result


@dataclass(frozen=True)
class Fold:
    """What stands in the fold.

    Attributes:
        own: the page's own claims, on the first implementation.
        generic: those that every concept gets, for each implementation.
        mutants: the wrong variants.
        holds, fails, caught: how many; unverified: statements that no claim measures.
    """

    own: tuple[Result, ...]
    generic: tuple[Group, ...]
    mutants: tuple[MutantResult, ...]
    holds: int
    fails: int
    caught: int
    unverified: int

    def headline(self, lang: str) -> str:
        """The one line that is seen before it is opened: 24 claims hold, 9 wrong variants caught."""
        if not self.own and not self.generic:
            return WORDS["no-evidence"].get(lang)
        missed = len(self.mutants) - self.caught
        if lang == "zh":
            parts = [f"{self.holds} 条断言成立"]
            parts += [f"{self.fails} 条不成立"] if self.fails else []
            parts += [f"识破 {self.caught} 个错误的变异体"] if self.mutants else []
            parts += [f"{missed} 个未被识破"] if missed else []
            parts += [f"{self.unverified} 条陈述未验证"] if self.unverified else []
            return "，".join(parts)
        parts = [f"{self.holds} claim{'' if self.holds == 1 else 's'} hold{'s' if self.holds == 1 else ''}"]
        parts += [f"{self.fails} fail{'s' if self.fails == 1 else ''}"] if self.fails else []
        parts += (
            [f"{self.caught} wrong variant{'' if self.caught == 1 else 's'} caught"] if self.mutants else []
        )
        parts += [f"{missed} not caught"] if missed else []
        parts += (
            [f"{self.unverified} statement{'' if self.unverified == 1 else 's'} unverified"]
            if self.unverified
            else []
        )
        return ", ".join(parts)


def fold(entry: Entry) -> Fold:
    """The evidence of a concept in the order of the fold."""
    own = tuple(r for r in entry.results if not r.claim.universal)
    groups = [Group(g.implementation, tuple(r for r in g.results if r.claim.universal)) for g in entry.groups]
    return Fold(
        own,
        tuple(g for g in groups if g.results),
        entry.mutants,
        entry.held,
        entry.count("fails"),
        entry.caught,
        len(entry.concept.unverified),
    )


def anchors(folded: Fold) -> dict[str, str]:
    """Where in the fold a claim or a wrong variant stands, by its name."""
    mutants = {m.mutant.name: f"variant-{m.mutant.name}" for m in folded.mutants}
    return mutants | {r.claim.name: f"claim-{r.claim.name}" for r in folded.own}


def margin(evidence: Evidence) -> Text:
    """How far inside its bound or tolerance a measurement lies; nothing where it must be exact."""
    e = evidence
    if not all(map(math.isfinite, (e.measured, e.expected, e.tolerance))):
        return Text("", "")
    if e.relation == "=":
        if not e.tolerance:
            return Text("exactly", "完全相等") if e.measured == e.expected else Text("", "")
        share = _percent(abs(e.measured - e.expected) / e.tolerance)
        return Text(f"{share} of the tolerance used", f"用去容差的 {share}")
    if e.expected <= 0 or e.measured < 0:  # of which a share says nothing
        return Text("", "")
    ratio = e.measured / e.expected
    if e.relation == "≥":
        ratio = 1 / ratio if ratio else math.inf
    if not math.isfinite(ratio):
        return Text("", "")
    share = _percent(ratio)
    return Text(f"reaches {share} of the bound", f"达到界的 {share}")


def _percent(share: float) -> str:
    """A share in percent with two digits, small ones as such."""
    if share == 0:
        return "0\u202f%"
    if share < 0.001:
        return "< 0.1\u202f%"
    digits = max(0, 1 - math.floor(math.log10(100 * share)))
    return f"{100 * share:.{digits}f}\u202f%"
