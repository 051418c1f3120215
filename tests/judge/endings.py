"""What the ending of a hostile implementation must say, and files that cannot even be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.judge.entries import Entry
from tests.judge.judgement import Ending

LARGEST = 300_000  # characters that a report may have, whatever the implementation printed

#: Ending → what the report must say, in English.
SAYS = {
    "time limit": r"time limit",
    "exit": r"\bexit|ended (?:its|the) process|status \d",
    "signal": r"signal|SIG[A-Z]{3,}",
    "memory": r"[Mm]emory",
    "structure": r"returned|results?, expected|shape",
    "import": r"import",
    "exception": r"",
    "wrong": r"",
    "state": r"",
}


def kinds_of(entry: Entry) -> list[str]:
    """The endings that are right for a hostile entry, from its comment `kind|kind: what it does`."""
    return entry.what.partition(":")[0].split("|")


def faults_of_ending(ending: Ending, kinds: list[str]) -> list[str]:
    """What is wrong with an ending; empty when it is one of the kinds, told as such, with its reports whole."""
    if ending.status is None:
        return [f"not ended after {ending.seconds:.0f} s"]
    faults = [] if any(_is(kind, ending) for kind in kinds) else [f"does not end as {' or '.join(kinds)}"]
    allowed = (0,) if kinds == ["state"] else (1, 2) if "import" in kinds else (1,)
    if ending.status not in allowed:
        faults.append(f"exit status {ending.status}, expected {' or '.join(map(str, allowed))}")
    if "\x1b" in ending.text:
        faults.append("an escape sequence reaches the terminal")
    if len(ending.text) > LARGEST:
        faults.append(f"{len(ending.text)} characters are shown")
    if ending.status in (0, 1):
        faults += _faults_of_reports(ending)
    return faults


def _is(kind: str, ending: Ending) -> bool:
    word, _, name = kind.partition(" ")
    if kind == "state":
        return bool(ending.data) and ending.data["holds"] is True and ending.data["counts"]["holds"] > 0
    if word == "wrong":
        return bool(ending.data) and ending.data["holds"] is False and ending.data["counts"]["fails"] > 0
    if word == "exception":
        return name in ending.text and re.search(r"line \d+|\.py:\d+", ending.text) is not None
    return re.search(SAYS[kind], ending.text) is not None


def _faults_of_reports(ending: Ending) -> list[str]:
    faults = []
    if not isinstance(ending.data, dict):
        faults.append("standard output is not one JSON document")
    try:
        cases = ElementTree.fromstring(ending.junit).findall(".//testcase")
    except ElementTree.ParseError:
        return [*faults, "no JUnit file, or a broken one"]
    return faults if cases else [*faults, "the JUnit file has no case"]


@dataclass(frozen=True)
class BrokenFile:
    """A path that holds no implementation: how it is made, the name asked for, and what the line must mention."""

    label: str
    make: Callable[[Path], Path]
    name: str = "relu"
    mentions: str = ""


def _file(content: bytes, name: str = "mine.py") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def _folder(folder: Path) -> Path:
    (folder / "mine.py").mkdir()
    return folder / "mine.py"


RELU = b"def relu(x):\n    return abs(x)\n"
BROKEN_FILES = [
    BrokenFile("absent", lambda folder: folder / "absent.py", mentions="absent.py"),
    BrokenFile("folder", _folder, mentions="mine.py"),
    BrokenFile("empty", _file(b""), mentions="relu"),
    BrokenFile("another name", _file(RELU), name="rleu", mentions="relu"),
    BrokenFile("no name", _file(RELU), name="", mentions="FILE.py:"),
    BrokenFile("a number", _file(b"relu = 3\n"), mentions="callable"),
    BrokenFile("a module", _file(b"import math as relu\n"), mentions="callable"),
    BrokenFile("syntax", _file(b"def relu(x)\n    return x\n"), mentions="line 1"),
    BrokenFile("indentation", _file(b"def relu(x):\nreturn x\n"), mentions="line 2"),
    BrokenFile("not UTF-8", _file("name = 'größer'\n".encode("latin-1") + RELU), mentions="mine.py"),
    BrokenFile("null bytes", _file(b"\x00" * 64), mentions="mine.py"),
    BrokenFile("an unknown encoding", _file(b"# coding: martian\n" + RELU), mentions="mine.py"),
    BrokenFile("no Python", _file(RELU, "mine.txt"), mentions="mine"),
]
