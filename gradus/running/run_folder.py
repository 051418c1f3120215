"""The folder of a run: which one it is, what is in it, and the list of past ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.files import make_folder, write_atomically
from gradus.text import Text

CONFIG, SUMMARY, REPORT = "config.json", "summary.json", "report.html"
ROOT = Path("runs")


def past_runs(root: Path) -> list[tuple[str, ...]]:
    """Rows of the runs under `root`, newest first: folder, system, data, seeds, mean score, target, state."""
    rows: list[tuple[str, ...]] = []
    files = sorted(root.rglob(CONFIG), key=lambda p: p.stat().st_mtime, reverse=True) if root.is_dir() else []
    for config_file in files:
        config = read_json(config_file)
        if "system" not in config:
            continue
        summary = read_json(config_file.with_name(SUMMARY))
        scores = [float(v) for v in summary.get("scores", {}).values()]
        score = f"{sum(scores) / len(scores):.4f}" if scores else ""
        seeds = ",".join(map(str, config["seeds"]))
        state = "finished" if summary else "unfinished"
        rows.append(
            (str(config_file.parent), config["system"], config["data"], seeds, score, _target(summary), state)
        )
    return rows


def _target(summary: Mapping[str, Any]) -> str:
    """The relation and the target; builds before 0.2 called it "bar"."""
    value = summary.get("target", summary.get("bar"))
    return "" if value is None else f"{summary.get('relation', '≥')} {value:.4f}"


def newest_unfinished(key: str) -> Path:
    """The folder of the newest unfinished run of a system.

    Raises:
        GradusError: there is none.
    """
    folders = [Path(row[0]) for row in past_runs(ROOT / key) if row[-1] == "unfinished"]
    if not folders:
        raise GradusError(
            Text(
                f"no unfinished run in {ROOT / key} to resume; leave --resume out to begin one",
                f"{ROOT / key} 中没有可继续的运行；去掉 --resume 即开始新的运行",
            )
        )
    return folders[0]


def choose_folder(directory: Path | None, config: dict[str, Any], resume: bool, fresh: bool) -> Path:
    """The run's folder: the one that is named, or a new one with the next number.

    Raises:
        GradusError: the one that is named holds another run or other files.
    """
    if directory is None:
        return _next(ROOT / config["system"], "-".join([*config.get("options", {}).values(), config["data"]]))
    if directory.exists() and not directory.is_dir():
        raise GradusError(
            Text(
                f"{directory} is a file; expected a folder for the run",
                f"{directory} 是文件；运行结果需要一个文件夹",
            )
        )
    there = read_json(directory / CONFIG)
    if there and resume and there != config:
        differing = _differences(there, config)
        en, zh = (", ".join(d.get(lang) for d in differing) for lang in ("en", "zh"))
        raise GradusError(
            Text(
                f"{directory} holds a run with {en}; resume it with the same settings, or give another --directory",
                f"{directory} 中已有一次运行，其 {zh}；请用相同的设置继续，或用 --directory 指定其他文件夹",
            )
        )
    if there and not resume and not fresh:
        raise GradusError(
            Text(
                f"{directory} holds a run already: --resume goes on with it, --fresh replaces it",
                f"{directory} 中已有一次运行：--resume 继续它，--fresh 覆盖它",
            )
        )
    if not there and directory.is_dir() and any(directory.iterdir()):
        raise GradusError(
            Text(
                f"{directory} holds other files; give an empty or a new folder",
                f"{directory} 中有其他文件；请给出空的或新的文件夹",
            )
        )
    return directory


def _next(root: Path, name: str) -> Path:
    numbers = [
        int(p.name.rpartition("-")[2]) for p in root.glob(f"{name}-*") if p.name.rpartition("-")[2].isdigit()
    ]
    return root / f"{name}-{max(numbers, default=0) + 1}"


def _differences(there: Mapping[str, Any], config: Mapping[str, Any]) -> list[Text]:
    """How the run that is there differs from the one that is requested: "epochs 2, not 3"."""
    flat = [{**c, **c.get("options", {})} for c in (there, config)]
    names = [k for k in dict.fromkeys([*flat[1], *flat[0]]) if k != "options"]
    pairs = {k: (flat[0].get(k), flat[1].get(k)) for k in names}
    return [
        Text(f"{k} {old!r}, not {new!r}", f"{k} 为 {old!r} 而非 {new!r}")
        for k, (old, new) in pairs.items()
        if old != new
    ]


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """The object as a JSON file, whole or not at all; its folder is made.

    Raises:
        GradusError: the system refuses.
    """
    make_folder(path.parent)
    write_atomically(path, [json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8")])
