"""The verbs that list and walk the roadmap: map, search, path. They read the index and import no page, no NumPy."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from gradus.areas import AREAS
from gradus.catalogue import Catalogue, Entry, entries
from gradus.catalogue.entry import ErratumEntry
from gradus.catalogue.measured import recall, summaries
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.text import Text


def state(entry: Entry, summary: dict[str, Any] | None, out: Terminal) -> tuple[str, str]:
    """A mark and a phrase: measured here and what came of it, whole but not yet measured, or what is missing."""
    if entry.missing:
        missing = ", ".join(entry.missing)
        return "◌", out.t(f"lacks {missing}", f"缺少 {missing}")
    counts = out.t(
        f"{entry.claims} claims, {entry.mutants} mutants",
        f"{entry.claims} 条断言，{entry.mutants} 个变异体",
    )
    if summary is None:
        return "○", counts
    failed, when = summary["failed"], summary["when"]
    if failed:
        return "✗", out.t(f"{failed} failed, {when}", f"{failed} 条不成立，{when}")
    return "●", out.t(f"{counts}, held {when}", f"{counts}，{when} 全部成立")


def map(options: Namespace, out: Terminal) -> int:
    """The roadmap as a tree by area."""
    catalogue = entries()
    if options.timeline:
        return _timeline(catalogue, out)
    areas = [options.area] if options.area else [a for a in AREAS if any(c.area == a for c in catalogue)]
    if options.errata:
        return _errata(catalogue, areas, out)
    shown = [catalogue.area(area) for area in areas]
    measured = summaries(entry for area in shown for entry in area)
    for area, concepts in zip(areas, shown, strict=True):
        out.say(f"{AREAS[area].get(out.lang)}  ({len(concepts)})", style="bold")
        rows = []
        for entry in concepts:
            mark, phrase = state(entry, measured.get(entry.key), out)
            branch = "├─" if entry is not concepts[-1] else "└─"
            rows.append((branch, mark, entry.key, entry.title.get(out.lang), phrase))
        out.table(["", "", "", "", ""], rows)
    claims = sum(c.claims for c in catalogue)
    mutants = sum(c.mutants for c in catalogue)
    out.say()
    out.say(
        out.t(
            f"{len(catalogue)} concepts, {claims} claims of their own, {mutants} mutants.  ● held on this machine  ○ not measured here yet",
            f"{len(catalogue)} 个概念，{claims} 条自有断言，{mutants} 个变异体。  ● 已在本机成立  ○ 尚未在本机测量",
        )
    )
    return 0


def _timeline(catalogue: Catalogue[Entry], out: Terminal) -> int:
    from gradus.catalogue.routes import timeline

    for title, concepts in timeline(catalogue):
        out.say(title, style="bold")
        out.table(
            ["", "", "", ""], [(c.year, c.key, c.title.get(out.lang), ", ".join(c.people)) for c in concepts]
        )
    return 0


def _errata(catalogue: Catalogue[Entry], areas: list[str], out: Terminal) -> int:
    """Every erratum by its number, with the state of the claims that compute its counterexample."""
    from gradus.catalogue.formulas import prose_text

    corrected = [c for area in areas for c in catalogue.area(area) if c.errata]
    measured = {c.key: recall(c.key, c.page_hash) for c in corrected}
    marks = []
    for e, concept in sorted(
        ((e, c) for c in corrected for e in c.errata), key=lambda pair: _digits(pair[0].number)
    ):
        mark, words = _erratum_state(e, measured[concept.key], out)
        marks.append(mark)
        out.say(f"{mark} {e.number}  {concept.key}", style="bold")
        common, right = (prose_text(t.get(out.lang), strict=False) for t in (e.common, e.right))
        out.say(out.t("common form: ", "常见说法：") + common, indent=5)
        out.say(out.t("right: ", "正确说法：") + right, indent=5)
        out.say(
            out.t("computed by: ", "由断言计算：") + f"{', '.join(e.claims)}  ({words})",
            style="dim",
            indent=5,
        )
    held, failed, count = marks.count("●"), marks.count("✗"), len(marks)
    out.say(
        out.t(
            f"{count} errata: {held} held on this machine, {failed} failed, {count - held - failed} not measured here yet",
            f"{count} 条勘误：{held} 条已在本机成立，{failed} 条不成立，{count - held - failed} 条尚未在本机测量",
        )
    )
    return 0


def _digits(number: str) -> tuple[int, str]:
    """E5 before E44, and E44 before E44b."""
    import re

    digits = re.search(r"\d+", number)
    return (int(digits[0]) if digits else 0), number


def _erratum_state(e: ErratumEntry, row: dict[str, Any] | None, out: Terminal) -> tuple[str, str]:
    """A mark and a phrase: what came of its claims when they were measured last."""
    verdicts = [r["verdict"] for r in row["results"] if r["claim"] in e.claims] if row else []
    if row is None or "holds" not in verdicts:
        return (
            ("✗", out.t("fails", "不成立"))
            if "fails" in verdicts
            else ("○", out.t("not measured here yet", "尚未在本机测量"))
        )
    if "fails" in verdicts:
        return "✗", out.t(f"fails, {row['when']}", f"不成立，{row['when']}")
    return "●", out.t(f"held {row['when']}", f"{row['when']} 成立")


def search(options: Namespace, out: Terminal) -> int:
    """Concepts by words, best first; of a subject without a page that it has none, and which are nearest."""
    words = " ".join(options.words)
    catalogue = entries()
    matches, subject = catalogue.answer(words)
    if subject:
        matches = _instead(subject, catalogue, out)
    elif not matches:
        raise GradusError(
            out.t(
                f"nothing found for {words!r}; try another word, English, Chinese or pinyin (`gradus search softmax`, 卷积, juanji), or `gradus map`, which lists everything",
                f"没有找到“{words}”；可换用其他中文、英文或拼音词（如 `gradus search 卷积`、softmax、juanji），或用 `gradus map` 列出全部概念",
            )
        )
    out.table(["", "", ""], [(c.key, c.title.get(out.lang), AREAS[c.area].get(out.lang)) for c in matches])
    return 0


def _instead(key: str, catalogue: Catalogue[Entry], out: Terminal) -> list[Entry]:
    """Says that a subject has no page yet; the concepts to read instead."""
    from gradus.catalogue.subjects import NO_PAGE, subjects

    subject = subjects()[key]
    out.say(NO_PAGE.get(out.lang).format(subject.title.get(out.lang)))
    return [catalogue.get(near) for near in subject.nearest]


def path(options: Namespace, out: Terminal) -> int:
    """What to learn, in order."""
    if options.route:
        return _route(options.route, out)
    if not options.key:
        raise GradusError(
            out.t(
                "expected a concept, as in `gradus path attention`, or --route NAME",
                "需要一个概念，如 `gradus path attention`，或 --route 路线名",
            )
        )
    catalogue = entries()
    steps = catalogue.path(options.key, [k.strip() for k in options.known.split(",") if k.strip()])
    keys = {c.key for c in steps}
    rows = []
    for i, concept in enumerate(steps, 1):
        needs = ", ".join(k for k in concept.needs if k in keys)
        rows.append((i, concept.key, concept.title.get(out.lang), needs))
    out.table(
        ["", Text("concept", "概念"), Text("title", "名称"), Text("builds on", "基于")], rows, right=[0]
    )
    return 0


def _route(name: str, out: Terminal) -> int:
    from gradus.catalogue.routes import route, walk

    chosen = route(name)
    out.say(chosen.title, style="bold")
    for i, (stage, concepts) in enumerate(walk(chosen), 1):
        low, high = stage.weeks
        weeks = f"{low}–{high}" if low != high else str(low)
        out.say()
        out.say(
            f"{i}. {stage.title.get(out.lang)}  ({out.t(f'about {weeks} weeks', f'约 {weeks} 周')})",
            style="bold",
        )
        out.say(out.t("goal: ", "目标：") + stage.goal.get(out.lang), indent=3)
        out.table(["", "", ""], [("  ", c.key, c.title.get(out.lang)) for c in concepts])
    return 0
