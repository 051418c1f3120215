"""The verbs that work: run, runs, data, doctor."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gradus.cli.terminal import Terminal
from gradus.cli.verbs import Argument
from gradus.errors import GradusError
from gradus.files import user_path
from gradus.systems import Recipe, System, keys, recipe_of
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.page import Concept
    from gradus.running import Outcome


def what_is_offered(argv: Sequence[str], lang: str) -> str:
    """The systems that can be run, read from the names of their files; of the one that is named its data and what fits."""
    systems = keys()
    named = next((word for word in argv if word in systems), None)
    whole = Text("systems: ", "系统：").get(lang) + ", ".join(systems)
    if named is None:
        return whole
    recipe = recipe_of(systems[named], named)
    lines = [_data_of(recipe).get(lang)]
    for option in recipe.options:
        for choice in option.choices:
            if option.choices[choice]:  # it changes the recipe's data or targets
                lines.append(
                    f"  --{option.name} {choice}: "
                    + _data_of(recipe.with_choices({option.name: choice})).get(lang)
                )
    return "\n".join([*lines, "", whole])


def _data_of(recipe: Recipe) -> Text:
    """Its data with their targets, and what else fits."""
    known = {name: f"{recipe.relation} {target:g}" for name, target in recipe.targets.items()}
    en, zh = (
        ", ".join(f"{name} ({known.get(name, none)})" for name in recipe.data) for none in ("none", "无")
    )
    en, zh = f"data (target): {en}", f"数据（目标值）：{zh}"
    if recipe.fitting is None:
        return Text(en, zh)
    fits = recipe.fitting.text
    en, zh = f"{en}; without a target also {fits.en}", f"{zh}；无目标值时也可用{fits.zh}"
    if recipe.fitting.characters:
        return Text(en, zh)
    path = (
        Text("a folder of images with one folder a class", "每个类别一个文件夹的图像文件夹")
        if recipe.fitting.images
        else Text("", "")
    )
    csv = recipe.fitting.tables or recipe.fitting.sentences
    table = Text("a CSV file", "CSV 文件") if csv else Text("", "")
    graph = Text("a folder of edges.csv and nodes.csv", "含 edges.csv 与 nodes.csv 的文件夹")
    listed = Text("a known data set", "已知的数据集")
    ways = [graph] if recipe.fitting.graphs else [listed, *(t for t in (path, table) if t.en)]
    return Text(f"{en}: {', '.join(w.en for w in ways)}", f"{zh}：{'、'.join(w.zh for w in ways)}")


def recipe_arguments(argv: Sequence[str]) -> list[Argument]:
    """The options of the recipes that the words of a command line name."""
    systems = keys()
    return [
        (
            (f"--{option.name}",),
            {"choices": tuple(option.choices), "dest": f"recipe_{option.name}"},
            option.meaning,
        )
        for word in argv
        if word in systems
        for option in recipe_of(systems[word], word).options
    ]


def run(options: Namespace, out: Terminal) -> int:
    """Trains a system by its recipe; exit status 1 when its metric misses the target."""
    from gradus.running import system_of

    concept = system_of(options.key)
    if options.seed is not None and options.seeds is not None:
        raise GradusError(
            Text(
                "expected either --seed S (one run) or --seeds N (runs with seeds 0 … N−1), not both",
                "--seed S（运行一次）与 --seeds N（用种子 0 … N−1 运行）只能选其一",
            )
        )
    seeds = None if options.seeds is None else list(range(options.seeds))
    begun: list[Text] = []

    def say(text: Text) -> None:
        begun.append(text)
        if not options.quiet:
            out.say(text)

    try:
        outcome = _run(concept, seeds if options.seed is None else [options.seed], options, say)
    except KeyboardInterrupt as error:
        name = "SIGTERM" if getattr(error, "code", 130) == 143 else "SIGINT"
        out.say(out.t(f"stopped by {name}", f"被 {name} 中断"))
        if begun:
            where = f" --directory {shlex.quote(options.directory)}" if options.directory else ""
            out.say(out.t("go on with: ", "继续运行：") + f"gradus run {concept.key}{where} --resume")
        raise
    if outcome is not None and not options.quiet:
        for columns, rows in outcome.tables:
            out.say()
            cells = [[cell.get(out.lang) if isinstance(cell, Text) else cell for cell in row] for row in rows]
            out.table(columns, cells, right=range(1, len(columns)))
        for text in outcome.summary.findings:
            out.say()
            out.say(text)
    return 0 if outcome is None or outcome.holds else 1


def _run(
    concept: Concept | System, seeds: list[int] | None, options: Namespace, say: Callable[[Text], None]
) -> Outcome | None:
    from gradus.running import run_system

    return run_system(
        concept,
        data=options.data,
        data_dir=options.data_dir,
        seeds=seeds,
        epochs=options.epochs,
        device=options.device,
        options={k.removeprefix("recipe_"): v for k, v in vars(options).items() if k.startswith("recipe_")},
        directory=options.directory,
        resume=options.resume,
        fresh=options.fresh,
        progress="silent" if options.quiet else "auto",
        verify=not options.no_verify,
        report=options.report,
        lang=options.lang,
        say=say,
    )


def runs(options: Namespace, out: Terminal) -> int:
    """Past runs, newest first."""
    from gradus.running import past_runs

    rows = past_runs(user_path(options.directory))
    if not rows:
        out.say(
            out.t(
                f"no runs in {options.directory}; `gradus run lenet` makes one",
                f"{options.directory} 中没有运行结果；`gradus run lenet` 会产生一个",
            )
        )
        return 0
    columns = [Text("run", "运行"), Text("system", "系统"), Text("data", "数据"), Text("seeds", "种子"), Text("score", "成绩"), Text("target", "目标值"), Text("state", "状态")]  # fmt: skip
    out.table(columns, rows, right=[4, 5])
    return 0


def data(options: Namespace, out: Terminal) -> int:
    """Lists, downloads or locates data sets."""
    from gradus.data import data_directory, fetch, list_datasets

    if options.action == "path":
        print(data_directory(options.data_dir))
        return 0
    if options.action == "get":
        if not options.name:
            raise GradusError(
                Text(
                    "expected the name of a data set, as in `gradus data get mnist`",
                    "需要数据集的名称，如 `gradus data get mnist`",
                )
            )
        fetch(options.name, options.data_dir)
        out.say(out.t(f"{options.name} is complete and verified in {data_directory(options.data_dir)}",
                      f"{options.name} 已完整下载并通过校验，位于 {data_directory(options.data_dir)}"))  # fmt: skip
        return 0
    rows = []
    for d in list_datasets(options.data_dir):
        size = f"{d.train:,} + {d.test:,}"
        rows.append(
            (
                d.name,
                d.title.get(out.lang),
                "×".join(map(str, d.shape)),
                size,
                d.state_text.get(out.lang),
                d.licence,
            )
        )
    columns = [Text("name", "名称"), Text("title", "标题"), Text("shape", "形状"), Text("train + test", "训练 + 测试"), Text("state", "状态"), Text("licence", "许可")]  # fmt: skip
    out.table(columns, rows, right=[3])
    return 0


def doctor(options: Namespace, out: Terminal) -> int:
    """What works here; exit status 1 when something needed does not."""
    from gradus.doctor import examine_machine

    checks = list(examine_machine())
    rows = []
    for check in checks:
        mark = "✓" if check.works else ("✗" if check.needed else "–")
        rows.append((mark, check.name.get(out.lang), check.state.get(out.lang)))
        if not check.works and any(check.mend):
            rows.append(("", out.t("  mend with", "  修复方法"), check.mend.get(out.lang)))
    out.table(["", "", ""], rows)
    return 0 if all(c.works for c in checks if c.needed) else 1
