"""The verbs that check: verify, practice."""

from __future__ import annotations

import inspect
import keyword
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.catalogue import Catalogue, load
from gradus.catalogue.formulas import prose_text, unicode_text
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.page import AREAS, Concept, Cost
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.verify import Report


def _chosen(options: Namespace, catalogue: Catalogue) -> list[Concept]:
    if options.all:
        if options.target:
            raise GradusError(f"expected either {options.target!r} or --all, not both")
        return list(catalogue)
    if not options.target:
        raise GradusError("expected a concept, an area, or --all, as in `gradus verify attention`")
    if options.target in AREAS:
        return catalogue.area(options.target)
    return [catalogue.get(options.target)]


def verify(options: Namespace, out: Terminal) -> int:
    """Measures claims; exit status 0 when all hold, 1 when one fails."""
    from gradus.frameworks import adapt_function
    from gradus.verify import verify as run
    from gradus.verify.evidence_cache import remember
    from gradus.verify.user_code import load_implementation

    concepts = _chosen(options, load())
    cost: tuple[Cost, ...] = ("quick", "slow") if options.slow else ("quick",)
    if options.framework and not options.implementation:
        raise GradusError("--framework says how to call --implementation; give both")
    if options.implementation:
        if len(concepts) != 1:
            raise GradusError("--implementation judges one concept; give its key")
        function = load_implementation(options.implementation)
        adapted = adapt_function(concepts[0], function, options.framework, options.implementation)
        report = run(concepts, adapted, cost, base=options.seed)
    else:
        report = _with_progress(concepts, cost, options, out)
        if options.seed == 0:
            remember(report)
    if options.junit:
        from gradus.verify.output import as_junit

        _write(Path(options.junit), as_junit(report))
    if options.html:
        from gradus.report import write_report

        write_report(
            Path(options.html), evidence=list(report.results), mutants=list(report.mutants), lang=out.lang
        )
    _print(report, options, out)
    return 0 if report.holds else 1


def _with_progress(
    concepts: list[Concept], cost: tuple[Cost, ...], options: Namespace, out: Terminal
) -> Report:
    from gradus.verify import Report
    from gradus.verify import verify as run

    shown = out.console.is_terminal and len(concepts) > 3 and not options.json
    if not shown:
        return run(concepts, None, cost, base=options.seed)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    parts = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=out.console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=len(concepts))
        for concept in concepts:
            bar.update(task, description=concept.key)
            parts.append(run([concept], None, cost, base=options.seed))
            bar.advance(task)
    return Report(tuple(r for p in parts for r in p.results), tuple(m for p in parts for m in p.mutants))


def _print(report: Report, options: Namespace, out: Terminal) -> None:
    from gradus.verify.output import as_json, lines, summary
    from gradus.verify.reasons import reason_in

    if options.json:
        print(as_json(report))
        return
    one = len({r.concept.key for r in report.results}) == 1
    for text, style in lines(
        report, out.lang, verbose=options.verbose or (one and not options.implementation)
    ):
        out.console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)
    skipped = (
        sorted({r.reason for r in report.results if r.verdict == "skipped"}) if options.implementation else []
    )
    for reason in skipped:
        out.say(out.t(f"left out: {reason}", f"略过：{reason_in(reason, 'zh')}"), style="dim", indent=4)
    out.say(summary(report, out.lang), style="bold")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GradusError(f"cannot write {path}: {error.strerror}; give another file") from None


def practice(options: Namespace, out: Terminal) -> int:
    """Writes a file with the signature, the formula and no body."""
    concept = load().get(options.key)
    path = Path(options.output or f"{concept.key.replace('-', '_')}.py")
    if path.exists():
        raise GradusError(f"{path} exists; give another file with --output, nothing was written")
    name = concept.definition.__name__
    _write(path, practice_file(concept, out.lang))
    out.say(out.t(f"wrote {path}: fill in the body, then", f"已写出 {path}：补全函数体，然后运行"))
    out.say(f"gradus verify {concept.key} --implementation {path}:{name}", indent=2)
    return 0


def practice_file(concept: Concept, lang: str) -> str:
    """The signature of the definition, a docstring with formula and symbols, and no body."""
    name = concept.definition.__name__
    assert name.isidentifier() and not keyword.iskeyword(name)
    formulas = "\n\n".join(unicode_text(f) for f in concept.formulas)
    rows = []
    for s in concept.symbols:
        if s.argument:
            shape = f"({', '.join(s.shape.split())})" if s.shape not in ("", "function") else s.shape
            rows.append(
                f"{s.argument}: {unicode_text(s.symbol, one_line=True)} {shape} {prose_text(s.meaning.get(lang))}".replace(
                    "  ", " "
                )
            )
    body = "\n\n".join(
        [
            f"{concept.title.get(lang)}.",
            formulas,
            Text("Args:", "参数：").get(lang) + "\n" + "\n".join("    " + r for r in rows),
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
