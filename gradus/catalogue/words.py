"""What a search reads of a concept, folded: its names, their pinyin, the terms of its page, its summary."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.catalogue.page_files import PAGES

if TYPE_CHECKING:
    from gradus.catalogue.graph import Node

WIDE = 0x2E80  # from here on stand the scripts that are written without spaces
PINYIN = (
    Path(__file__).parent / "pinyin.txt"
)  # `中文 TAB zhong wen`, one name a line, made by tools/pinyin.py
# the sections that every page has: they tell nothing of one
COMMON_HEADINGS = {
    *("why", "derivation", "proof", "by hand", "in practice", "exercises"),
    *("为什么需要它", "推导", "证明", "手算一例", "实际使用", "练习"),
}
_RUNS = re.compile(r"[^\W_\u2E80-\U0010FFFF]+|[^\W\x00-\u2E7F]+")
_FORMULA = re.compile(r"\$[^$]*\$")
_SUBHEADING = re.compile(r"^#{3,} +(.+)$", re.MULTILINE)


class Words(NamedTuple):
    """The words of a concept, or of a subject without a page.

    Attributes:
        names: `| key | title | … |`: key, title in both languages, aliases.
        pinyin: `|xuexilv|/xxl/…`: of the Chinese names, in full and by initials.
        terms: the headings of its prose, its errata, the meanings of its symbols.
        summary: the summary in both languages.
    """

    names: str
    pinyin: str = ""
    terms: str = ""
    summary: str = ""


def fold(text: str) -> str:
    """Lower case, full-width forms narrowed, punctuation to spaces (`++` apart), and each Chinese run set apart."""
    return " ".join(_RUNS.findall(unicodedata.normalize("NFKC", text).casefold().replace("++", " plus plus")))


def words_of(concept: Node) -> Words:
    """The words of a concept; folding them all takes longer than a search, so the index keeps them."""
    names = (concept.key, *concept.title, *concept.aliases)
    return Words(names_of(names), pinyin_of(names), _terms(concept), fold("\n".join(concept.summary)))


def names_of(names: Iterable[str]) -> str:
    """The names as `Words` holds them."""
    return f"| {' | '.join(map(fold, names))} |"


def pinyin_of(names: Sequence[str], table: Mapping[str, str] | None = None) -> str:
    """The pinyin of the Chinese among the names, as `Words` holds it."""
    readings = _readings() if table is None else table
    known = [readings[fold(name)].split() for name in names if fold(name) in readings]
    full = dict.fromkeys("".join(syllables) for syllables in known)
    initials = dict.fromkeys("".join(s[0] for s in syllables) for syllables in known if len(syllables) > 1)
    return "".join(f"|{word}|" for word in full) + "".join(f"/{letters}/" for letters in initials)


def is_chinese(text: str) -> bool:
    """Whether any of its characters is one of a script that is written without spaces."""
    return any(ord(character) >= WIDE for character in text)


@functools.cache
def _readings() -> dict[str, str]:
    rows = PINYIN.read_text(encoding="utf-8").splitlines()
    return dict(row.split("\t") for row in rows)


def _terms(concept: Any) -> str:
    errata = [part for e in concept.errata for part in (e.number, *e.common, *e.right)]
    symbols = [words for s in getattr(concept, "symbols", ()) for words in s.meaning]
    parts = [*headings(concept.module, concept.key), *errata, *symbols]
    return fold(" ".join(dict.fromkeys(_FORMULA.sub(" ", part) for part in parts)))


@functools.cache
def headings(module: str, key: str) -> tuple[str, ...]:
    """The headings of a concept's prose beside its page, in both languages, without those that every page has."""
    from gradus.page.companion import LANGUAGES, beside, read

    page = PAGES.joinpath(*module.split(".")[2:]).with_suffix(".py")
    companions = [read(file) for file in (beside(page, lang) for lang in LANGUAGES) if file.exists()]
    sections = [section for c in companions if key in c for section in c[key].sections]
    every = [h for s in sections for h in (s.heading, *_SUBHEADING.findall(s.text))]
    return tuple(h for h in every if fold(h) not in COMMON_HEADINGS)
