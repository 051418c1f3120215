"""How well words find a concept: English or Chinese, misspellings forgiven."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradus.catalogue.graph import Node

WIDE = 0x2E80  # from here on stand the scripts that are written without spaces
SIMILAR = 0.7  # the share of letters in order above which a word counts as another one misspelt
_RUNS = re.compile(r"[^\W_\u2E80-\U0010FFFF]+|[^\W\x00-\u2E7F]+")


def fold(text: str) -> str:
    """Lower case, full-width forms narrowed, punctuation to spaces, and each Chinese run set apart."""
    return " ".join(_RUNS.findall(unicodedata.normalize("NFKC", text).casefold()))


class Words(NamedTuple):
    """What a search reads of a concept, folded: `| key | title | … |` with its aliases, and its summary in both languages."""

    names: str
    summary: str


def words_of(concept: Node) -> Words:
    """The words of a concept; folding them all takes longer than a search, so the index keeps them."""
    names = (concept.key, *concept.title, *concept.aliases)
    return Words(f"| {' | '.join(map(fold, names))} |", fold("\n".join(concept.summary)))


def scores(query: Sequence[str], concepts: Sequence[Words]) -> list[float]:
    """Of each concept the mean over the query's words of how well it is found: 1 in a name, .6 in the summary, less when misspelt.

    A name that is the whole query counts .5 more. Nothing but substrings is looked for in each concept: what a word may be
    a misspelling of is sought once, among the words of all names.
    """
    known = set(" ".join(words.names for words in concepts).split())
    near = {word: _similar(word, known) for word in query if ord(word[0]) < WIDE}
    whole = f"| {' '.join(query)} |"
    return [
        (0.5 if whole in words.names else 0.0)
        + sum(
            _latin_score(word, words, near[word]) if word in near else _wide_score(word, words)
            for word in query
        )
        / len(query)
        for words in concepts
    ]


def _wide_score(word: str, words: Words) -> float:
    """Chinese has no spaces: parts of a term count, and so do most of its characters."""
    if word in words.names:
        return 1.0 if f" {word} " in words.names else 0.95
    if word in words.summary:
        return 0.6
    pairs = [word[i : i + 2] for i in range(len(word) - 1)]
    return 0.8 * sum(p in words.names for p in pairs) / len(pairs) if pairs else 0.0


def _latin_score(word: str, words: Words, near: Sequence[tuple[float, str]]) -> float:
    if f" {word}" in words.names:
        return 1.0 if f" {word} " in words.names else 0.9
    for likeness, other in near:
        if f" {other} " in words.names:
            return 0.95 * likeness
    return 0.6 if word in words.summary and word in words.summary.split() else 0.0


def _similar(word: str, known: Iterable[str]) -> list[tuple[float, str]]:
    """The known words that this one may be a misspelling of, the most similar first."""
    pairs = ((similarity(word, other), other) for other in known if abs(len(other) - len(word)) <= 3)
    return sorted((pair for pair in pairs if pair[0] >= SIMILAR), reverse=True)


def similarity(word: str, other: str) -> float:
    """The share of letters that stand in order in both, after `difflib`; 0 where too few are common to be similar."""
    common = min(sum(map(other.__contains__, word)), sum(map(word.__contains__, other)))  # at most these
    if 2 * common < SIMILAR * (len(word) + len(other)):
        return 0.0
    import difflib

    return difflib.SequenceMatcher(None, word, other).ratio()
