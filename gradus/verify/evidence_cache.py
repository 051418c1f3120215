"""What was last measured on this machine, so that reading a page shows figures without measuring again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from gradus.page import Concept
from gradus.verify.output import result_dict
from gradus.verify.runner import Report


def evidence_directory() -> Path:
    """Where measured evidence is kept: `evidence` in GRADUS_DATA, or in the user's cache."""
    if os.environ.get("GRADUS_DATA"):
        return Path(os.environ["GRADUS_DATA"]) / "evidence"
    import platformdirs

    return Path(platformdirs.user_cache_dir("gradus")) / "evidence"


def page_hash(concept: Concept) -> str:
    """Identifies the page as it stands: evidence of another version of it is not shown."""
    page = Path(str(sys.modules[concept.module].__file__))
    in_family = concept.module.count(".") == 4  # its members share code
    files = sorted(page.parent.glob("*.py")) if in_family else [page]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]


def remember(report: Report) -> None:
    """Keeps the evidence of the recorded implementations; a cache that cannot be written is no error."""
    for concept in {r.concept.key: r.concept for r in report.results}.values():
        row = {
            "page": page_hash(concept),
            "when": time.strftime("%Y-%m-%d"),
            "results": [result_dict(r) for r in report.results if r.concept is concept],
            "mutants": [[m.mutant.name, m.caught] for m in report.mutants if m.concept is concept],
        }
        path = evidence_directory() / f"{concept.key}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(f".{os.getpid()}.tmp")
            aside.write_text(json.dumps(row, ensure_ascii=False, allow_nan=False), encoding="utf-8")
            aside.replace(path)
        except OSError:
            return


def recall(concept: Concept) -> dict[str, Any] | None:
    """The evidence last measured for the page as it stands now, or None."""
    try:
        row = json.loads((evidence_directory() / f"{concept.key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(row, dict) or row.get("page") != page_hash(concept):
        return None
    return row
