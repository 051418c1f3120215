"""The roadmap's graph: what needs what, learning paths, search; of whole concepts or of their entries in the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, Generic, Protocol, TypeVar

from gradus.areas import AREAS
from gradus.catalogue.search import IN_NAMES, INITIALS, LEAST, NEAR, SUBJECT, scores
from gradus.catalogue.search_table import SearchTable
from gradus.catalogue.subjects import subject_words, subjects
from gradus.catalogue.words import words_of
from gradus.errors import GradusError
from gradus.text import Text


class Node(Protocol):
    """What the roadmap reads of a concept; a `Concept` and an `Entry` of the index both have it."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def area(self) -> str: ...  # noqa: D102
    # Texts; mypy does not see through the descriptor by which a `Concept` gives them
    @property
    def title(self) -> Any: ...  # noqa: D102
    @property
    def summary(self) -> Any: ...  # noqa: D102
    @property
    def aliases(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def needs(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def year(self) -> int: ...  # noqa: D102
    @property
    def module(self) -> str: ...  # noqa: D102
    @property
    def errata(self) -> Sequence[Any]: ...  # noqa: D102


N = TypeVar("N", bound=Node)


class Catalogue(Generic[N]):
    """All concepts by key, in an order in which each comes after what it needs."""

    def __init__(self, concepts: dict[str, N], table: Callable[[], SearchTable] | None = None) -> None:
        self.concepts = concepts
        self._table = table or self._own_table  # read at the first search

    def table(self) -> SearchTable:
        """The words that a search reads of every concept, and of the subjects without a page."""
        known = self._table()
        return SearchTable({c.key: known.concepts.get(c.key) or words_of(c) for c in self}, known.subjects)

    def _own_table(self) -> SearchTable:
        return SearchTable({}, subject_words(self.concepts))

    def __len__(self) -> int:
        return len(self.concepts)

    def __iter__(self) -> Iterator[N]:
        return iter(self.concepts.values())

    def get(self, key: str) -> N:
        """The concept of that key.

        Raises:
            GradusError: there is none; the nearest keys are suggested, for a subject without a page those to read meanwhile.
        """
        if key in self.concepts:
            return self.concepts[key]
        _, subject = self.answer(key)
        if subject:
            raise GradusError(self._unwritten(subject))
        en, zh = self.suggestion(key)
        raise GradusError(Text(f"no concept is called {key!r}{en}", f"没有名为 {key!r} 的概念{zh}"))

    def suggestion(self, key: str) -> Text:
        """`; did you mean …?`, from the nearest keys and titles."""
        near = [c.key for c in self.search(key)[:3]]
        if not near:
            import difflib

            near = difflib.get_close_matches(key.casefold(), self.concepts, 2, 0.7)
        if not near:
            return Text("; `gradus map` lists them", "；`gradus map` 列出全部概念")
        return Text(f"; did you mean {' or '.join(near)}?", f"；你要找的是 {' 或 '.join(near)} 吗？")

    def _unwritten(self, key: str) -> Text:
        """What is said of a subject without a page."""
        subject = subjects()[key]
        near = [name for name in subject.nearest if name in self.concepts]
        en, zh = (f"; nearest: {', '.join(near)}", f"；最接近的是：{'、'.join(near)}") if near else ("", "")
        return Text(f"{subject.title.en}: no page yet{en}", f"{subject.title.zh}：暂无页面{zh}")

    def area(self, area: str) -> list[N]:
        """The concepts of one area, each after what it needs."""
        if area not in AREAS:
            import difflib

            near = difflib.get_close_matches(area, AREAS, 1)
            names = ", ".join(near or AREAS)
            raise GradusError(
                Text(
                    f"no area is called {area!r}; the areas are {names}",
                    f"没有名为 {area!r} 的领域；可选：{names}",
                )
            )
        return [c for c in self if c.area == area]

    def needed(self, keys: Iterable[str]) -> list[N]:
        """The given concepts and all that they need, directly or not, each after what it needs."""
        closure: set[str] = set()
        stack = list(keys)
        while stack:
            key = stack.pop()
            if key not in closure:
                closure.add(key)
                stack.extend(self.get(key).needs)
        return [c for c in self if c.key in closure]

    def path(self, key: str, known: Iterable[str] = ()) -> list[N]:
        """What to learn, in order, to understand `key`, leaving out what is known and all that this needs."""
        goal = self.get(key)
        skip = {c.key for c in self.needed(known)}
        return [c for c in self.needed([goal.key]) if c.key not in skip or c is goal]

    def dependents(self, key: str) -> list[N]:
        """The concepts that need `key` directly."""
        return [c for c in self if key in c.needs]

    def search(self, words: str, limit: int = 10) -> list[N]:
        """Concepts by words of their names, English, Chinese or pinyin, and of their pages; one misspelling forgiven; best first."""
        return _shown(self._ranked(words))[:limit]

    def answer(self, words: str, limit: int = 10) -> tuple[list[N], str | None]:
        """What `search` finds, and the key of the subject without a page that the words name better than any concept."""
        ranked = self._ranked(words)
        best = ranked[0][0] if ranked else 0.0
        return _shown(ranked)[:limit], self._subject(words, best) if best < INITIALS else None

    def _subject(self, words: str, best: float) -> str | None:
        subjects = self._table().subjects
        scored = zip(scores(words, list(subjects.values())), subjects, strict=True)
        score, key = max(scored, default=(0.0, ""), key=lambda pair: pair[0])
        return key if score > max(best, SUBJECT) else None

    def _ranked(self, words: str) -> list[tuple[float, N]]:
        """The concepts that the words find with their scores, best first; ties in the roadmap's order."""
        scored = zip(scores(words, list(self.table().concepts.values())), self, strict=True)
        return sorted((pair for pair in scored if pair[0] >= LEAST), key=lambda pair: -pair[0])


def _shown(ranked: Sequence[tuple[float, N]]) -> list[N]:
    """The best, and what is near it or has the words in its names."""
    return [c for score, c in ranked if score >= min(NEAR * ranked[0][0], IN_NAMES)]


def order(concepts: Mapping[str, Node]) -> list[str]:
    """The keys, each after the keys that it needs; ties by area and page.

    Raises:
        GradusError: an unknown key is needed, or the needs form a cycle.
    """
    for concept in concepts.values():
        for need in concept.needs:
            if need not in concepts:
                raise GradusError(
                    Text(
                        f"{concept.key} needs {need!r}, which no page defines",
                        f"{concept.key} 依赖 {need!r}，但没有哪一页定义它",
                    )
                )
    sorter = TopologicalSorter({key: list(c.needs) for key, c in concepts.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise GradusError(
            Text(
                f"the needs form a cycle: {' → '.join(error.args[1])}",
                f"依赖关系成环：{' → '.join(error.args[1])}",
            )
        ) from None
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
