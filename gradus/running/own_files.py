"""Which files of a run's folder a run wrote: they alone are removed when it is begun anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gradus.files import remove_quietly

CONFIG, SUMMARY, REPORT = "config.json", "summary.json", "report.html"
LOCK = "run.lock"
_SEED = re.compile(r"seed-\d+")
_TOP = re.compile(rf"(?:{CONFIG}|{SUMMARY}|{REPORT}|{LOCK}|(?:{CONFIG}|{SUMMARY}|{REPORT})\.\d+\.tmp)")
_LITTER = re.compile(rf"{LOCK}|(?:{CONFIG}|{SUMMARY}|{REPORT})\.\d+\.tmp")  # of a run that was killed at once
_LOGS = r"(?:metrics|timings|gradient_norms)\.jsonl"
_PAYLOAD = r"(?:\.json|\.[0-9a-f]{16}\.safetensors)"
_STATE = rf"state{_PAYLOAD}|state\.safetensors"  # the last: a single file, as version 0.1 wrote it
_IMAGES = rf"images-\d+{_PAYLOAD}"  # that a generative system made after an epoch
_OF_SEED = re.compile(rf"(?:{LOCK}|run\.json|log\.txt|{_LOGS}|{_STATE}|{_IMAGES})(?:\.\d+\.tmp)?")
_CHECKPOINT = re.compile(rf"step-\d+{_PAYLOAD}(?:\.\d+\.tmp)?")
_PART = re.compile(r"[a-z][a-z0-9-]*")  # one of several networks that a seed trains, in a folder of its own


def foreign_files(directory: Path, of_run: bool) -> list[str]:
    """The names of what is in a folder and no run wrote; a folder that is not there has none.

    Args:
        directory: the folder.
        of_run: whether its configuration is a run's; if not, only what a run leaves before it has one is its own.
    """
    if not directory.is_dir():
        return []
    return sorted(str(path.relative_to(directory)) for path, own in _files(directory, of_run) if not own)


def remove_own(directory: Path) -> None:
    """Removes what an earlier run wrote there, the summary first, so that what is left of it never counts as finished.

    The lock stays, which this run holds; so does the configuration, which marks the folder as a run's and is replaced.
    """
    remove_quietly(directory / SUMMARY)
    stay = {directory / LOCK, directory / CONFIG}
    for path, own in list(_files(directory, True)):
        if own and path not in stay:
            remove_quietly(path)
    for seed in directory.iterdir():
        if _SEED.fullmatch(seed.name) and seed.is_dir() and not seed.is_symlink():
            parts = [path for path in seed.iterdir() if _is_part(path)]
            for folder in (*(part / "checkpoints" for part in parts), *parts, seed / "checkpoints", seed):
                if _is_folder(folder) and not any(folder.iterdir()):
                    folder.rmdir()


def _files(directory: Path, of_run: bool) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether a run wrote it; links and folders of other names stand for all that they hold."""
    top = _TOP if of_run else _LITTER
    for path in directory.iterdir():
        if of_run and _SEED.fullmatch(path.name) and _is_folder(path):
            yield from _files_of_seed(path)
        else:
            yield path, _is_own(path, top)


def _files_of_seed(seed: Path, parts: bool = True) -> Iterator[tuple[Path, bool]]:
    for path in seed.iterdir():
        if path.name == "checkpoints" and _is_folder(path):
            yield from ((file, _is_own(file, _CHECKPOINT)) for file in path.iterdir())
        elif parts and _is_part(path):
            yield from _files_of_seed(path, parts=False)
        else:
            yield path, _is_own(path, _OF_SEED)


def _is_part(path: Path) -> bool:
    return bool(_PART.fullmatch(path.name)) and path.name != "checkpoints" and _is_folder(path)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_own(path: Path, names: re.Pattern[str]) -> bool:
    return bool(names.fullmatch(path.name)) and path.is_file() and not path.is_symlink()
