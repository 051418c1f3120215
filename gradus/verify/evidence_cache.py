"""What was last measured on this machine, so that reading a page shows figures without measuring again."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.files import cache_folder, make_folder, write_atomically
from gradus.page import Concept
from gradus.verify.output import result_dict
from gradus.verify.runner import Report

FORM = b"2"  # of a row: evidence that an older build wrote in another form is not shown


def evidence_file(concept: Concept) -> Path:
    """Where the concept's measured evidence is kept.

    Raises:
        GradusError: there is no home directory and GRADUS_DATA is not set.
    """
    return cache_folder("evidence") / f"{concept.key}.json"


def page_hash(concept: Concept) -> str:
    """Identifies the page as it stands: evidence of another version of it is not shown."""
    page = Path(str(sys.modules[concept.module].__file__))
    in_family = concept.module.count(".") == 4  # its members share code
    files = sorted(page.parent.glob("*.py")) if in_family else [page]
    return hashlib.sha256(b"".join([FORM, *(f.read_bytes() for f in files)])).hexdigest()[:16]


def remember(report: Report) -> None:
    """Keeps the evidence of the recorded implementations; a cache that cannot be written is no error."""
    for concept in {r.concept.key: r.concept for r in report.results}.values():
        row = {
            "page": page_hash(concept),
            "when": time.strftime("%Y-%m-%d"),
            "results": [result_dict(r) for r in report.results if r.concept is concept],
            "mutants": [[m.mutant.name, m.caught] for m in report.mutants if m.concept is concept],
        }
        try:
            path = evidence_file(concept)
            make_folder(path.parent)
            write_atomically(path, [json.dumps(row, ensure_ascii=False, allow_nan=False).encode()])
        except GradusError:
            return


def recall(concept: Concept) -> dict[str, Any] | None:
    """The evidence last measured for the page as it stands now, or None."""
    try:
        row = json.loads(evidence_file(concept).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a GradusError is a ValueError
        return None
    if not isinstance(row, dict) or row.get("page") != page_hash(concept):
        return None
    return row
