"""What was last measured of each page on this machine, read without the verifier that measured it.

One file `KEY.jsonl` a concept: its first line says when it was measured and how many verdicts failed, which is all that the
roadmap shows; the second holds every result. Evidence of another version of the page, of what it measures or of a library
is not shown, and neither is a file that is not as `evidence_lines` writes it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gradus.catalogue.binding import still_bound
from gradus.catalogue.entry import Entry
from gradus.errors import GradusError
from gradus.files import cache_folder
from gradus.text import VERDICTS

SUFFIX = ".jsonl"
HEAD, MOST = 4096, 2**24  # bytes: a first line mostly takes less; a whole file always
FORM = 3  # of the lines: what an older build wrote in another form is not shown
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
UNREADABLE = (OSError, ValueError, RecursionError, GradusError)


def evidence_directory() -> Path:
    """Where measured evidence is kept: `evidence` in GRADUS_DATA, or in the user's cache.

    Raises:
        GradusError: there is no home directory and GRADUS_DATA is not set.
    """
    return cache_folder("evidence")


def evidence_file(key: str) -> Path:
    """Where the evidence of a concept is kept."""
    return evidence_directory() / f"{key}{SUFFIX}"


def evidence_lines(
    page_hash: str, when: str, results: list[Any], mutants: list[Any], bound: Mapping[str, Any]
) -> str:
    """The contents of an evidence file.

    Args:
        page_hash: of the page that was measured.
        when: the date.
        results: a row for each claim on each implementation, with its verdict.
        mutants: [name, whether it was caught] for each.
        bound: what else the verdicts depend on, see `gradus.catalogue.binding`.
    """
    failed = sum(r["verdict"] == "fails" for r in results) + sum(not caught for _, caught in mutants)
    summary = {"form": FORM, "page": page_hash, "when": when, "failed": failed, **bound}
    whole = {**summary, "results": results, "mutants": mutants}
    return "".join(f"{json.dumps(line, ensure_ascii=False, allow_nan=False)}\n" for line in (summary, whole))


def recall(key: str, page_hash: str) -> dict[str, Any] | None:
    """All that was measured of the page as it stands now, or None."""
    try:
        lines = _read(str(evidence_file(key)), MOST).splitlines()
        row = _current(lines[1], page_hash, {})
    except (*UNREADABLE, IndexError):  # not measured, damaged, or no home to keep evidence in
        return None
    return row if row is not None and _well_formed(row) else None


def _well_formed(row: Mapping[str, Any]) -> bool:
    results, mutants = row.get("results"), row.get("mutants")
    return (
        isinstance(results, list)
        and all(map(_is_result, results))
        and isinstance(mutants, list)
        and all(isinstance(m, list) and [*map(type, m)] == [str, bool] for m in mutants)
    )


def _is_result(row: Any) -> bool:
    if (
        not isinstance(row, dict)
        or row.get("verdict") not in list(VERDICTS)
        or not _is_text(row.get("reason"))
    ):
        return False
    if not all(isinstance(row.get(name), str) for name in ("claim", "implementation")):
        return False
    evidence = row.get("evidence")
    return evidence is None or (
        isinstance(evidence, dict)
        and evidence.get("relation") in ("=", "≤", "≥")
        and _is_text(evidence.get("because"))
        and all(_is_figure(evidence.get(name)) for name in ("measured", "expected", "tolerance"))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(lang), str) for lang in ("en", "zh"))


def _is_figure(value: Any) -> bool:
    """A number, or the word for one that JSON has not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value in ("inf", "-inf", "nan")
    return abs(value) <= sys.float_info.max


def summaries(concepts: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """`when` each page was measured and how many verdicts `failed`, by key; without those that were not measured."""
    try:
        folder = evidence_directory()
        measured = {file.name for file in os.scandir(folder)}
    except UNREADABLE:  # nothing was measured yet, or there is no home to keep it in
        return {}
    digests: dict[str, bytes] = {}
    heads = {
        c.key: _summary(f"{folder}/{c.key}{SUFFIX}", c.page_hash, digests)
        for c in concepts
        if f"{c.key}{SUFFIX}" in measured
    }
    return {key: head for key, head in heads.items() if head is not None}


def _summary(path: str, page_hash: str, digests: dict[str, bytes]) -> dict[str, Any] | None:
    """The first line alone: the results behind it are many times as long."""
    try:
        head = _read(path, HEAD)
        if b"\n" not in head:
            head = _read(path, MOST)
        return _current(head.partition(b"\n")[0], page_hash, digests)
    except UNREADABLE:
        return None


def _read(path: str, most: int) -> bytes:
    """So many bytes of a file at most; a pipe, which would never end, has none."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)


def _current(line: bytes, page_hash: str, digests: dict[str, bytes]) -> dict[str, Any] | None:
    row = json.loads(line)
    if not isinstance(row, dict) or (row.get("form"), row.get("page")) != (FORM, page_hash):
        return None
    date, failed = row.get("when"), row.get("failed")
    if not isinstance(date, str) or not _DATE.fullmatch(date) or type(failed) is not int or failed < 0:
        return None
    return row if still_bound(row, digests) else None
