"""How well words find a concept: by its names, exact, begun or one letter off, by pinyin, by the words of its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.catalogue.words import WIDE, Words, fold

# what the whole query is of a concept; a part of 1 at most is added for how much of the name it is
NAME, PINYIN, INITIALS, BEGINNING, PINYIN_BEGINNING, PINYIN_PART = 6.0, 5.0, 4.5, 3.0, 2.5, 1.5
WORD = 2.0  # all words stand in its names, in any order
LEAST = 0.8  # what counts as a find
NEAR = 0.6  # beside the best, the share of its score that is still shown
IN_NAMES = 1.4  # shown whatever the best is: most of the words stand in the names
SUBJECT = 1.2  # what names a subject that has no page
FORGIVING = 5  # letters from which on one may be wrong
PLURAL = 4  # letters from which on a last s may be too much
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "do",
        "does",
        "for",
        "from",
        "how",
        "i",
        "in",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "should",
        "such",
        "that",
        "the",
        "this",
        "to",
        "use",
        "versus",
        "vs",
        "what",
        "when",
        "which",
        "why",
        "with",
    ]
)


def scores(query: str, concepts: Sequence[Words]) -> list[float]:
    """Of each concept how well the query finds it; 0 where not at all.

    A name that is the whole query counts most, then one that begins with it, in letters or in pinyin. Else each word of
    the query that is no stop word is looked for by itself: in the names, one of two letters as a whole word only, one of
    many with a letter wrong or an s behind it, too; then in the headings, errata and symbols of the page, then in the summary.
    """
    words = fold(query).split()
    if not words:
        return [0.0] * len(concepts)
    scored = _of_words(words, concepts)
    singular = [_singular(word, concepts) for word in words]
    if singular == words:
        return scored
    return [max(pair) for pair in zip(scored, _of_words(singular, concepts), strict=True)]


def _of_words(words: Sequence[str], concepts: Sequence[Words]) -> list[float]:
    whole = [_whole(words, concept) for concept in concepts]
    searched = [word for word in words if word not in STOP_WORDS]
    near = {word: _misspelt(word, concepts) for word in searched if ord(word[0]) < WIDE}
    return [max(score, _by_words(searched, near, c)) for score, c in zip(whole, concepts, strict=True)]


def _whole(query: Sequence[str], words: Words) -> float:
    name, letters = " ".join(query), "".join(query).replace("ü", "v")
    if f"| {name} |" in words.names:
        return NAME + (0.5 if words.names.startswith(f"| {name} |") else 0.0)
    pinyin = words.pinyin if len(letters) > 1 else ""
    if f"|{letters}|" in pinyin:
        return PINYIN
    if f"/{letters}/" in pinyin:
        return INITIALS
    if len(name) > 1 and f"| {name}" in words.names:
        return BEGINNING + _share(f"| {name}", words.names, " |")
    if len(letters) > 3:
        if f"|{letters}" in pinyin:
            return PINYIN_BEGINNING + _share(f"|{letters}", pinyin, "|")
        if len(letters) > 5 and letters in pinyin:
            return PINYIN_PART
    return 0.0


def _share(beginning: str, names: str, end: str) -> float:
    """How much of the shortest name that begins so the beginning is."""
    rests = ((rest + end).index(end) for rest in names.split(beginning)[1:])
    return len(beginning) / (len(beginning) + min(rests))


def _by_words(query: Sequence[str], near: dict[str, list[str]], words: Words) -> float:
    parts = (_latin(word, words, near[word]) if word in near else _wide(word, words) for word in query)
    return WORD * sum(parts) / max(len(query), 1)


def _latin(word: str, words: Words, near: Sequence[str]) -> float:
    if f" {word} " in words.names:
        return 1.0
    if len(word) > 2 and f" {word}" in words.names:
        return 0.9
    if any(f" {other} " in words.names or f"|{other}|" in words.pinyin for other in near):
        return 0.8
    return _on_the_page(word, f" {words.terms} ", f" {words.summary} ", f" {word} ")


def _wide(word: str, words: Words) -> float:
    """Chinese has no spaces: parts of a term count, and so do most of its characters."""
    if word in words.names:
        return 1.0 if f" {word} " in words.names else 0.95
    on_the_page = _on_the_page(word, words.terms, words.summary, word)
    pairs = [word[i : i + 2] for i in range(len(word) - 1)]
    return max(on_the_page, 0.8 * sum(p in words.names for p in pairs) / len(pairs) if pairs else 0.0)


def _on_the_page(word: str, terms: str, summary: str, wanted: str) -> float:
    """Whether a word stands in the text of the page; one letter alone says nothing there."""
    if len(word) == 1 and ord(word) < WIDE:
        return 0.0
    return 0.5 if wanted in terms else 0.45 if wanted in summary else 0.0


def _singular(word: str, concepts: Sequence[Words]) -> str:
    """The word without its last s where a name has it so: `embeddings`, but not `bias`."""
    plural = len(word) >= PLURAL and word.endswith("s")
    return word[:-1] if plural and any(f" {word[:-1]} " in c.names for c in concepts) else word


def _misspelt(word: str, concepts: Sequence[Words]) -> list[str]:
    """The words of all names, and their pinyin, that this one is a misspelling of; none where it is itself one of them."""
    if len(word) < FORGIVING or any(f" {word}" in words.names for words in concepts):
        return []
    known: Iterable[str] = {n for c in concepts for n in (*c.names.split(), *c.pinyin.split("|"))}
    return [other for other in known if abs(len(other) - len(word)) < 2 and one_edit_apart(word, other)]


def one_edit_apart(word: str, other: str) -> bool:
    """Whether one letter too many, missing, wrong or changed for its neighbour makes one word the other."""
    shorter = min(len(word), len(other))
    first = next((i for i in range(shorter) if word[i] != other[i]), shorter)
    a, b = word[first:], other[first:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return max(len(a), len(b)) == 1 or (len(a) == 2 and a == b[::-1])
