"""How well words find a concept: English or Chinese, misspellings forgiven."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradus.catalogue.graph import Node

WIDE = 0x2E80  # from here on stand the scripts that are written without spaces
SIMILAR = 0.7  # the share of letters in order above which a word counts as another one misspelt
_RUNS = re.compile(r"[^\W_\u2E80-\U0010FFFF]+|[^\W\x00-\u2E7F]+")


def fold(text: str) -> str:
    """Lower case, full-width forms narrowed, punctuation to spaces, and each Chinese run set apart."""
    return " ".join(_RUNS.findall(_narrow(text)))


@functools.cache
def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


fold_once = functools.cache(fold)


def score(query: Sequence[str], concept: Node) -> float:
    """Mean over the query's words of how well each is found: 1 in a name, .6 in the summary, less when misspelt."""
    names = (concept.key, *concept.title, *concept.aliases)
    title = fold_once("\n".join(names))
    summary = f"{concept.summary.en} {concept.summary.zh}"
    whole = " ".join(query)
    bonus = 0.5 if whole in title and any(fold_once(name) == whole for name in names) else 0.0
    return bonus + sum(_word_score(word, title, summary) for word in query) / len(query)


def _word_score(word: str, title: str, summary: str) -> float:
    titles = _words(title)
    if word in titles:
        return 1.0
    if ord(word[0]) >= WIDE:  # Chinese has no spaces: parts of a term count, and so do most of its characters
        if word in title:
            return 0.95
        if _in_summary(word, summary):
            return 0.6
        pairs = [word[i : i + 2] for i in range(len(word) - 1)]
        return 0.8 * sum(p in title for p in pairs) / len(pairs) if pairs else 0.0
    if any(t.startswith(word) for t in titles):
        return 0.9
    near = max((similarity(word, t) for t in titles if abs(len(t) - len(word)) <= 3), default=0.0)
    if near >= SIMILAR:
        return 0.95 * near
    return 0.6 if _in_summary(word, summary) else 0.0


def _in_summary(word: str, summary: str) -> bool:
    """Whether a summary holds the word, or for Chinese a run that it is part of; most are ruled out before they are split."""
    if word not in _narrow(summary):
        return False
    words = _words(fold_once(summary))
    return any(word in run for run in words) if ord(word[0]) >= WIDE else word in words


@functools.cache
def _words(folded: str) -> frozenset[str]:
    return frozenset(folded.split())


@functools.cache
def similarity(word: str, other: str) -> float:
    """The share of letters that stand in order in both, after `difflib`; 0 where too few are common to be similar."""
    common = min(sum(map(other.__contains__, word)), sum(map(word.__contains__, other)))  # at most these
    if 2 * common < SIMILAR * (len(word) + len(other)):
        return 0.0
    import difflib

    return difflib.SequenceMatcher(None, word, other).ratio()
