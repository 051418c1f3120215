"""The verbs that read: map, show, search, path, explain. None of them imports torch or matplotlib."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradus.catalogue import Catalogue, citation, load
from gradus.catalogue.formulas import prose_text, unicode_text
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError, words_of
from gradus.page import AREAS, Concept, Erratum
from gradus.text import CONCEPT_KINDS, Text

if TYPE_CHECKING:
    from gradus.explanation import Explanation


def state(concept: Concept, out: Terminal) -> tuple[str, str]:
    """A mark and a phrase: measured here and what came of it, whole but not yet measured, or what is missing."""
    missing = concept.missing()
    if missing:
        return "◌", out.t(f"lacks {', '.join(missing)}", f"缺少 {', '.join(missing)}")
    from gradus.verify.evidence_cache import recall

    counts = out.t(
        f"{len(concept.claims)} claims, {len(concept.mutants)} mutants",
        f"{len(concept.claims)} 条断言，{len(concept.mutants)} 个变异体",
    )
    row = recall(concept)
    if row is None:
        return "○", counts
    failed = [r for r in row["results"] if r["verdict"] == "fails"] + [m for m in row["mutants"] if not m[1]]
    if failed:
        return "✗", out.t(f"{len(failed)} failed, {row['when']}", f"{len(failed)} 条不成立，{row['when']}")
    return "●", out.t(f"{counts}, held {row['when']}", f"{counts}，{row['when']} 全部成立")


def map(options: Namespace, out: Terminal) -> int:
    """The roadmap as a tree by area."""
    catalogue = load()
    if options.timeline:
        return _timeline(catalogue, out)
    areas = [options.area] if options.area else [a for a in AREAS if any(c.area == a for c in catalogue)]
    if options.errata:
        return _errata(catalogue, areas, out)
    for area in areas:
        concepts = catalogue.area(area)
        out.say(f"{AREAS[area].get(out.lang)}  ({len(concepts)})", style="bold")
        rows = []
        for concept in concepts:
            mark, phrase = state(concept, out)
            rows.append(
                (
                    "├─" if concept is not concepts[-1] else "└─",
                    mark,
                    concept.key,
                    concept.title.get(out.lang),
                    phrase,
                )
            )
        out.table(["", "", "", "", ""], rows)
    claims = sum(len(c.claims) for c in catalogue)
    mutants = sum(len(c.mutants) for c in catalogue)
    out.say()
    out.say(
        out.t(
            f"{len(catalogue)} concepts, {claims} claims of their own, {mutants} mutants.  ● held on this machine  ○ not measured here yet",
            f"{len(catalogue)} 个概念，{claims} 条自有断言，{mutants} 个变异体。  ● 已在本机成立  ○ 尚未在本机测量",
        )
    )
    return 0


def _timeline(catalogue: Catalogue, out: Terminal) -> int:
    from gradus.catalogue.routes import timeline

    for title, concepts in timeline(catalogue):
        out.say(title, style="bold")
        out.table(
            ["", "", "", ""], [(c.year, c.key, c.title.get(out.lang), ", ".join(c.people)) for c in concepts]
        )
    return 0


def _errata(catalogue: Catalogue, areas: list[str], out: Terminal) -> int:
    """Every erratum by its number, with the state of the claims that compute its counterexample."""
    found = [(e, c) for area in areas for c in catalogue.area(area) for e in c.errata]
    marks = []
    for e, concept in sorted(found, key=lambda pair: _digits(pair[0].number)):
        mark, words = _erratum_state(e, concept, out)
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

    found = re.search(r"\d+", number)
    return (int(found[0]) if found else 0), number


def _erratum_state(e: Erratum, concept: Concept, out: Terminal) -> tuple[str, str]:
    """A mark and a phrase: what came of its claims when they were measured last."""
    from gradus.verify.evidence_cache import recall

    row = recall(concept)
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
    """Concepts by words, best first."""
    words = " ".join(options.words)
    found = load().search(words)
    if not found:
        raise GradusError(
            Text(
                f"nothing found for {words!r}; `gradus map` lists everything",
                f"没有找到“{words}”；`gradus map` 列出全部概念",
            )
        )
    out.table(["", "", ""], [(c.key, c.title.get(out.lang), AREAS[c.area].get(out.lang)) for c in found])
    return 0


def path(options: Namespace, out: Terminal) -> int:
    """What to learn, in order."""
    if options.route:
        return _route(options.route, out)
    if not options.key:
        raise GradusError(
            Text(
                "expected a concept, as in `gradus path attention`, or --route NAME",
                "需要一个概念，如 `gradus path attention`，或 --route 路线名",
            )
        )
    catalogue = load()
    steps = catalogue.path(options.key, [k.strip() for k in options.known.split(",") if k.strip()])
    rows = []
    for i, concept in enumerate(steps, 1):
        needs = ", ".join(k for k in concept.needs if k in {c.key for c in steps})
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


def show(options: Namespace, out: Terminal) -> int:
    """One concept, whole."""
    concept = load().get(options.key)
    if options.html:
        return _html(concept, options.html, out)
    out.say(f"{concept.title.get(out.lang)}  ·  {concept.key}", style="bold")
    out.say(
        f"{AREAS[concept.area].get(out.lang)} · {CONCEPT_KINDS[concept.kind].get(out.lang)} · {concept.year} · {', '.join(concept.people)}",
        style="dim",
    )
    out.say()
    out.say(prose_text(concept.summary.get(out.lang)))
    out.say()
    for formula in concept.formulas:
        for line in unicode_text(formula).splitlines():
            out.console.print(" " * 4 + line, highlight=False, markup=False, soft_wrap=True)
    _symbols(concept, out)
    out.heading("Definition", "定义")
    out.code(concept.source_code)
    out.heading("Implementation", "实现")
    for implementation in concept.implementations:
        note = (
            f"  {prose_text(implementation.note.get(out.lang))}" if implementation.note.get(out.lang) else ""
        )
        out.say(f"{implementation.path}{note}", indent=2)
    for deviation in concept.deviations:
        out.say(out.t("deviates: ", "差异：") + prose_text(deviation.get(out.lang)), indent=2)
    _evidence(concept, out)
    _rest(concept, out)
    return 0


def _symbols(concept: Concept, out: Terminal) -> None:
    out.heading("Symbols", "符号")
    rows = []
    for s in concept.symbols:
        plain = out.t("option", "选项") if s.domain in ("other", "boolean") else out.t("number", "数")
        shape = {"": plain, "function": out.t("function", "函数")}.get(
            s.shape, f"({', '.join(s.shape.split())})"
        )
        unit = f" [{s.unit}]" if s.unit else ""
        rows.append(
            (
                "  " + unicode_text(s.symbol, one_line=True),
                s.argument,
                shape,
                prose_text(s.meaning.get(out.lang)) + unit,
            )
        )
    out.table(
        [
            Text("  symbol", "  符号"),
            Text("argument", "参数"),
            Text("shape", "形状"),
            Text("meaning", "含义"),
        ],
        rows,
    )


def _evidence(concept: Concept, out: Terminal) -> None:
    from gradus.verify.evidence_cache import recall

    row = recall(concept)
    measured: dict[str, Any] = {}
    if row is not None:
        first = concept.implementations[0].path
        measured = {r["claim"]: r for r in row["results"] if r["implementation"] == first}
    out.heading("Claims", "断言")
    if row is None:
        out.say(
            out.t(
                f"not measured on this machine yet: gradus verify {concept.key}",
                f"尚未在本机测量：gradus verify {concept.key}",
            ),
            style="dim",
            indent=2,
        )
    for name, claim in concept.claims.items():
        mark, style, figures = _measured(measured.get(name), out)
        slow = "" if claim.cost == "quick" else f"  [{claim.cost}]"
        out.say(f"{mark} {prose_text(claim.statement.get(out.lang))}  ({name}){slow}", style=style, indent=2)
        if figures:
            out.say(figures, style="dim", indent=6)
    free = [r for n, r in measured.items() if n not in concept.claims]
    if free:
        held = sum(r["verdict"] == "holds" for r in free)
        out.say(out.t(f"and {held} of the claims that every concept gets: {', '.join(r['claim'] for r in free if r['verdict'] == 'holds')}",
                      f"以及每个概念都有的断言 {held} 条：{', '.join(r['claim'] for r in free if r['verdict'] == 'holds')}"), indent=2)  # fmt: skip
    for statement in concept.unverified:
        out.say("? " + prose_text(statement.get(out.lang)) + out.t("  (unverified)", "（未验证）"), indent=2)
    out.heading("Mutants that the claims must catch", "断言必须识破的变异体")
    for mutant in concept.mutants.values():
        out.say(
            f"† {prose_text(mutant.description.get(out.lang))}  → {', '.join(mutant.caught_by)}", indent=2
        )


def _measured(row: dict[str, Any] | None, out: Terminal) -> tuple[str, str, str]:
    from gradus.page.evidence import comparison
    from gradus.verify.output import MARKS

    if row is None:
        return "○", "", ""
    mark, style = MARKS[row["verdict"]]
    e = row.get("evidence")
    if not e:
        return mark, style, row["reason"][out.lang]
    measured, expected, tolerance = (float(e[k]) for k in ("measured", "expected", "tolerance"))
    figures = comparison(measured, e["relation"], expected, tolerance)
    return mark, "" if row["verdict"] == "holds" else style, f"{figures}   {e['because'][out.lang]}"


def _rest(concept: Concept, out: Terminal) -> None:
    if concept.errata:
        out.heading("Errata in circulation", "流行的错误")
        for e in concept.errata:
            out.say(f"{e.number}: {prose_text(e.common.get(out.lang), strict=False)}", indent=2)
            out.say(prose_text(e.why.get(out.lang), strict=False), indent=5)
            out.say(out.t("right: ", "正确：") + prose_text(e.right.get(out.lang), strict=False), indent=5)
    if concept.proof:
        out.heading("Proof", "证明")
        out.say(
            prose_text(concept.proof.text.get(out.lang))
            + (f"  [{concept.proof.place}]" if concept.proof.place else ""),
            indent=2,
        )
    out.heading("Needs", "前置概念")
    out.say(", ".join(concept.needs) or out.t("nothing", "无"), indent=2)
    leads = ", ".join(c.key for c in load().dependents(concept.key))
    if leads:
        out.say(out.t("leads to: ", "通向：") + leads, indent=2)
    out.heading("Source and readings", "出处与阅读")
    out.say(citation(concept.source), indent=2)
    for reading in concept.readings:
        place = f", {reading.place}" if reading.place else ""
        out.say(citation(reading.source) + place, indent=2)


def _html(concept: Concept, file: str, out: Terminal) -> int:
    from pathlib import Path

    from gradus.report import write_page

    written = write_page(Path(file), concept, lang=out.lang)
    out.say(out.t(f"wrote {written}", f"已写出 {written}"))
    return 0


def explain(options: Namespace, out: Terminal) -> int:
    """The computation graph of a definition on a small input of its page."""
    concept = load().get(options.key)
    explanation = _explanation(concept, out.lang)
    if options.along:
        text = explanation.along(*(name.strip() for name in options.along.split(",")))
    else:
        text = f"{concept.title.get(out.lang)}  ·  {concept.key}\n{explanation.text}"
    out.lines(text)
    if options.output:
        written = explanation.save(options.output)
        out.say(out.t(f"wrote {written}", f"已写出 {written}"))
    return 0


def _explanation(concept: Concept, lang: str) -> Explanation:
    import inspect

    import numpy as np

    from gradus.explanation import explain

    reason: Text | None = None
    for _, arguments in sorted(concept.cases(np.random.default_rng(0)), key=_difficulty):
        bound = inspect.signature(concept.definition).bind(**arguments)
        bound.apply_defaults()
        try:
            with np.errstate(all="ignore"):
                return explain(_first_entry(concept.definition), *bound.arguments.values(), lang=lang)
        except (GradusError, ArithmeticError, AttributeError, TypeError, ValueError, RuntimeError) as error:
            reason = reason or words_of(error)  # the first, on the simplest input, says it best
    en, zh = reason or Text("it has no case", "没有用例")
    raise GradusError(
        Text(
            f"the definition of {concept.key} has no computation graph here: {en}",
            f"{concept.key} 的定义在此没有计算图：{zh}",
        )
    )


def _first_entry(define: Callable[..., Any]) -> Callable[..., Any]:
    """A definition reduced to the first entry of its result, which a gradient belongs to."""
    import functools

    import numpy as np

    @functools.wraps(define)
    def first(*arguments: Any) -> Any:
        result = define(*arguments)
        while isinstance(result, (tuple, list)):
            result = result[0]
        return result[(0,) * np.ndim(result)] if np.ndim(result) else result

    return first


def _difficulty(case: tuple[str, Any]) -> tuple[bool, int]:
    """Inputs of six entries and more an array first, the smallest of them foremost."""
    import numpy as np

    sizes = [np.size(v) for v in case[1].values() if isinstance(v, (float, np.ndarray))]
    return sum(sizes) < 6 * len(sizes), sum(sizes)
