"""The Markdown files that stand beside a page: the Chinese of its strings, and its prose.

Beside `attention.py` stand `attention.zh.md` and `attention.en.md`. A heading `# key` opens a concept; a file may
hold several. In a `.zh.md` the strings of the record follow, one a line: name, hash of the English that is rendered,
Chinese. The prose follows, its sections opened by `## `; `.en.md` holds prose alone.

    # attention

    - title `6cfa6d`: 缩放点积注意力
    - claim rows-sum-to-one `3f2a1c`: 每个查询的权重非负且和为 1

    ## 为什么需要它
    一句话有二十个词……
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from gradus.errors import GradusError
from gradus.text import Text

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

_ENTRY = re.compile(r"- ([^` ][^`]*) `([0-9a-f]{6})`: *(\S.*)")  # name, hash, Chinese
_SHAPE = "- NAME `HASH`: CHINESE, on one line"
_KEY = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


class Rendering(NamedTuple):
    """The Chinese of one string, the hash of the English that it renders, and the line where it stands."""

    words: str
    digest: str
    line: int


@dataclass(frozen=True)
class Section:
    """A section of prose: its heading, the line of the heading, and the lines below it."""

    heading: str
    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The prose, without blank lines around it."""
        return "\n".join(self.lines).strip("\n")


@dataclass(frozen=True)
class Companion:
    """What a file says of one concept: the renderings by name, and the sections of prose in their order."""

    key: str
    line: int
    renderings: dict[str, Rendering] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)


def beside(page: Path, lang: Language) -> Path:
    """The companion of a page's file: `attention.zh.md` for `attention.py`."""
    return page.with_name(f"{page.stem}.{lang}.md")


def digest(english: str) -> str:
    """Six hexadecimal digits that change when the English does, whatever its line breaks."""
    return hashlib.sha256(" ".join(english.split()).encode()).hexdigest()[:6]


def read(path: Path) -> dict[str, Companion]:
    """What the companion file says, by the concept's key.

    Raises:
        GradusError: a line is neither heading, string nor prose, or a name stands twice; says in which line.
    """
    english = path.name.endswith(".en.md")
    concepts: dict[str, Companion] = {}
    concept: Companion | None = None
    for number, line, fenced in _lines(path):
        if line.startswith("# ") and not fenced:
            concept = Companion(_key(path, number, line), number)
            if concepts.setdefault(concept.key, concept) is not concept:
                raise _fault(path, number, f"{concept.key} is opened twice; keep one heading", line)
        elif concept is None:
            if line.strip():
                raise _fault(path, number, "expected `# KEY` before anything else", line)
        elif line.startswith("## ") and not fenced:
            concept.sections.append(Section(line[3:].strip(), number))
        elif concept.sections:
            concept.sections[-1].lines.append(line)
        elif english and line.strip():
            raise _fault(
                path, number, "expected `## HEADING`; English strings stand in the page itself", line
            )
        elif line.strip():
            _add(concept, path, number, line)
    return concepts


def _lines(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Number and text of each line, and whether it stands in a block of code."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GradusError(
            Text(
                f"{path} is not UTF-8: {error}; save it as UTF-8", f"{path} 不是 UTF-8：{error}；请存为 UTF-8"
            )
        ) from error
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if "```" in line and line.lstrip().startswith("```"):
            fenced = not fenced
        yield number, line, fenced


def _key(path: Path, number: int, line: str) -> str:
    key = line[2:].strip()
    if not _KEY.fullmatch(key):
        raise _fault(path, number, "expected the key of a concept, as in `# entropy`", line)
    return key


def _add(concept: Companion, path: Path, number: int, line: str) -> None:
    match = _ENTRY.fullmatch(line.rstrip())
    if not match:
        raise _fault(path, number, f"expected {_SHAPE}", line)
    name, hashed, words = match.groups()
    if name in concept.renderings:
        first = concept.renderings[name].line
        raise _fault(path, number, f"{name} stands in line {first}, too; keep one of them", line)
    concept.renderings[name] = Rendering(words, hashed, number)


def _fault(path: Path, number: int, expected: str, line: str) -> GradusError:
    return GradusError(
        Text(
            f"{path}:{number}: {expected}; got {line.strip()[:80]!r}",
            f"{path}:{number}：{expected}；得到 {line.strip()[:80]!r}",
        )
    )
