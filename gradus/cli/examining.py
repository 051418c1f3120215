"""The verb examine: what theory says of the user's own model on the user's data."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.files import HTML, output_file, write_atomically
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.examination.examination import Examination


def examine(options: Namespace, out: Terminal) -> int:
    """Examines in a process of its own; exit status 1 with --strict where there is a fault."""
    if ":" not in options.target:
        raise GradusError(
            Text(
                f"expected FILE.py:setup, a function that returns (model, loss, data), got {options.target!r}",
                f"应为 FILE.py:setup，即返回 (model, loss, data) 的函数，得到 {options.target!r}",
            )
        )
    if options.watch:
        return _watched(options, out)
    if options.steps is not None:
        raise GradusError(Text("--steps is of --watch", "--steps 须与 --watch 同用"))
    # before the work, so that none is lost
    html = None if options.html is None else output_file(options.html, suffixes=HTML)
    sections = [s.strip() for s in options.sections.split(",")] if options.sections else None
    _checked(options, sections)
    from gradus.examination.supervised import examine_file

    found = examine_file(
        options.target, budget=options.budget, sections=sections, seed=options.seed, checkpoint=options.checkpoint, lang=out.lang
    )  # fmt: skip
    if html is not None:
        write_atomically(html, [found.examination.html(out.lang).encode("utf-8")])
    _print(found.examination, found.printed, options, out)
    faults = sum(v.level == "fault" for v in found.examination.verdicts)
    return 1 if options.strict and faults else 0


def _watched(options: Namespace, out: Terminal) -> int:
    """The user's own loop under the watch, in this process; exit status 1 with --strict where there is a fault."""
    given = [f"--{name}" for name in ("html", "budget", "sections", "checkpoint", "seed") if getattr(options, name) is not None]  # fmt: skip
    if given:
        raise GradusError(Text(f"{given[0]} is not of --watch", f"{given[0]} 不能与 --watch 同用"))
    if options.steps is not None and options.steps < 1:
        raise GradusError(Text(f"--steps: expected at least 1, got {options.steps}", f"--steps 应至少为 1，得到 {options.steps}"))  # fmt: skip
    from gradus.examination.watched_loop import watch_file

    watched = watch_file(
        options.target,
        steps=options.steps,
        report=None if options.json else lambda sighting: out.say(sighting.line(out.lang)),
    )
    if options.json:
        print(watched.to_json())
    else:
        out.say()
        out.lines(watched.text(out.lang))
    return 1 if options.strict and any(v.level == "fault" for v in watched.verdicts) else 0


def _checked(options: Namespace, sections: list[str] | None) -> None:
    from gradus.examination.budget import Budget
    from gradus.examination.sections import chosen

    chosen(sections)
    if options.budget is not None:
        Budget(options.budget)


def _print(found: Examination, printed: str, options: Namespace, out: Terminal) -> None:
    if options.json:
        print(found.to_json())
        return
    out.lines(found.text(out.lang))
    if printed.strip():
        out.say()
        out.say(out.t("it printed:", "它输出了："), style="dim")
        out.lines(printed.rstrip(), indent=4)
