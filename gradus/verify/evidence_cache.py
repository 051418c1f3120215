"""Keeps what was measured, so that reading a page shows figures without measuring again."""

from __future__ import annotations

import time

from gradus.catalogue.binding import bound_to
from gradus.catalogue.measured import evidence_file, evidence_lines
from gradus.catalogue.page_files import page_hash
from gradus.errors import GradusError
from gradus.files import make_folder, write_atomically
from gradus.verify.output import result_dict
from gradus.verify.runner import Report


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
