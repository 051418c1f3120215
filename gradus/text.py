"""The same words in two languages, and the names of what has a kind: concepts, evidence, verdicts."""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple


class Text(NamedTuple):
    """The same words in English and in Chinese; `$…$` holds LaTeX, backticks hold code."""

    en: str
    zh: str

    def get(self, lang: str) -> str:
        """The words in `lang`, which is "en" or "zh"."""
        return self.zh if lang == "zh" else self.en


def as_text(words: str | Text) -> Text:
    """`words` in both languages; those that have one form only (names, another program's words) stand as they are."""
    return words if isinstance(words, Text) else Text(words, words)


@functools.cache
def cell_width(text: str) -> int:
    """How many columns of a terminal a text takes: two for a Chinese character, none for a combining accent."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


@functools.cache
def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


CONCEPT_KINDS: dict[str, Text] = {
    "definition": Text("definition", "定义"),
    "theorem": Text("theorem", "定理"),
    "algorithm": Text("algorithm", "算法"),
    "layer": Text("layer", "层"),
    "model": Text("model", "模型"),
    "system": Text("system", "系统"),
}

#: How a claim is judged, see `gradus.page.evidence`.
EVIDENCE_KINDS: dict[str, Text] = {
    "identical": Text("identical", "完全相同"),
    "roundoff": Text("rounding", "舍入误差"),
    "rate": Text("rate", "收敛阶"),
    "bound": Text("bound", "界"),
    "optimal": Text("optimality", "最优性"),
    "statistical": Text("statistics", "统计"),
    "invariance": Text("invariance", "不变性"),
    "metric": Text("metric", "指标"),
}

VERDICTS: dict[str, Text] = {
    "holds": Text("holds", "成立"),
    "fails": Text("fails", "不成立"),
    "skipped": Text("does not apply", "不适用"),
}

#: Heading of the counterexample that the judge found.
SMALLEST_CASE = Text("smallest case where it differs from the definition", "与定义不同的最小输入")
