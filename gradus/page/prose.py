"""The prose of a page: why, derivation or proof, an example by hand, practice, exercises; in English and in Chinese.

It stands beside the page, in `<stem>.en.md` and `<stem>.zh.md` (see `gradus.page.companion`), each section under its
heading. Numbers are not typed: `{{alpha[0]}}` names a value of the page's example. A concept is linked by its key:
`[softmax](softmax)`. The last section holds the exercises, each with what is said of it:

    1. {{exercise:variance}} By which number must the scores be divided?
       - hint: Variances of independent products multiply.
       - no_root: That is the variance; the scores are divided by its root.
       - solution: The variance is 16 · 4 · 1, its root 8.
    2. {{exercise:permute}} What becomes of the output?
       - same: It stays the same.
       - other: It is permuted, too. => The output belongs to the queries, which kept their order.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.errors import GradusError
from gradus.page.companion import Language, Section, beside, read
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page.concept import Concept

#: The sections in their order; a page has a derivation or a proof.
SECTIONS: dict[str, Text] = {
    "why": Text("Why", "为什么需要它"),
    "derivation": Text("Derivation", "推导"),
    "proof": Text("Proof", "证明"),
    "by-hand": Text("By hand", "手算一例"),
    "in-practice": Text("In practice", "实际使用"),
    "exercises": Text("Exercises", "练习"),
}
_QUESTION = re.compile(r"\d+\.\s+\{\{\s*exercise:\s*([a-z]\w*)\s*\}\}\s*(.*)")
_REMARK = re.compile(r"\s+-\s+([a-z]\w*):\s+(.*)")


@dataclass(frozen=True)
class Remark:
    """What is said of a choice or a mistake: the choice's own words, and why it is wrong."""

    words: str
    why: str = ""


@dataclass
class Question:
    """An exercise in words: the question, a hint, the solution, and a remark for each choice or mistake."""

    name: str
    text: str
    hint: str = ""
    solution: str = ""
    remarks: dict[str, Remark] = field(default_factory=dict)


@dataclass(frozen=True)
class Prose:
    """The prose of one concept in one language: its sections by name, and the questions of the exercises."""

    path: Path
    sections: dict[str, str]
    questions: dict[str, Question]


def prose_file(concept: Concept, lang: Language) -> Path:
    """Where the prose of a concept stands, or would stand."""
    return beside(Path(str(sys.modules[concept.module].__file__)), lang)


def prose_of(concept: Concept, lang: Language) -> Prose | None:
    """The prose of a concept, or None where it has none.

    Raises:
        GradusError: the file has a section that no page has, or a line of an exercise is none.
    """
    path = prose_file(concept, lang)
    return _prose(path, concept.key, lang) if path.exists() else None


@cache
def _prose(path: Path, key: str, lang: Language) -> Prose | None:
    companion = read(path).get(key)
    if companion is None or not companion.sections:
        return None
    names = {title.get(lang): name for name, title in SECTIONS.items()}
    sections: dict[str, str] = {}
    questions: dict[str, Question] = {}
    for section in companion.sections:
        name = names.get(section.heading)
        if name is None or name in sections:
            raise GradusError(
                Text(
                    f"{path}:{section.line}: expected each of the sections {', '.join(names)} once, got {section.heading!r}",
                    f"{path}:{section.line}：小节 {'、'.join(names)} 应各出现一次，得到 {section.heading!r}",
                )
            )
        sections[name] = section.text
        if name == "exercises":
            questions = {q.name: q for q in _questions(path, section)}
    return Prose(path, sections, questions)


def _questions(path: Path, section: Section) -> Iterator[Question]:
    question: Question | None = None
    open_remark = ""
    for number, line in enumerate(section.lines, section.line + 1):
        if begins := _QUESTION.fullmatch(line):
            if question:
                yield question
            question, open_remark = Question(begins.group(1), begins.group(2)), ""
        elif question and (remark := _REMARK.fullmatch(line)):
            open_remark = remark.group(1)
            _say(question, open_remark, remark.group(2))
        elif question and line.strip() and line.startswith(" "):
            _go_on(question, open_remark, line.strip())
        elif line.strip():
            raise GradusError(
                Text(
                    f"{path}:{number}: expected `1. {{{{exercise:NAME}}}} QUESTION` or an indented `- NAME: WORDS`, got {line[:60]!r}",
                    f"{path}:{number}：应为 `1. {{{{exercise:NAME}}}} QUESTION` 或缩进的 `- NAME: WORDS`，得到 {line[:60]!r}",
                )
            )
    if question:
        yield question


def _say(question: Question, name: str, words: str) -> None:
    if name == "hint":
        question.hint = words
    elif name == "solution":
        question.solution = words
    else:
        label, _, why = words.partition(" => ")
        question.remarks[name] = Remark(label.strip(), why.strip())


def _go_on(question: Question, remark: str, words: str) -> None:
    """A line that continues the question or the remark before it."""
    if not remark:
        question.text += " " + words
    elif remark in ("hint", "solution"):
        _say(question, remark, f"{getattr(question, remark)} {words}")
    else:
        before = question.remarks[remark]
        joined = f"{before.words} => {before.why}" if before.why else before.words
        _say(question, remark, f"{joined} {words}")
