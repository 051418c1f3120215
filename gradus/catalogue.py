"""Finds the concepts; the roadmap's graph, learning paths and search."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from gradus.concept import AREAS, Concept
from gradus.errors import GradusError

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Catalogue:
    """All concepts by key, in an order in which each comes after what it needs."""

    concepts: dict[str, Concept]

    def __len__(self) -> int:
        return len(self.concepts)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self.concepts.values())

    def get(self, key: str) -> Concept:
        """The concept of that key.

        Raises:
            GradusError: there is none; the nearest keys are suggested.
        """
        if key in self.concepts:
            return self.concepts[key]
        raise GradusError(f"no concept is called {key!r}{self.suggestion(key)}")

    def suggestion(self, key: str) -> str:
        """`; did you mean …?`, from the nearest keys and titles."""
        near = [c.key for c in self.search(key)[:3]]
        return f"; did you mean {' or '.join(near)}?" if near else "; `gradus map` lists them"

    def area(self, area: str) -> list[Concept]:
        """The concepts of one area, each after what it needs."""
        if area not in AREAS:
            near = difflib.get_close_matches(area, AREAS, 1)
            raise GradusError(f"no area is called {area!r}; the areas are {', '.join(near or AREAS)}")
        return [c for c in self if c.area == area]

    def needed(self, keys: Iterable[str]) -> list[Concept]:
        """The given concepts and all that they need, directly or not, each after what it needs."""
        wanted: set[str] = set()
        stack = list(keys)
        while stack:
            key = stack.pop()
            if key not in wanted:
                wanted.add(key)
                stack.extend(self.get(key).needs)
        return [c for c in self if c.key in wanted]

    def path(self, key: str, known: Iterable[str] = ()) -> list[Concept]:
        """What to learn, in order, to understand `key`, leaving out what is known and all that this needs."""
        goal = self.get(key)
        skip = {c.key for c in self.needed(known)}
        return [c for c in self.needed([goal.key]) if c.key not in skip or c is goal]

    def dependents(self, key: str) -> list[Concept]:
        """The concepts that need `key` directly."""
        return [c for c in self if key in c.needs]

    def search(self, words: str, limit: int = 10) -> list[Concept]:
        """Concepts by words of their key, titles and summaries, English or Chinese, misspellings forgiven; best first."""
        asked = _fold(words).split()
        if not asked:
            return []
        scored = [(_score(asked, c), -i, c) for i, c in enumerate(self)]
        best = max((s for s, _, _ in scored), default=0.0)
        kept = [(s, i, c) for s, i, c in scored if s >= max(0.55, 0.6 * best)]
        return [c for _, _, c in sorted(kept, key=lambda row: row[:2], reverse=True)][:limit]


def _fold(text: str) -> str:
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
        frozenset(_fold(f"{key} {title}").split()),
        frozenset(_fold(summary).split()),
        _fold(f"{key} {title}"),
    )


def _score(asked: list[str], c: Concept) -> float:
    """Mean over the words asked of how well each is found: 1 in the title, .6 in the summary, less when misspelt."""
    titles, summary, title = _words(c.key, f"{c.title.en} {c.title.zh}", f"{c.summary.en} {c.summary.zh}")
    whole = " ".join(asked)
    bonus = (
        0.5 if whole in (_fold(c.key).strip(), _fold(c.title.en).strip(), _fold(c.title.zh).strip()) else 0.0
    )
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


@functools.cache
def load() -> Catalogue:
    """Imports every page (NumPy only) and orders the concepts.

    Raises:
        GradusError: a key is used twice, an unknown key is needed, or the needs form a cycle.
    """
    found: dict[str, Concept] = {}
    for area in AREAS:
        if not (HERE / "concepts" / area).is_dir():
            continue
        for name in _pages(f"gradus.concepts.{area}", HERE / "concepts" / area):
            page = importlib.import_module(name)
            for concept in [v for v in vars(page).values() if isinstance(v, Concept) and v.module == name]:
                if found.setdefault(concept.key, concept) is not concept:
                    raise GradusError(
                        f"two concepts are called {concept.key!r}: {found[concept.key].module}, {concept.module}"
                    )
    return Catalogue({key: found[key] for key in order(found)})


def _pages(package: str, folder: Path) -> list[str]:
    """The modules of a folder's pages; a family may be a folder of pages itself."""
    found = sorted(pkgutil.iter_modules([str(folder)]), key=lambda m: m.name)
    return [
        name
        for m in found
        for name in (_pages(f"{package}.{m.name}", folder / m.name) if m.ispkg else [f"{package}.{m.name}"])
    ]


def order(concepts: dict[str, Concept]) -> list[str]:
    """The keys, each after the keys that it needs; ties by area and page.

    Raises:
        GradusError: an unknown key is needed, or the needs form a cycle.
    """
    for concept in concepts.values():
        for need in concept.needs:
            if need not in concepts:
                raise GradusError(f"{concept.key} needs {need!r}, which no page defines")
    sorter = TopologicalSorter({key: list(c.needs) for key, c in concepts.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise GradusError(f"the needs form a cycle: {' → '.join(error.args[1])}") from None
    rank = {key: i for i, key in enumerate(concepts)}
    result: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready.extend(sorter.get_ready())
        ready.sort(key=rank.__getitem__)
        key = ready.pop(0)
        result.append(key)
        sorter.done(key)
    return result


@functools.cache
def references() -> dict[str, dict[str, Any]]:
    """The one references file: bib key → authors, title, year, venue and where to find it."""
    return tomllib.loads((HERE / "references.toml").read_text(encoding="utf-8"))


def citation(key: str) -> str:
    """A reference on one line: authors, title, venue, year."""
    if key not in references():
        raise GradusError(f"no reference is called {key!r}; add it to references.toml")
    r = references()[key]
    authors = r["authors"]
    who = ", ".join(authors[:3]) + (" et al." if len(authors) > 3 else "")
    return f"{who}: {r['title']}. {r['venue']}, {r['year']}." + (f" {r['url']}" if "url" in r else "")
