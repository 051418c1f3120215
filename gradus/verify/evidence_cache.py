"""Keeps what was measured, so that reading a page shows figures without measuring again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from gradus.catalogue.binding import bound_to
from gradus.catalogue.measured import evidence_file, evidence_lines, recall
from gradus.catalogue.page_files import page_hash
from gradus.errors import GradusError
from gradus.files import make_folder, write_atomically
from gradus.page import Claim, Concept
from gradus.page.evidence import Evidence
from gradus.text import Text
from gradus.verify.output import result_dict
from gradus.verify.runner import MutantResult, Report, Result, verify


def remember(report: Report) -> None:
    """Keeps the evidence of the recorded implementations; a cache that cannot be written is no error."""
    for concept in {r.concept.key: r.concept for r in report.results}.values():
        lines = evidence_lines(
            page_hash(concept.module),
            time.strftime("%Y-%m-%d"),
            [result_dict(r) for r in report.results if r.concept is concept],
            [[m.mutant.name, m.caught] for m in report.mutants if m.concept is concept],
            bound_to(concept.module, [i.path for i in concept.implementations]),
        )
        try:
            path = evidence_file(concept.key)
            make_folder(path.parent)
            write_atomically(path, [lines.encode()])
        except GradusError:
            return


def measured(concept: Concept) -> Report:
    """The evidence of a concept: what was kept, where it is of the page as it stands; else measured now, and kept."""
    kept = recalled(concept)
    if kept is not None:
        return kept
    report = verify([concept])
    remember(report)
    return report


def recalled(concept: Concept) -> Report | None:
    """The evidence that was kept of the page as it stands, or None."""
    row = recall(concept.key, page_hash(concept.module))
    if row is None:
        return None
    try:
        results = tuple(_result(concept, kept) for kept in row["results"])
        mutants = tuple(
            MutantResult(
                concept, concept.mutants[name], () if caught else concept.mutants[name].caught_by, 0.0
            )
            for name, caught in row["mutants"]
        )
    except (KeyError, TypeError, ValueError):  # written by a build that kept less
        return None
    return Report(results, mutants)


def _result(concept: Concept, row: Mapping[str, Any]) -> Result:
    name = row["claim"]
    own = concept.claims.get(name)
    claim = own or Claim(name, Text(**row["statement"]), _not_here, universal=True)
    evidence = row.get("evidence")
    return Result(
        concept, claim, row["implementation"], row["verdict"], evidence and _evidence(evidence),
        Text(**row["reason"]), int(row["seed"]), 0.0,
    )  # fmt: skip


def _evidence(row: Mapping[str, Any]) -> Evidence:
    measured, expected, tolerance = (float(row[name]) for name in ("measured", "expected", "tolerance"))
    because, note = Text(**row["because"]), Text(**row["note"])
    return Evidence(row["kind"], measured, row["relation"], expected, tolerance, because, note)


def _not_here(*arguments: Any) -> Evidence:
    """The measure of a claim of which only the evidence was kept."""
    raise NotImplementedError
