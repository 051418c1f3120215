"""Keeps what was measured, so that reading a page shows figures without measuring again."""

from __future__ import annotations

import os
import time

from gradus.catalogue.measured import evidence_file, evidence_lines
from gradus.catalogue.page_files import page_hash
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
        )
        path = evidence_file(concept.key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(f".{os.getpid()}.tmp")
            aside.write_text(lines, encoding="utf-8")
            aside.replace(path)
        except OSError:
            return
