"""Results on their way from the judging process to the one that reports them: one line of JSON each, never a pickle."""

from __future__ import annotations

import json
import math
from typing import Any

from gradus.page import Claim, Concept
from gradus.page.evidence import Evidence
from gradus.text import Text
from gradus.verify.counterexamples import Counterexample
from gradus.verify.isolated.printable import printable
from gradus.verify.runner import Result

KINDS = ("identical", "roundoff", "rate", "bound", "optimal", "statistical", "invariance", "metric")
LONGEST = 2000  # characters of a text that a user's code has a part in
RELATIONS = ("=", "≤", "≥")


_ENCODE = json.JSONEncoder().encode  # bound before a user's code can put another in its place


def line(event: str, **values: Any) -> str:
    """One record; infinities and NaN are written as Python's JSON does, both ends being ours."""
    return _ENCODE({"event": event, **values})


def result_values(result: Result) -> dict[str, Any]:
    """A result as plain data."""
    e = result.evidence
    return {
        "claim": result.claim.name,
        "verdict": result.verdict,
        "reason": list(result.reason),
        "seed": result.seed,
        "seconds": result.seconds,
        "evidence": e
        and {
            "kind": e.kind,
            "measured": float(e.measured),
            "relation": e.relation,
            "expected": float(e.expected),
            "tolerance": float(e.tolerance),
            "because": list(e.because),
            "note": list(e.note),
        },
    }


def result_of(values: dict[str, Any], concept: Concept, claims: dict[str, Claim], name: str) -> Result:
    """The result again; whether it holds is judged anew from the numbers, not taken over."""
    e = values["evidence"]
    evidence = None
    if e is not None:
        evidence = Evidence(
            _one_of(e["kind"], KINDS), float(e["measured"]), _one_of(e["relation"], RELATIONS), float(e["expected"]),
            float(e["tolerance"]), text_of(e["because"]), text_of(e["note"]),
        )  # fmt: skip
    verdict = values["verdict"]
    if verdict == "holds" and (evidence is None or not evidence.holds):
        verdict = "fails"
    reason, seconds = text_of(values["reason"]), float(values["seconds"])
    if not math.isfinite(seconds):
        seconds = 0.0
    claim = claims[values["claim"]]
    return Result(concept, claim, name, verdict, evidence, reason, int(values["seed"]), seconds)


def example_values(example: Counterexample) -> dict[str, Any]:
    """A counterexample as plain data."""
    return {
        "origin": list(example.origin),
        "rows": [[list(name), list(value)] for name, value in example.rows],
    }


def example_of(values: dict[str, Any]) -> Counterexample:
    """The counterexample again."""
    rows = tuple((text_of(name), text_of(value)) for name, value in values["rows"])
    return Counterexample(text_of(values["origin"]), rows)


def text_of(pair: Any) -> Text:
    """A text in two languages, of bounded length, without what would move a terminal's cursor."""
    en, zh = (printable(words if len(words) <= LONGEST else f"{words[:LONGEST]}…") for words in pair)
    return Text(en, zh)


def _one_of(value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise ValueError(f"{value!r} is none of {known}")
    return value
