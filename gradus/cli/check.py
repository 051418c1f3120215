"""The verb that checks, verify; and the file that practice writes."""

from __future__ import annotations

import inspect
import keyword
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.areas import AREAS
from gradus.catalogue import concept as load_concept
from gradus.catalogue import entries, load
from gradus.catalogue.formulas import prose_text, unicode_text
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.files import HTML, output_file, write_atomically
from gradus.progress import item_bar
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page import Concept, Cost
    from gradus.verify import Report


def _chosen(options: Namespace) -> list[Concept]:
    if options.all:
        if options.targets:
            raise GradusError(
                Text(
                    f"expected either {options.targets[0]!r} or --all, not both",
                    f"{options.targets[0]!r} 与 --all 只能选其一",
                )
            )
        return list(load())
    if not options.targets:
        raise GradusError(
            Text(
                "expected a concept, an area, or --all, as in `gradus verify attention`",
                "需要一个概念、一个领域或 --all，如 `gradus verify attention`",
            )
        )
    chosen: dict[str, None] = {}  # each once, as it was named
    for target in options.targets:
        named = entries().area(target) if target in AREAS else [entries().get(target)]
        chosen |= dict.fromkeys(entry.key for entry in named)
    return [load_concept(key) for key in chosen]


def verify(options: Namespace, out: Terminal) -> int:
    """Measures claims; exit status 0 when all hold, 1 when one fails or none was measured."""
    cost: tuple[Cost, ...] = ("quick", "slow") if options.slow else ("quick",)
    # before the work, so that none is lost
    junit = None if options.junit is None else output_file(options.junit)
    html = None if options.html is None else output_file(options.html, suffixes=HTML)
    report = _of_user_code(options, cost) if options.implementation else _of_pages(options, cost)
    if junit is not None:
        from gradus.verify.output import as_junit

        _write(junit, as_junit(report))
    if html is not None:
        from gradus.report import write_report

        write_report(html, evidence=report, lang=out.lang)
    _print(report, options, out)
    return 0 if report.holds else 1


def _of_pages(options: Namespace, cost: tuple[Cost, ...]) -> Report:
    """The pages' own implementations, and their mutants."""
    from gradus.verify.evidence_cache import remember

    if options.framework or options.strict:
        option = "--framework" if options.framework else "--strict"
        raise GradusError(
            Text(
                f"{option} says how --implementation is judged; give both",
                f"{option} 说明如何评判 --implementation，两者须同时给出",
            )
        )
    report = _with_progress(_chosen(options), cost, options)
    if options.seed == 0:
        remember(report)
    return report


def _of_user_code(options: Namespace, cost: tuple[Cost, ...]) -> Report:
    """The user's implementation, in a process of its own. Nothing that costs time is imported before that one starts."""
    from gradus.verify.isolated.limits import Limits
    from gradus.verify.isolated.supervisor import Request
    from gradus.verify.isolated.verification import verify_user_code

    if options.all or len(options.targets) != 1 or options.targets[0] in AREAS:
        raise GradusError(
            Text(
                "--implementation judges one concept; give its key",
                "--implementation 只评判一个概念，请给出它的名称",
            )
        )
    limits = Limits(
        call=options.call_limit, claim=options.claim_limit or 60 * (10 if options.slow else 1),
        memory=options.memory_limit,
    )  # fmt: skip
    key = entries().get(options.targets[0]).key
    request = Request(
        key, options.implementation, options.framework, cost, options.seed, options.strict, limits
    )
    return verify_user_code(request)


def _with_progress(concepts: list[Concept], cost: tuple[Cost, ...], options: Namespace) -> Report:
    from gradus.verify import Report
    from gradus.verify.side_by_side import verify_side_by_side

    parts: list[Report] = []
    with item_bar(len(concepts), show=None if len(concepts) > 3 and not options.json else False) as begin:
        reports = verify_side_by_side(concepts, cost, options.seed)
        for concept in concepts:
            begin(concept.key)
            parts.append(next(reports))
    return Report(tuple(r for p in parts for r in p.results), tuple(m for p in parts for m in p.mutants))


def _print(report: Report, options: Namespace, out: Terminal) -> None:
    from gradus.verify.output import as_json, lines, summary

    if options.json:
        print(as_json(report))
        return
    for remark in report.remarks:
        out.say(remark, style="dim")
    one = len({r.concept.key for r in report.results}) == 1
    for text, style in lines(
        report, out.lang, verbose=options.verbose or (one and not options.implementation)
    ):
        out.console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)
    skipped = (
        sorted({r.reason for r in report.results if r.verdict == "skipped"})
        if options.implementation and report.count("holds")
        else []
    )
    for reason in skipped:
        out.say(out.t(f"left out: {reason.en}", f"略过：{reason.zh}"), style="dim", indent=4)
    if report.printed:
        out.say(out.t("it printed:", "它输出了："), style="dim")
        out.say(report.printed.rstrip(), style="dim", indent=4)
    out.say(summary(report, out.lang), style="bold")


def _write(path: Path, text: str) -> None:
    write_atomically(path, [text.encode("utf-8")])


def write_practice_file(concept: Concept, output: str | None, out: Terminal) -> int:
    """Writes a file with the signature, the formula and no body; KEY.py unless another is named.

    Raises:
        GradusError: the file exists or cannot be written.
    """
    name = f"{concept.key.replace('-', '_')}.py" if output is None else output
    path = output_file(name)
    if path.exists():
        raise GradusError(
            Text(
                f"{path} exists; give another file with --output, nothing was written",
                f"{path} 已存在；请用 --output 指定其他文件，未写入任何内容",
            )
        )
    function = concept.definition.__name__
    _write(path, practice_file(concept, out.lang))
    out.say(out.t(f"wrote {path}: fill in the body, then", f"已写出 {path}：补全函数体，然后运行"))
    out.say(f"gradus verify {concept.key} --implementation {path}:{function}", indent=2)
    return 0


def _refused(concept: Concept, lang: str) -> list[str]:
    """The inputs that `--strict` wants refused."""
    from gradus.verify.structures import refused_inputs

    labels = refused_inputs(concept)
    heading = Text("Raises (asked for by --strict only):", "应拒绝的输入（仅 --strict 要求）：").get(lang)
    return [heading + "\n" + "\n".join(f"    {label.get(lang)}" for label in labels)] if labels else []


def practice_file(concept: Concept, lang: str) -> str:
    """The signature of the definition, a docstring with formula and symbols, and no body."""
    from gradus.verify.structures import return_lines

    name = concept.definition.__name__
    assert name.isidentifier() and not keyword.iskeyword(name)
    formulas = "\n\n".join(unicode_text(f) for f in concept.formulas_in(lang))
    rows = []
    for s in concept.symbols:
        if s.argument:
            shape = f"({', '.join(s.shape.split())})" if s.shape not in ("", "function") else s.shape
            rows.append(
                f"{s.argument}: {unicode_text(s.symbol, one_line=True)} {shape} {prose_text(s.meaning.get(lang))}".replace(
                    "  ", " "
                )
            )
    results = [prose_text(line.get(lang)) for line in return_lines(concept)]
    body = "\n\n".join(
        [
            f"{concept.title.get(lang)}.",
            formulas,
            Text("Args:", "参数：").get(lang) + "\n" + "\n".join("    " + r for r in rows),
            "\n    ".join([Text("Returns:", "返回：").get(lang), *results]),
            *_refused(concept, lang),
        ]
    )
    doc = (
        "\n".join(("    " + line).rstrip() for line in body.splitlines())
        .strip()
        .replace("\\", "\\\\")
        .replace('"""', "'''")
    )
    check = f"gradus verify {concept.key} --implementation FILE.py:{name}"
    say = Text(f"fill in, then: {check}", f"补全后运行：{check}").get(lang)
    return (
        "import numpy as np\n\n\n"
        f"def {name}{inspect.signature(concept.definition)}:\n"
        f'    """{doc}\n    """\n'
        f"    # {say}\n"
        "    raise NotImplementedError\n"
    )
