"""Systems: `gradus run KEY` trains one by its recipe, over several seeds, and writes the report.

```
runs/lenet/digits-1/
  config.json     what was asked for
  seed-0/ …       checkpoints, metrics.jsonl, gradient_norms.jsonl of each seed
  summary.json    architecture, data, settings, scores
  report.html     all of it, with the claims of every concept that the system stands on
```
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.catalogue import load as load_catalogue
from gradus.concept import Concept, Recipe
from gradus.errors import GradusError
from gradus.evidence import Text

if TYPE_CHECKING:
    from torch import nn

    from gradus.data import Dataset
    from gradus.report import RunSummary
    from gradus.training import Fitted

METRICS = {"accuracy": "准确率"}
CONFIG, SUMMARY, REPORT = "config.json", "summary.json", "report.html"


@dataclass(frozen=True)
class Outcome:
    """What came of a run: where it is kept, the score of each seed beside the bar, and the report."""

    directory: Path
    summary: RunSummary
    report: Path

    @property
    def holds(self) -> bool:
        """Whether the mean score reaches the bar."""
        return self.summary.holds


@dataclass(frozen=True)
class Trained:
    """One seed: the trained module, its history, and what it says of the test set."""

    seed: int
    model: nn.Module
    fitted: Fitted
    logits: Any


def run_system(
    concept: Concept,
    *,
    data: str | None = None,
    data_dir: str | None = None,
    seeds: Sequence[int] | None = None,
    epochs: int | None = None,
    device: str | None = None,
    directory: str | Path | None = None,
    resume: bool = False,
    fresh: bool = False,
    progress: str = "auto",
    verify: bool = True,
    report: str | Path | None = None,
    lang: str = "en",
    say: Callable[[Text], None] = lambda text: None,
) -> Outcome | None:
    """Trains a system by its recipe over the seeds, measures it on the test set and writes the report.

    What is not given is the recipe's (three seeds, its first data set, its epochs) or, on resuming, the interrupted run's.

    Under torchrun every process calls this; the first one alone writes and returns an outcome, the others None.

    Raises:
        GradusError: no recipe, unknown data, an impossible setting, or a folder that holds another run.
    """
    from gradus.training.distributed import process_group

    recipe = _recipe(concept)
    given = Path(directory) if directory else None
    if resume:
        given = given or _unfinished(Path("runs") / concept.key)
        before = _read(given / CONFIG)
        data, epochs = data or before.get("data"), epochs or before.get("epochs")
        seeds = before.get("seeds") if seeds is None else seeds
    name = data or recipe.data[0]
    seeds = (0, 1, 2) if seeds is None else seeds
    _check(seeds, epochs, device)
    dataset = _dataset(recipe, name, data_dir)
    config = {"system": concept.key, "data": name, "seeds": list(seeds), "epochs": epochs}
    with process_group() as group:
        folder = _folder(given, config, resume, fresh)
        group.broadcast(0)  # every process has chosen the folder before the first one writes there
        first = group.rank == 0
        if first:
            if fresh and not resume:
                shutil.rmtree(folder, ignore_errors=True)
            _write(folder / CONFIG, json.dumps(config, indent=1))
        trained = []
        for seed in seeds:
            if first:
                say(
                    Text(
                        f"{concept.title.en} on {name}, seed {seed}",
                        f"{concept.title.zh}，{name}，种子 {seed}",
                    )
                )
            trained.append(
                _train(recipe, dataset, seed, epochs, folder / f"seed-{seed}", resume, progress, device)
            )
    if not first:
        return None
    summary = _summary(recipe, name, dataset, trained, _command(config, data_dir))
    _write(folder / SUMMARY, json.dumps(summary.as_dict(), ensure_ascii=False, indent=1))
    _say_score(summary, say)
    path = Path(report) if report else folder / REPORT
    _report(path, concept, summary, dataset, trained, folder, verify, lang, say)
    return Outcome(folder, summary, path)


def past_runs(root: Path) -> list[tuple[str, ...]]:
    """Rows of the runs under `root`, newest first: folder, system, data, seeds, mean score, bar, state."""
    rows: list[tuple[str, ...]] = []
    found = sorted(root.rglob(CONFIG), key=lambda p: p.stat().st_mtime, reverse=True) if root.is_dir() else []
    for config_file in found:
        config = _read(config_file)
        if "system" not in config:
            continue
        summary = _read(config_file.with_name(SUMMARY))
        scores = [float(v) for v in summary.get("scores", {}).values()]
        score = f"{sum(scores) / len(scores):.4f}" if scores else ""
        bar = f"{summary['bar']:.4f}" if summary else ""
        seeds = ",".join(map(str, config["seeds"]))
        state = "finished" if summary else "unfinished"
        rows.append((str(config_file.parent), config["system"], config["data"], seeds, score, bar, state))
    return rows


def _recipe(concept: Concept) -> Recipe:
    if concept.recipe is None:
        systems = [c.key for c in load_catalogue() if c.recipe]
        raise GradusError(
            f"{concept.key} is a {concept.kind} without a recipe; `gradus run` trains {', '.join(systems)}"
        )
    return concept.recipe


def _check(seeds: Sequence[int], epochs: int | None, device: str | None) -> None:
    if not seeds:
        raise GradusError("expected at least one seed, got none; give --seeds 1 or more")
    if epochs is not None and epochs < 1:
        raise GradusError(f"expected epochs of 1 or more, got {epochs}")
    if device is None:
        return
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).strip().splitlines()[0].rstrip(".")
        raise GradusError(
            f"device {device!r} cannot be used here: {why}; leave --device out to train on the processor"
        ) from None


def _dataset(recipe: Recipe, name: str, data_dir: str | None) -> Dataset:
    from gradus.data import load

    dataset = load(name, data_dir)
    if name not in recipe.data:
        raise GradusError(f"the recipe trains on {', '.join(recipe.data)}, not on {name}")
    return dataset


def _unfinished(root: Path) -> Path:
    """The folder of the newest unfinished run."""
    found = [Path(row[0]) for row in past_runs(root) if row[-1] == "unfinished"]
    if not found:
        raise GradusError(f"no unfinished run in {root} to resume; leave --resume out to begin one")
    return found[0]


def _folder(given: Path | None, config: dict[str, Any], resume: bool, fresh: bool) -> Path:
    """The run's folder: the given one, or a new one with the next number."""
    root = Path("runs") / config["system"]
    if given is None:
        numbers = [
            int(p.name.rpartition("-")[2])
            for p in root.glob(f"{config['data']}-*")
            if p.name.rpartition("-")[2].isdigit()
        ]
        return root / f"{config['data']}-{max(numbers, default=0) + 1}"
    if given.exists() and not given.is_dir():
        raise GradusError(f"{given} is a file; expected a folder for the run")
    there = _read(given / CONFIG)
    if there and resume and there != config:
        said = ", ".join(f"{k} {there.get(k)!r}, not {v!r}" for k, v in config.items() if there.get(k) != v)
        raise GradusError(
            f"{given} holds a run with {said}; resume it with the same settings, or give another --directory"
        )
    if there and not resume and not fresh:
        raise GradusError(f"{given} holds a run already: --resume goes on with it, --fresh replaces it")
    if not there and given.is_dir() and any(given.iterdir()):
        raise GradusError(f"{given} holds other files; give an empty or a new folder")
    return given


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(path: Path, text: str) -> None:
    """Written aside and renamed, so that no half-written file is ever seen."""
    aside = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise GradusError(f"cannot write {path}: {error.strerror}; give another --directory") from None


def _train(
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    epochs: int | None,
    folder: Path,
    resume: bool,
    progress: str,
    device: str | None,
) -> Trained:
    from gradus.verify import resolve

    train = resolve(recipe.train)
    model, fitted = train(
        dataset, seed=seed, epochs=epochs, directory=folder, resume=resume, progress=progress, device=device
    )
    return Trained(seed, model, fitted, predict(model, dataset.test_inputs))


def predict(model: nn.Module, inputs: np.ndarray, batch: int = 512) -> np.ndarray:
    """The module's outputs on arrays, in evaluation mode and without gradients; its mode is restored."""
    import torch

    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            parts = [
                model(torch.from_numpy(x).to(device)).cpu()
                for x in np.array_split(inputs, max(1, -(-len(inputs) // batch)))
            ]
    finally:
        model.train(training)
    return torch.cat(parts).numpy()


def _command(config: dict[str, Any], data_dir: str | None) -> str:
    words = ["gradus", "run", config["system"], "--data", config["data"]]
    seeds = config["seeds"]
    words += ["--seeds", str(len(seeds))] if seeds == list(range(len(seeds))) else ["--seed", str(seeds[0])]
    words += ["--epochs", str(config["epochs"])] if config["epochs"] else []
    words += ["--data-dir", "DIR"] if data_dir else []
    return " ".join(words)


def _summary(recipe: Recipe, name: str, dataset: Dataset, trained: list[Trained], command: str) -> RunSummary:
    import torch

    from gradus.report import DataSummary, RunSummary, environment, layers_of

    first = trained[0]
    example = torch.from_numpy(dataset.test_inputs[:1]).to(next(first.model.parameters()).device)
    scores = {t.seed: float((t.logits.argmax(-1) == dataset.test_targets).mean()) for t in trained}
    settings = recipe.settings.get(name, recipe.settings)
    return RunSummary(
        layers=layers_of(first.model, example),
        data=DataSummary.of(dataset),
        settings={k: _words(v) for k, v in settings.items()},
        metric=recipe.metric,
        scores=scores,
        bar=recipe.bars[name],
        seconds={"training": sum(t.fitted.seconds for t in trained)},
        environment=environment(),
        command=command,
        finished=time.strftime("%Y-%m-%dT%H:%M:%S"),
    )


def _words(value: Any) -> Any:
    """A setting that is a table as words: degrees 10, shift 0.5."""
    return ", ".join(f"{k} {v:g}" for k, v in value.items()) if isinstance(value, dict) else value


def _say_score(summary: RunSummary, say: Callable[[Text], None]) -> None:
    each = ", ".join(f"{v:.4f}" for v in summary.scores.values())
    mark = "✓" if summary.holds else "✗"
    seconds = summary.seconds["training"]
    say(
        Text(
            f"{mark} test {summary.metric} {summary.mean:.4f} {summary.relation} {summary.bar} "
            f"(seeds: {each}; training {seconds:.1f} s)",
            f"{mark} 测试集{METRICS.get(summary.metric, summary.metric)} {summary.mean:.4f} {summary.relation} {summary.bar}"
            f"（各种子：{each}；训练用时 {seconds:.1f} 秒）",
        )
    )


def _report(
    path: Path,
    concept: Concept,
    summary: RunSummary,
    dataset: Dataset,
    trained: list[Trained],
    folder: Path,
    verify: bool,
    lang: str,
    say: Callable[[Text], None],
) -> None:
    from gradus.report import write_report
    from gradus.report.classifier import pictures_of
    from gradus.verify import Report
    from gradus.verify import verify as run
    from gradus.verify.memo import remember
    from gradus.verify.output import summary as counted

    evidence = Report(())
    if verify:
        concepts = load_catalogue().needed([concept.key])
        say(
            Text(
                f"verifying the {len(concepts)} concepts that it stands on …",
                f"正在验证它所依据的 {len(concepts)} 个概念……",
            )
        )
        evidence = run(concepts)
        remember(evidence)
        say(Text(counted(evidence, "en"), counted(evidence, "zh")))
    write_report(path, concept, summary, evidence, pictures_of(dataset, trained, folder, summary.bar), lang)
    say(Text(f"report: {path}", f"报告：{path}"))
