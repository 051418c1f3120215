"""The entries of the corpora: read off the files, without importing them.

An entry is a function, a class or an assignment at the top level of a file, with a comment right above it:
`# softmax: no maximum is subtracted`: the concept on whose page it is judged, and what it is. In `hostile/` the
comment names the ending, too: `# softmax: exit: leaves with status 0 when called`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
ENTRY = re.compile(
    r"^# ([a-z0-9]+(?:-[a-z0-9]+)*): (.+)\n(?:@.*\n)*(?:(?:async )?(?:def|class) (\w+)|(\w+) = )",
    re.MULTILINE,
)
MARKED = re.compile(r"^# [a-z0-9]+(?:-[a-z0-9]+)*: ", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One implementation of a corpus: the page that it is judged on, its file, its name, and what it is."""

    key: str
    path: Path
    name: str
    what: str

    @property
    def id(self) -> str:
        """The name under which tests show it."""
        return f"{self.key}-{self.path.stem}-{self.name}"


def entries(corpus: str) -> list[Entry]:
    """All entries of `right`, `wrong` or `hostile`, in order."""
    return [entry for path in sorted((CORPUS / corpus).rglob("*.py")) for entry in entries_of(path)]


def entries_of(path: Path) -> list[Entry]:
    """The entries of one file; every comment of their form stands above one."""
    text = path.read_text(encoding="utf-8")
    rows = [Entry(key, path, a or b, what) for key, what, a, b in ENTRY.findall(text)]
    assert len(rows) == len(MARKED.findall(text)), f"{path}: a comment of an entry stands above none"
    return rows
