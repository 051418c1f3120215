"""The verb that reads one concept: show. It imports its page and no other, neither torch nor matplotlib."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, NamedTuple

from gradus.catalogue import citation, entries
from gradus.catalogue import concept as load_concept
from gradus.catalogue.formulas import prose_text, unicode_text
from gradus.catalogue.formulas.prose import prose_blocks
from gradus.catalogue.measured import recall
from gradus.catalogue.page_files import page_hash
from gradus.cli.terminal import Terminal
from gradus.files import HTML, output_file
from gradus.page import AREAS, Concept
from gradus.page.prose import SECTIONS, prose_of
from gradus.text import CONCEPT_KINDS, Text


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
    prose = prose_of(concept, "zh" if out.lang == "zh" else "en")
    page = Prosed(concept, prose.sections if prose else {}, out)
    page.section("why")
    out.say()
    out.say(prose_text(concept.summary.get(out.lang)))
    out.say()
    for formula in concept.formulas_in(out.lang):
        out.lines(unicode_text(formula), indent=4)
    _symbols(concept, out)
    _assumes(concept, out)
    page.section("derivation")
    page.section("proof")
    if concept.proof:
        _proof(concept, out)
    page.section("by-hand")
    out.heading("Definition", "定义")
    out.code(concept.source_code)
    out.say()
    _contract(concept, out)
    out.heading("Implementation", "实现")
    for implementation in concept.implementations:
        note = implementation.note.get(out.lang)
        out.say(implementation.path + (f"  {prose_text(note)}" if note else ""), indent=2)
    page.section("in-practice")
    _differences(concept, out)
    if concept.exercises:
        out.heading("Exercises", "练习")
        out.say(f"{len(concept.exercises)}: gradus practice {concept.key}", indent=2)
    _evidence(concept, out)
    _rest(concept, out)
    return 0


class Prosed(NamedTuple):
    """The sections of prose of one concept, printed one by one where they belong."""

    concept: Concept
    sections: dict[str, str]
    out: Terminal

    def section(self, name: str) -> None:
        """Prints a section under its heading; nothing where the page has none."""
        text = self.sections.get(name)
        if not text:
            return
        self.out.heading(*SECTIONS[name])
        for number, block in enumerate(prose_blocks(text, self.concept.example_values)):
            if number:
                self.out.say()
            if isinstance(block, str):
                self.out.say(block, indent=2)
            else:
                head, *rows = (["  " + row[0], *row[1:]] for row in block)
                self.out.table(head, rows)


def _assumes(concept: Concept, out: Terminal) -> None:
    if concept.hypotheses:
        out.heading("It assumes", "假设条件")
    for hypothesis in concept.hypotheses:
        out.say("· " + prose_text(hypothesis.statement.get(out.lang)), indent=2)


def _differences(concept: Concept, out: Terminal) -> None:
    """Where conventions and implementations differ."""
    for convention in concept.conventions:
        subject, here, elsewhere = (
            prose_text(words.get(out.lang))
            for words in (convention.subject, convention.here, convention.elsewhere)
        )
        out.say(
            out.t(
                f"{subject}: here {here}; elsewhere {elsewhere}", f"{subject}：本页 {here}；别处 {elsewhere}"
            ),
            indent=2,
        )
    for deviation in concept.deviations:
        out.say(out.t("deviates: ", "差异：") + prose_text(deviation.get(out.lang)), indent=2)


def _proof(concept: Concept, out: Terminal) -> None:
    assert concept.proof is not None
    out.heading("Proof", "证明")
    place = f"  [{concept.proof.place}]" if concept.proof.place else ""
    out.say(prose_text(concept.proof.text.get(out.lang)) + place, indent=2)


def _symbols(concept: Concept, out: Terminal) -> None:
    out.heading("Symbols", "符号")
    rows = []
    for s in concept.symbols:
        plain = out.t("number", "数")
        if s.domain in ("other", "boolean"):  # a letter of the formulas that is no argument is no option
            other = "" if s.domain == "other" else out.t("yes or no", "是或否")
            plain = out.t("option", "选项") if s.argument else other
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


def _contract(concept: Concept, out: Terminal) -> None:
    """What an implementation is to return, and what a careful one refuses."""
    from gradus.verify.structures import refused_inputs, return_lines

    lines = [prose_text(line.get(out.lang)) for line in return_lines(concept)]
    out.say(out.t("returns: ", "返回：") + (lines[0] if len(lines) == 1 else ""), indent=2)
    for line in lines if len(lines) > 1 else ():
        out.say(line, indent=4)
    labels = refused_inputs(concept)
    if labels:
        out.say(
            out.t("refuses (--strict): ", "应拒绝（--strict）：")
            + out.t("; ", "；").join(label.get(out.lang) for label in labels),
            indent=2,
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
    out.heading("Needs", "前置概念")
    out.say(", ".join(concept.needs) or out.t("nothing", "无"), indent=2)
    leads = ", ".join(c.key for c in entries().dependents(concept.key))
    if leads:
        out.say(out.t("leads to: ", "通向：") + leads, indent=2)
    out.heading("Source and readings", "出处与阅读")
    if concept.source not in [reading.source for reading in concept.readings]:
        out.say(citation(concept.source), indent=2)
    for reading in concept.readings:
        place = f", {reading.place}" if reading.place else ""
        out.say(citation(reading.source) + place, indent=2)


def _html(concept: Concept, file: str, out: Terminal) -> int:
    path = output_file(file, suffixes=HTML)
    from gradus.report import write_page  # after the path is known to do: drawing takes seconds

    write_page(path, concept, lang=out.lang)
    out.say(out.t(f"wrote {file}", f"已写出 {file}"))
    return 0
