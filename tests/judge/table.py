"""Prints how many of the corpora end as they must: `python -m tests.judge.table [right] [wrong] [hostile]`."""

from __future__ import annotations

import collections
import shutil
import sys
import tempfile
from pathlib import Path

from tests.judge.endings import faults_of_ending, kinds_of
from tests.judge.entries import Entry, entries
from tests.judge.judgement import ended, judged

HARD_LIMIT = 150.0


def verdict(corpus: str, entry: Entry) -> str:
    """Why the entry is not judged as it must be; empty when it is."""
    if corpus == "hostile":
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / entry.path.name
            shutil.copy(entry.path, copy)
            ending = ended(entry.key, copy, entry.name, Path(folder), HARD_LIMIT)
        return "; ".join(faults_of_ending(ending, kinds_of(entry)))
    outcome = judged(entry.key, entry.path, entry.name, first=corpus == "wrong")
    if corpus == "right":
        told = entry.what.startswith("the class of") and "instance" in outcome.text
        return outcome.text if outcome.condemned and not told else ""
    return "" if outcome.failing else outcome.error or "passes"


def main(names: list[str]) -> None:
    """The table: entries, as they must be, share; and every other one, with the reason."""
    rows, others = [], []
    for corpus in names or ("right", "wrong", "hostile"):
        good, total = collections.Counter(), collections.Counter()
        for entry in entries(corpus):
            kind = kinds_of(entry)[0].split()[0] if corpus == "hostile" else entry.path.stem
            why = verdict(corpus, entry)
            total[kind] += 1
            good[kind] += not why
            if why:
                others.append(f"{corpus} {entry.id}: {why[:160]}")
                print(others[-1], file=sys.stderr, flush=True)
        rows += [(corpus, kind, good[kind], total[kind]) for kind in sorted(total)]
        rows.append((corpus, "all", good.total(), total.total()))
    print(f"{'corpus':8} {'kind':26} {'as due':>6} {'of':>4}")
    for corpus, kind, right, total_of_kind in rows:
        print(f"{corpus:8} {kind:26} {right:6} {total_of_kind:4}")
    print(*others, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
