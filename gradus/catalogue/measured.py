"""What was last measured of each page on this machine, read without the verifier that measured it.

One file `KEY.jsonl` a concept: its first line says when it was measured and how many verdicts failed, which is all that the
roadmap shows; the second holds every result. Evidence of another version of the page is not shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradus.catalogue.entry import Entry
from gradus.files import cache_folder

SUFFIX = ".jsonl"
HEAD = 256  # bytes, more than a first line takes
FORM = 2  # of the lines: what an older build wrote in another form is not shown


def evidence_directory() -> Path:
    """Where measured evidence is kept: `evidence` in GRADUS_DATA, or in the user's cache.

    Raises:
        GradusError: there is no home directory and GRADUS_DATA is not set.
    """
    return cache_folder("evidence")


def evidence_file(key: str) -> Path:
    """Where the evidence of a concept is kept."""
    return evidence_directory() / f"{key}{SUFFIX}"


def evidence_lines(page_hash: str, when: str, results: list[Any], mutants: list[Any]) -> str:
    """The contents of an evidence file.

    Args:
        page_hash: of the page that was measured.
        when: the date.
        results: a row for each claim on each implementation, with its verdict.
        mutants: [name, whether it was caught] for each.
    """
    failed = sum(r["verdict"] == "fails" for r in results) + sum(not caught for _, caught in mutants)
    summary = {"form": FORM, "page": page_hash, "when": when, "failed": failed}
    whole = {**summary, "results": results, "mutants": mutants}
    return "".join(f"{json.dumps(line, ensure_ascii=False, allow_nan=False)}\n" for line in (summary, whole))


def recall(key: str, page_hash: str) -> dict[str, Any] | None:
    """All that was measured of the page as it stands now, or None."""
    try:
        lines = evidence_file(key).read_bytes().splitlines()
        return _current(lines[1], page_hash)
    except (OSError, ValueError, IndexError):  # not measured, damaged, or no home to keep evidence in
        return None


def summaries(concepts: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """`when` each page was measured and how many verdicts `failed`, by key; without those that were not measured."""
    try:
        folder = evidence_directory()
        measured = {file.name for file in os.scandir(folder)}
    except (OSError, ValueError):  # nothing was measured yet, or there is no home to keep it in
        return {}
    heads = {
        c.key: _summary(f"{folder}/{c.key}{SUFFIX}", c.page_hash)
        for c in concepts
        if f"{c.key}{SUFFIX}" in measured
    }
    return {key: head for key, head in heads.items() if head is not None}


def _summary(path: str, page_hash: str) -> dict[str, Any] | None:
    """The first line alone: the results behind it are many times as long."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            head = os.read(descriptor, HEAD)
        finally:
            os.close(descriptor)
        return _current(head.partition(b"\n")[0], page_hash)
    except (OSError, ValueError):
        return None


def _current(line: bytes, page_hash: str) -> dict[str, Any] | None:
    row = json.loads(line)
    current = isinstance(row, dict) and (row.get("form"), row.get("page")) == (FORM, page_hash)
    return row if current else None
