"""Which files of a run folder are the run's own: only those are ever swept, replaced or removed.

`run.json` lists the names that a run has given out, and is written before the first file of such a name.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.files import TEMPORARY, sweep, write_atomically, write_failed
from gradus.text import Text
from gradus.training.checkpoint import holds_what_it_says, is_manifest
from gradus.training.step_folder import is_step_file, is_unfinished, step_of, sweep_orphans

FORMAT = "gradus-run-1"
LIST, LOCK, NOTES = "run.json", "run.lock", "log.txt"
LOGS = ("metrics.jsonl", "timings.jsonl")
_PID = re.compile(rb"[0-9]{1,20}\n?")
# What versions that kept no list wrote.
UNLISTED = frozenset({NOTES, *LOGS, "gradient_norms.jsonl"})


class RunFiles:
    """The files of the run in `directory`: those of its list, the list, the lock, and checkpoints of steps."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.checkpoints = directory, directory / "checkpoints"
        names = _listed(directory / LIST)
        self.listed = names is not None
        self.adopting = not self.listed  # a run of an earlier version: its logs cannot be told by name
        if names is None:
            names = set(UNLISTED) if any(map(is_manifest, self._manifests())) else set()
        self.names = names

    def _manifests(self) -> list[Path]:
        return [path for path in _entries(self.checkpoints) if step_of(path) is not None]

    def _is_own(self, path: Path) -> bool:
        own = {*self.names, LOCK}
        if path.is_file() and path.name in (own | {LIST} if self.listed else own):
            return True
        return is_unfinished(path, (own | {LIST}).__contains__)

    def _is_own_checkpoint(self, path: Path) -> bool:
        if not path.is_file() or not is_step_file(path):
            return False
        if self.listed or path.name.endswith(TEMPORARY):
            return True
        if path.suffix == ".json":
            return is_manifest(path)
        name, _, rest = path.name.partition(".")
        return is_manifest(path.with_name(f"{name}.json")) or holds_what_it_says(path, rest.partition(".")[0])

    def _others(self) -> list[Path]:
        here = [
            path for path in _entries(self.directory) if path != self.checkpoints and not self._is_own(path)
        ]
        return here + [path for path in _entries(self.checkpoints) if not self._is_own_checkpoint(path)]

    def _in_the_way(self, path: Path) -> bool:
        taken = {NOTES, LIST, *LOGS}
        return path.name in taken if path.parent == self.directory else step_of(path) is not None

    def check(self, *, force: bool) -> None:
        """Whether a run may begin here.

        Raises:
            GradusError: when there are files of others, unless forced; when one has a name that the run needs, always.
        """
        if self.checkpoints.exists() and not self.checkpoints.is_dir():
            raise _foreign(self.directory, [self.checkpoints], force=False)
        others = self._others()
        blocking = [path for path in others if self._in_the_way(path)]
        if blocking or (others and not force):
            raise _foreign(self.directory, blocking or others, force=not blocking)

    def begin(self) -> None:
        """Remove the files of the run that was here, those of others stay; and make the list of a new run."""
        self._clear()
        self._write({NOTES, *LOGS})

    def go_on(self) -> None:
        """Make the list, if an earlier version kept none."""
        if not self.listed:
            self._write(self.names | {NOTES, *LOGS})

    def claim(self, name: str, *, resumed: bool) -> None:
        """Take a name for a log of the run.

        Raises:
            GradusError: when it is no plain name, or another's file has it.
        """
        if not _plain(name) or name in (LIST, LOCK, NOTES, self.checkpoints.name):
            raise GradusError(
                Text(
                    f"expected a log's name as a plain file name that the run does not use itself, got {name!r}",
                    f"日志名应为普通文件名，且不得与运行自身的文件重名，实际为 {name!r}",
                )
            )
        if name in self.names:
            return
        path = self.directory / name
        if path.exists() and not (resumed and self.adopting):
            raise _foreign(self.directory, [path], force=False)
        self._write(self.names | {name})

    def sweep(self) -> list[Path]:
        """Remove what a killed writer left; returns what was removed."""
        own = {*self.names, LIST, LOCK}
        return sweep(self.directory, lambda path: not is_unfinished(path, own.__contains__)) + sweep_orphans(
            self.checkpoints
        )

    def _clear(self) -> None:
        own = [self.directory / name for name in sorted(self.names)]
        own += [path for path in _entries(self.checkpoints) if self._is_own_checkpoint(path)]
        try:
            for path in own:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise write_failed(path, error) from None
        with contextlib.suppress(OSError):  # it stays where others have files in it
            self.checkpoints.rmdir()

    def _write(self, names: set[str]) -> None:
        text = json.dumps({"format": FORMAT, "files": sorted(names)})
        write_atomically(self.directory / LIST, [text.encode() + b"\n"])
        self.names, self.listed = names, True


def check_lock(directory: Path) -> None:
    """Whether the lock of a run may be written here: another's file of its name is no lock.

    Raises:
        GradusError: when there is one, or the folder is none.
    """
    path = directory / LOCK
    if directory.exists() and not directory.is_dir():
        raise write_failed(directory, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
    try:
        text = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise write_failed(path, error) from None
    if (path.exists() and not path.is_file()) or not (not text or _PID.fullmatch(text)):
        raise _foreign(directory, [path], force=False)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise write_failed(folder, error) from None


def _plain(name: Any) -> bool:
    return isinstance(name, str) and bool(name) and name == Path(name).name and "\0" not in name


def _listed(path: Path) -> set[str] | None:
    """The names in a run's list; None where there is no such list."""
    try:
        read = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError):
        return None
    if not isinstance(read, dict) or read.get("format") != FORMAT or not isinstance(read.get("files"), list):
        return None
    return set(read["files"]) if all(map(_plain, read["files"])) else None


def _foreign(directory: Path, others: list[Path], *, force: bool) -> GradusError:
    names = ", ".join(str(path.relative_to(directory)) for path in others[:3]) + (
        ", …" if len(others) > 3 else ""
    )
    beside = (
        Text(", or pass force=True to run beside them", "，或传入 force=True 与它们并存")
        if force
        else Text("", "")
    )
    return GradusError(
        Text(
            f"{directory} holds files that no run of fit wrote ({names}): choose another directory, or move them"
            f"{beside.en}",
            f"{directory} 中有并非由 fit 写入的文件（{names}）：请换一个文件夹，或将其移走{beside.zh}",
        )
    )
