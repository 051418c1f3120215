"""The roadmap's graph: what needs what, learning paths, search."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from gradus.catalogue.search import fold, score
from gradus.errors import GradusError
from gradus.page import AREAS, Concept
from gradus.text import Text


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
        en, zh = self.suggestion(key)
        raise GradusError(Text(f"no concept is called {key!r}{en}", f"没有名为 {key!r} 的概念{zh}"))

    def suggestion(self, key: str) -> Text:
        """`; did you mean …?`, from the nearest keys and titles."""
        near = [c.key for c in self.search(key)[:3]]
        if not near:
            return Text("; `gradus map` lists them", "；`gradus map` 列出全部概念")
        return Text(f"; did you mean {' or '.join(near)}?", f"；你要找的是 {' 或 '.join(near)} 吗？")

    def area(self, area: str) -> list[Concept]:
        """The concepts of one area, each after what it needs."""
        if area not in AREAS:
            near = difflib.get_close_matches(area, AREAS, 1)
            names = ", ".join(near or AREAS)
            raise GradusError(
                Text(
                    f"no area is called {area!r}; the areas are {names}",
                    f"没有名为 {area!r} 的领域；可选：{names}",
                )
            )
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
        asked = fold(words).split()
        if not asked:
            return []
        scored = [(score(asked, c), -i, c) for i, c in enumerate(self)]
        best = max((s for s, _, _ in scored), default=0.0)
        kept = [(s, i, c) for s, i, c in scored if s >= max(0.55, 0.6 * best)]
        return [c for _, _, c in sorted(kept, key=lambda row: row[:2], reverse=True)][:limit]


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
