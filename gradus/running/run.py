"""Runs a system: its recipe over the seeds, the scores beside the target, and the report."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.files import HTML, output_file, user_path
from gradus.locks import run_lock
from gradus.page import Concept
from gradus.running.own_files import CONFIG, REPORT, SUMMARY, remove_own
from gradus.running.request import RunRequest, request_run, with_data
from gradus.running.run_folder import (
    FORMAT,
    check_folder,
    make_numbered,
    newest_unfinished,
    numbered,
    read_config,
    write_json,
)
from gradus.systems import System, recipe_of
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import RunSummary, SeedResult

Say = Callable[[Text], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        directory: where it is kept.
        summary: the score of each seed beside the target.
        report: the file.
        tables: what was compared over the seeds, each as the names of its columns and the cells of its rows.
    """

    directory: Path
    summary: RunSummary
    report: Path
    tables: Sequence[tuple[Sequence[Text], Sequence[Sequence[Any]]]] = ()

    @property
    def holds(self) -> bool:
        """Whether the mean score reaches the target."""
        return self.summary.holds


def run_system(
    concept: Concept | System,
    *,
    data: str | None = None,
    data_dir: str | None = None,
    seeds: Sequence[int] | None = None,
    epochs: int | None = None,
    device: str | None = None,
    options: Mapping[str, str] | None = None,
    directory: str | Path | None = None,
    resume: bool = False,
    fresh: bool = False,
    progress: str = "auto",
    verify: bool = True,
    report: str | Path | None = None,
    lang: str = "en",
    say: Say = lambda text: None,
) -> Outcome | None:
    """Trains a system by its recipe over the seeds, scores it and writes the report.

    What is not given is the recipe's (three seeds, its first data set, its epochs, the first choice of each option)
    or, on resuming, the interrupted run's.

    Under torchrun every process calls this; the first one alone writes and returns an outcome, the others None.

    Raises:
        GradusError: no recipe, unknown data, an impossible setting, or a folder that holds another run.
        Interrupted: on SIGTERM, and on SIGINT where the training keeps a state.
    """
    recipe_of(concept.area, concept.key)
    named = user_path(directory) if directory is not None else None
    options = {name: choice for name, choice in (options or {}).items() if choice is not None}
    if resume:
        named = named or newest_unfinished(concept.key)
        before = read_config(named / CONFIG)
        if before.get("system", concept.key) != concept.key:
            raise GradusError(
                Text(
                    f"{named} holds a run of {before['system']}, not of {concept.key}; give the folder of one, or leave --resume out",
                    f"{named} 中是 {before['system']} 的运行，而非 {concept.key} 的；请给出其运行所在的文件夹，或去掉 --resume",
                )
            )
        data, epochs = data or before.get("data"), epochs or before.get("epochs")
        seeds = before.get("seeds") if seeds is None else seeds
        options = {**before.get("options", {}), **options}
    request = request_run(
        concept, data=data, data_dir=data_dir, seeds=seeds, epochs=epochs, device=device, options=options
    )
    path = None if report is None else output_file(report, makes=named, suffixes=HTML)
    request, dataset = with_data(request)
    with answering_sigterm(), _processes() as group, contextlib.ExitStack() as held:
        folder = _folder(group, named, request, resume, fresh)
        first = group.rank == 0
        if first:
            held.enter_context(run_lock(folder))
            check_folder(
                folder, request.config, resume, fresh
            )  # again: another may have written there before it was locked
            begin(folder, request, fresh and not resume)
        results = {}
        for seed in request.seeds:
            if first:
                _say_seed(concept, request, seed, say)
            seed_request = request.of_seed(seed, folder / f"seed-{seed}", resume, progress)
            results[seed] = request.recipe.train(dataset, seed_request)
        if not first:
            return None
        summary = _summary(request, dataset, results)
        write_json(folder / SUMMARY, {"format": FORMAT, **summary.as_dict()})
        _say_score(summary, say)
        path = path or folder / REPORT
        _report(path, concept, summary, list(results.values()), verify, lang, say)
        return Outcome(folder, summary, path, _tables(list(results.values())))


@contextlib.contextmanager
def answering_sigterm() -> Iterator[None]:
    """Within the block SIGTERM ends the run as Ctrl-C does, with status 143; a training that keeps a state stops by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    from gradus.training.errors import Interrupted

    def end(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number, None)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


class _Alone:
    """A run without torchrun, which needs nothing of PyTorch."""

    rank = 0

    def broadcast(self, number: int) -> int:
        return number


@contextlib.contextmanager
def _processes() -> Iterator[Any]:
    """The processes that torchrun started, or this one alone."""
    if "WORLD_SIZE" not in os.environ:
        yield _Alone()
        return
    from gradus.training.distributed import process_group

    with process_group() as group:
        yield group


def _folder(group: Any, named: Path | None, request: RunRequest, resume: bool, fresh: bool) -> Path:
    """The run's folder, the same for every process: the one that is named, or a new one with the next number."""
    if named is not None:
        check_folder(named, request.config, resume, fresh)
        group.broadcast(0)  # every process has looked at the folder before the first one writes there
        return named
    return numbered(request.config, group.broadcast(make_numbered(request.config) if group.rank == 0 else 0))


def begin(folder: Path, request: RunRequest, fresh: bool) -> None:
    """Makes the folder that of this run."""
    if fresh:
        remove_own(folder)
    write_json(folder / CONFIG, {"format": FORMAT, **request.config})


def _summary(request: RunRequest, dataset: Any, results: Mapping[int, SeedResult]) -> RunSummary:
    from gradus.report import RunSummary, environment

    recipe, first = request.recipe, next(iter(results.values()))
    settings = {**request.options, **recipe.settings_for(request.data, getattr(dataset, "shape", None))}
    settings |= {"epochs": request.epochs} if request.epochs else {}
    return RunSummary(
        layers=first.layers,
        data=first.data or DataSummary.of(dataset),
        settings={k: _words(v) for k, v in settings.items()},
        metric=recipe.metric,
        scores={seed: r.score for seed, r in results.items()},
        target=request.target,
        relation=recipe.relation,
        seconds={"training": sum(r.seconds for r in results.values())},
        environment=environment(),
        command=request.command,
        finished=time.strftime("%Y-%m-%dT%H:%M:%S"),
        recipe=recipe.text,
        findings=()
        if recipe.findings is None
        else tuple(recipe.findings([r.measured for r in results.values()])),
        pages=() if recipe.about is None else recipe.about.pages,
    )


def _words(value: Any) -> Any:
    """A setting that is a table as words: degrees 10, shift 0.5."""
    return ", ".join(f"{k} {v:g}" for k, v in value.items()) if isinstance(value, dict) else value


def _say_seed(concept: Concept | System, request: RunRequest, seed: int, say: Say) -> None:
    options = [f"{name} {choice}" for name, choice in request.options.items()]
    chosen = (
        f" ({', '.join(options)})" if len(options) > 1 else "".join(f" {c}" for c in request.options.values())
    )
    say(
        Text(
            f"{concept.title.en}{chosen} on {request.data}, seed {seed}",
            f"{concept.title.zh}{chosen}，{request.data}，种子 {seed}",
        )
    )


def _say_score(summary: RunSummary, say: Say) -> None:
    from gradus.report.words import metric

    each = ", ".join(f"{v:.4f}" for v in summary.scores.values())
    mark = "–" if summary.target is None else "✓" if summary.holds else "✗"
    seconds = summary.seconds["training"]
    none = summary.target is None
    beside = f"{summary.mean:.4f}" + ("" if none else f" {summary.relation} {summary.target}")
    en, zh = ("no target for these data and settings; ", "这些数据与设置没有目标值；") if none else ("", "")
    say(
        Text(
            f"{mark} {metric(summary.metric, 'en')} {beside} ({en}seeds: {each}; training {seconds:.1f} s)",
            f"{mark} {metric(summary.metric, 'zh')} {beside}（{zh}各种子：{each}；训练用时 {seconds:.1f} 秒）",
        )
    )


def _tables(results: Sequence[SeedResult]) -> list[tuple[Sequence[Text], Sequence[Sequence[Any]]]]:
    """The comparisons of all seeds together."""
    from gradus.report import comparison_rows

    together = zip(*(r.comparisons for r in results), strict=True)
    return [(of_seeds[0].columns, comparison_rows(of_seeds)) for of_seeds in together]


def _report(
    path: Path,
    concept: Concept | System,
    summary: RunSummary,
    results: Sequence[SeedResult],
    verify: bool,
    lang: str,
    say: Say,
) -> None:
    from gradus.report import pictures_over_seeds, write_report
    from gradus.report.topic import stands_on
    from gradus.verify import Report
    from gradus.verify import verify as run
    from gradus.verify.evidence_cache import remember
    from gradus.verify.output import summary as counted

    evidence = Report(())
    if verify:
        concepts = stands_on(concept, summary.pages)
        say(
            Text(
                f"verifying the {len(concepts)} concepts that it stands on …",
                f"正在验证它所依据的 {len(concepts)} 个概念……",
            )
        )
        evidence = run(concepts)
        remember(evidence)
        say(Text(counted(evidence, "en"), counted(evidence, "zh")))
    write_report(path, concept, summary, evidence, pictures_over_seeds(results), lang)
    say(Text(f"report: {path}", f"报告：{path}"))
