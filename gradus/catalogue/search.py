"""How well words find a concept: English or Chinese, misspellings forgiven."""

from __future__ import annotations

import difflib
import functools
import unicodedata

from gradus.page import Concept


def fold(text: str) -> str:
    """Lower case, full-width forms narrowed, punctuation to spaces, and each Chinese run set apart."""
    out: list[str] = []
    for ch in unicodedata.normalize("NFKC", text).casefold():
        if ch.isalnum():
            wide = ord(ch) >= 0x2E80
            if out and out[-1] != " " and (ord(out[-1]) >= 0x2E80) != wide:
                out.append(" ")
            out.append(ch)
        else:
            out.append(" ")
    return "".join(out)


@functools.cache
def _words(key: str, title: str, summary: str) -> tuple[frozenset[str], frozenset[str], str]:
    return (
        frozenset(fold(f"{key} {title}").split()),
        frozenset(fold(summary).split()),
        fold(f"{key} {title}"),
    )


def score(asked: list[str], c: Concept) -> float:
    """Mean over the words asked of how well each is found: 1 in the title, .6 in the summary, less when misspelt."""
    titles, summary, title = _words(c.key, f"{c.title.en} {c.title.zh}", f"{c.summary.en} {c.summary.zh}")
    whole = " ".join(asked)
    bonus = 0.5 if whole in (fold(c.key).strip(), fold(c.title.en).strip(), fold(c.title.zh).strip()) else 0.0
    return bonus + sum(_word_score(w, titles, summary, title) for w in asked) / len(asked)


def _word_score(word: str, titles: frozenset[str], summary: frozenset[str], title: str) -> float:
    if word in titles:
        return 1.0
    if (
        ord(word[0]) >= 0x2E80
    ):  # Chinese has no spaces: parts of a term count, and so do most of its characters
        if word in title:
            return 0.95
        if any(word in s for s in summary):
            return 0.6
        pairs = [word[i : i + 2] for i in range(len(word) - 1)]
        return 0.8 * sum(p in title for p in pairs) / len(pairs) if pairs else 0.0
    if any(t.startswith(word) for t in titles):
        return 0.9
    near = max(
        (difflib.SequenceMatcher(None, word, t).ratio() for t in titles if abs(len(t) - len(word)) <= 3),
        default=0,
    )
    if near >= 0.7:
        return 0.95 * near
    return 0.6 if word in summary else 0.0
