"""The folder of a run: which one it is, what is in it, and the list of past ones."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradus.data.of_user import is_path
from gradus.errors import GradusError
from gradus.files import make_folder, write_atomically, write_failed
from gradus.running.own_files import CONFIG, SUMMARY, foreign_files
from gradus.text import Text

ROOT = Path("runs")
FORMAT = 1  # of config.json and summary.json
LARGEST = 1e18  # of a number that is shown
MOST_BYTES = 2**24  # a run's own JSON files are far smaller


def past_runs(root: Path) -> list[tuple[str, ...]]:
    """Rows of the runs under `root`, newest first: folder, system, data, seeds, mean score, target, state."""
    found = (
        [(file, config) for file in root.rglob(CONFIG) if (config := read_config(file))]
        if root.is_dir()
        else []
    )
    return [_row(file.parent, config) for file, config in sorted(found, key=lambda pair: _age(pair[0]))]


def _age(path: Path) -> float:
    """Sorts the newest first."""
    try:
        return -path.stat().st_mtime
    except OSError:  # it was removed meanwhile
        return 0.0


def _row(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    summary = read_json(folder / SUMMARY)
    scores = summary.get("scores")
    values = [v for v in scores.values() if is_number(v)] if isinstance(scores, dict) else []
    score = f"{sum(values) / len(values):.4f}" if values else ""
    seeds = ",".join(map(str, config["seeds"]))
    state = "finished" if summary else "unfinished"
    return (str(folder), config["system"], config["data"], seeds, score, _target(summary), state)


def _target(summary: Mapping[str, Any]) -> str:
    """The relation and the target; builds before 0.2 called it "bar"."""
    value = summary.get("target", summary.get("bar"))
    return f"{'≤' if summary.get('relation') == '≤' else '≥'} {value:.4f}" if is_number(value) else ""


def is_number(value: Any) -> bool:
    """Whether JSON gave a number that a score can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


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


def make_numbered(config: Mapping[str, Any]) -> int:
    """Makes a new folder with the next number, which is this process's alone; returns the number.

    Raises:
        GradusError: the system refuses.
    """
    first = numbered(config, 1)
    root, name = first.parent, first.name.removesuffix("1")
    make_folder(root)
    while True:
        tails = (path.name.removeprefix(name) for path in root.iterdir() if path.name.startswith(name))
        number = max((int(tail) for tail in tails if tail.isdecimal()), default=0) + 1
        try:
            numbered(config, number).mkdir()
        except FileExistsError:  # another process was faster
            continue
        except OSError as error:
            raise write_failed(numbered(config, number), error) from None
        return number


def numbered(config: Mapping[str, Any], number: int) -> Path:
    """The folder of that number among those of the system and its data."""
    data = config["data"]
    if is_path(data):  # of a user's own data the last part
        data = re.sub(r"[^\w.]+", "-", Path(data).stem).strip(".-") or "data"
    name = "-".join([*config.get("options", {}).values(), data])
    return ROOT / config["system"] / f"{name}-{number}"


def check_folder(directory: Path, config: dict[str, Any], resume: bool, fresh: bool) -> None:
    """Refuses a folder that this run must not write to.

    Raises:
        GradusError: it holds another run or other files.
    """
    if directory.exists() and not directory.is_dir():
        raise GradusError(
            Text(
                f"{directory} is a file; expected a folder for the run",
                f"{directory} 是文件；运行结果需要一个文件夹",
            )
        )
    there = read_config(directory / CONFIG)
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
    if not there or fresh:
        _refuse_foreign(directory, there)


def _refuse_foreign(directory: Path, there: Mapping[str, Any]) -> None:
    """A folder that is to be begun holds nothing but a run's own files, or what a run that was killed at once left."""
    foreign = foreign_files(directory, of_run=bool(there))
    if foreign:
        names = ", ".join(foreign[:3]) + (" …" if len(foreign) > 3 else "")
        raise GradusError(
            Text(
                f"{directory} holds other files ({names}), which stay; give an empty or a new folder",
                f"{directory} 中有其他文件（{names}），未作改动；请给出空的或新的文件夹",
            )
        )


def _differences(there: Mapping[str, Any], config: Mapping[str, Any]) -> list[Text]:
    """How the run that is there differs from the one that is requested: "epochs 2, not 3"."""
    flat = [{**c, **c.get("options", {})} for c in (there, config)]
    names = [k for k in dict.fromkeys([*flat[1], *flat[0]]) if k != "options"]
    pairs = {k: (flat[0].get(k), flat[1].get(k)) for k in names}
    return [
        _changed_data(config["data"])
        if k == "contents" and pairs["data"][0] == pairs["data"][1]
        else Text(f"{k} {old!r}, not {new!r}", f"{k} 为 {old!r} 而非 {new!r}")
        for k, (old, new) in pairs.items()
        if old != new and (k != "contents" or pairs["data"][0] == pairs["data"][1])
    ]


def _changed_data(data: str) -> Text:
    return Text(f"other contents of {data} than it has now", f"{data} 的内容与现在不同")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return {}
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_config(path: Path) -> dict[str, Any]:
    """What a run of Gradus was asked for; empty where the file is none, or another program's."""
    config = read_json(path)
    seeds, options = config.get("seeds"), config.get("options", {})
    right = (
        config.get("format", FORMAT) == FORMAT
        and all(map(_is_name, (config.get("system"), config.get("data"), config.get("contents", ""))))
        and isinstance(seeds, list)
        and all(is_number(seed) and isinstance(seed, int) for seed in seeds)
        and isinstance(config.get("epochs"), int | None)
        and isinstance(options, dict)
        and all(map(_is_name, options.values()))
    )
    return {name: value for name, value in config.items() if name != "format"} if right else {}


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """The object as a JSON file, whole or not at all; its folder is made.

    Raises:
        GradusError: the system refuses.
    """
    make_folder(path.parent)
    text = json.dumps(value, ensure_ascii=False, indent=1)
    # names that are no UTF-8 are kept as escapes
    write_atomically(path, [text.encode("utf-8", "backslashreplace")])
