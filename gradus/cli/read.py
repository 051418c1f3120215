"""The verbs that read one concept: show, explain. They import its page and no other; show neither torch nor matplotlib."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradus.catalogue import citation, entries
from gradus.catalogue import concept as load_concept
from gradus.catalogue.formulas import prose_text, unicode_text
from gradus.catalogue.measured import recall
from gradus.catalogue.page_files import page_hash
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError, words_of
from gradus.files import output_file
from gradus.page import AREAS, Concept
from gradus.text import CONCEPT_KINDS, Text

if TYPE_CHECKING:
    from gradus.explanation import Explanation


def show(options: Namespace, out: Terminal) -> int:
    """One concept, whole."""
    concept = load_concept(options.key)
    if options.html is not None:
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
        out.lines(unicode_text(formula), indent=4)
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
    row = recall(concept.key, page_hash(concept.module))
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
    leads = ", ".join(c.key for c in entries().dependents(concept.key))
    if leads:
        out.say(out.t("leads to: ", "通向：") + leads, indent=2)
    out.heading("Source and readings", "出处与阅读")
    out.say(citation(concept.source), indent=2)
    for reading in concept.readings:
        place = f", {reading.place}" if reading.place else ""
        out.say(citation(reading.source) + place, indent=2)


def _html(concept: Concept, file: str, out: Terminal) -> int:
    path = output_file(file)
    from gradus.report import write_page  # after the path is known to do: drawing takes seconds

    write_page(path, concept, lang=out.lang)
    out.say(out.t(f"wrote {file}", f"已写出 {file}"))
    return 0


def explain(options: Namespace, out: Terminal) -> int:
    """The computation graph of a definition on a small input of its page."""
    concept = load_concept(options.key)
    path = None if options.output is None else output_file(options.output)
    explanation = _explanation(concept, out.lang)
    if options.along:
        text = explanation.along(*(name.strip() for name in options.along.split(",")))
    else:
        text = f"{concept.title.get(out.lang)}  ·  {concept.key}\n{explanation.text}"
    out.lines(text)
    if path is not None:
        explanation.save(path)
        out.say(out.t(f"wrote {options.output}", f"已写出 {options.output}"))
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
