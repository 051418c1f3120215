"""How results are shown: on the terminal, as JSON, and as JUnit XML for continuous integration."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from gradus.page import Concept
from gradus.text import SMALLEST_CASE, Text
from gradus.verify.runner import MutantResult, Report, Result

FORMAT = 1  # of the JSON; it rises when a field changes its meaning or goes
MARKS = {"holds": ("✓", "green"), "fails": ("✗", "bold red"), "skipped": ("–", "dim")}


def summary(report: Report, lang: str = "en") -> str:
    """One line: how many claims hold, fail, do not apply, and how many mutants were caught."""
    holds, fails, skipped = report.count("holds"), report.count("fails"), report.count("skipped")
    caught, mutants = sum(m.caught for m in report.mutants), len(report.mutants)
    concepts = len({r.concept.key for r in report.results})
    en = [f"{concepts} concept{'s' * (concepts != 1)}: {holds} claim{' holds' if holds == 1 else 's hold'}"]
    zh = [f"{concepts} 个概念：{holds} 条断言成立"]
    if fails:
        en.append(f"{fails} fail{'s' * (fails == 1)}")
        zh.append(f"{fails} 条不成立")
    if skipped:
        en.append(f"{skipped} do{'es' * (skipped == 1)} not apply")
        zh.append(f"{skipped} 条不适用")
    if mutants:
        en.append(f"{caught} of {mutants} mutants caught")
        zh.append(f"{mutants} 个变异体中识破 {caught} 个")
    return "，".join(zh) if lang == "zh" else ", ".join(en)


def as_dict(report: Report) -> dict[str, Any]:
    """Everything as plain data, for JSON."""
    return {
        "format": FORMAT,
        "holds": report.holds,
        "counts": {v: report.count(v) for v in ("holds", "fails", "skipped")},
        "results": [result_dict(r) for r in report.results],
        "mutants": [
            {
                "concept": m.concept.key,
                "mutant": m.mutant.name,
                "caught": m.caught,
                "missed_by": list(m.missed_by),
            }
            for m in report.mutants
        ],
        "counterexamples": [
            {"concept": c.key, "origin": e.origin.en, "text": e.text("en")} for c, e in report.counterexamples
        ],
        "remarks": [r._asdict() for r in report.remarks],
        "printed": report.printed,
    }


def result_dict(result: Result) -> dict[str, Any]:
    """One result as plain data; infinities and NaN as words, since JSON has none."""
    row: dict[str, Any] = {
        "concept": result.concept.key,
        "claim": result.claim.name,
        "statement": result.claim.statement._asdict(),
        "implementation": result.implementation,
        "verdict": result.verdict,
        "reason": result.reason._asdict(),
        "seed": result.seed,
    }
    if result.evidence is not None:
        e = result.evidence
        row["evidence"] = {
            "kind": e.kind,
            "measured": _finite(e.measured),
            "relation": e.relation,
            "expected": _finite(e.expected),
            "tolerance": _finite(e.tolerance),
            "because": e.because._asdict(),
            "note": e.note._asdict(),
        }
    return row


def _finite(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def as_json(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(as_dict(report), ensure_ascii=False, indent=1, allow_nan=False)


def as_junit(report: Report) -> str:
    """The report as JUnit XML: a suite a concept, a case a claim and a mutant."""
    root = ElementTree.Element("testsuites", name="gradus")
    for concept in {r.concept.key: r.concept for r in report.results}.values():
        _suite(root, concept, report)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _suite(root: ElementTree.Element, concept: Concept, report: Report) -> None:
    results = [r for r in report.results if r.concept is concept]
    mutants = [m for m in report.mutants if m.concept is concept]
    failures = sum(r.verdict == "fails" for r in results) + sum(not m.caught for m in mutants)
    suite = ElementTree.SubElement(
        root, "testsuite", name=concept.key, tests=str(len(results) + len(mutants)), failures=str(failures),
        skipped=str(sum(r.verdict == "skipped" for r in results)),
    )  # fmt: skip
    for r in results:
        name = f"{r.claim.name} [{r.implementation}]"
        case = ElementTree.SubElement(
            suite, "testcase", classname=concept.key, name=name, time=f"{r.seconds:.4f}"
        )
        if r.verdict == "skipped":
            ElementTree.SubElement(case, "skipped", message=_xml(r.reason.en))
        if r.verdict == "fails":
            ElementTree.SubElement(case, "failure", message=_xml(failure(r))).text = _xml(
                r.claim.statement.en
            )
    for m in mutants:
        name = f"mutant {m.mutant.name}"
        case = ElementTree.SubElement(
            suite, "testcase", classname=concept.key, name=name, time=f"{m.seconds:.4f}"
        )
        if not m.caught:
            ElementTree.SubElement(case, "failure", message=_xml(f"not caught by {', '.join(m.missed_by)}"))


def _xml(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(
        ch
        for ch in text
        if ch in "\t\n"
        or (ord(ch) >= 32 and not 0xD800 <= ord(ch) < 0xE000 and ord(ch) not in (0xFFFE, 0xFFFF))
    )


def failure(result: Result, lang: str = "en") -> str:
    """What was measured or raised, the tolerance and where it comes from, the place and the seed."""
    if result.evidence is None:
        return f"{result.reason.get(lang)}  ({_seed(result, lang)})"
    e = result.evidence
    note = f"; {e.note.get(lang)}" if e.note.get(lang) else ""
    return f"{e}  [{e.because.get(lang)}]{note}  ({_seed(result, lang)})"


def _seed(result: Result, lang: str) -> str:
    return f"种子 {result.seed}" if lang == "zh" else f"seed {result.seed}"


def lines(report: Report, lang: str = "en", verbose: bool = False) -> Iterator[tuple[str, str]]:
    """The report as (text, style) lines for a terminal: one a concept, one a claim where it fails or when verbose."""
    from gradus.catalogue.formulas import prose_text

    for concept in {r.concept.key: r.concept for r in report.results}.values():
        results = [r for r in report.results if r.concept is concept]
        mutants = [m for m in report.mutants if m.concept is concept]
        yield _concept_line(concept, results, mutants, lang)
        for r in results:
            if verbose or r.verdict == "fails":
                mark, style = MARKS[r.verdict]
                yield f"    {mark} {r.claim.name}: {prose_text(r.claim.statement.get(lang))}", style
                yield (
                    f"        {failure(r, lang) if r.evidence else r.reason.get(lang)}",
                    "dim" if r.verdict != "fails" else "",
                )
        for m in mutants:
            if verbose or not m.caught:
                yield _mutant_line(m, lang)
        for c, example in report.counterexamples:
            if c is concept:
                yield f"    {SMALLEST_CASE.get(lang)} ({example.origin.get(lang)}):", "bold"
                yield example.text(lang), ""


def _concept_line(
    concept: Concept, results: list[Result], mutants: list[MutantResult], lang: str
) -> tuple[str, str]:
    fails = sum(r.verdict == "fails" for r in results) + sum(not m.caught for m in mutants)
    mark, style = MARKS["fails" if fails else "holds"]
    return (
        f"{mark} {concept.key}  {summary(Report(tuple(results), tuple(mutants)), lang).split('：')[-1].split(': ')[-1]}",
        style,
    )


def _mutant_line(m: MutantResult, lang: str) -> tuple[str, str]:
    what = m.mutant.description.get(lang)
    if m.caught:
        return f"    † {m.mutant.name}: {what}", "dim"
    words = Text("not caught by", "未识破它的断言").get(lang)
    return f"    ✗ {m.mutant.name}: {what}; {words}: {', '.join(m.missed_by)}", "bold red"
