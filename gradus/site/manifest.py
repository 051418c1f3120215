"""What the site's folder says of itself: which files are the site's own, and what each part was made from."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.files import TEMPORARY, make_folder, remove_quietly, user_path, write_atomically
from gradus.text import Text

NAME = "gradus-site.json"
LOCK = "gradus-site.lock"
FORM = 1

Row = dict[str, Any]


class Manifest:
    """The parts of a site by name, each with the files that it made and what it was made from."""

    def __init__(
        self, directory: Path, files: Iterable[str] = (), rows: dict[str, Row] | None = None
    ) -> None:
        self.directory = directory
        self.files = set(files)
        self.rows = rows or {}

    @property
    def lock(self) -> Path:
        """What is locked while the site is written."""
        return self.directory / LOCK

    def write(self) -> None:
        """Writes the manifest, aside and renamed."""
        whole = {"form": FORM, "files": sorted(self.files), "parts": dict(sorted(self.rows.items()))}
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        write_atomically(self.directory / NAME, [text.encode()])

    def claim(self, files: Iterable[str]) -> None:
        """Says that these files will be the site's own, before any is written: a build that is killed leaves none that is not."""
        new = set(files) - self.files
        if new:
            self.files |= new
            self.write()

    def keep_only(self, files: set[str]) -> list[str]:
        """Removes the site's own files that it has no longer; returns their names."""
        gone = sorted(self.files - files)
        for name in gone:
            remove_quietly(self.directory / name)
        self.files &= files
        self.rows = {name: row for name, row in self.rows.items() if files.issuperset(row["files"])}
        return gone


def open_site(name: str | os.PathLike[str]) -> Manifest:
    """The manifest of a folder: new, empty, or a site that was built before.

    Raises:
        GradusError: it is no folder, holds files that are not the site's own, or cannot be made.
    """
    directory = user_path(name)
    if directory.exists() and not directory.is_dir():
        raise GradusError(
            Text(
                f"expected a folder for the site, {directory} is a file",
                f"应为存放站点的文件夹，而 {directory} 是文件",
            )
        )
    make_folder(directory)
    manifest = _read(directory)
    foreign = list(itertools.islice(_foreign(directory, manifest.files), 4))  # it may be a whole disk
    if foreign:
        shown = ", ".join(foreign[:3]) + (" …" if len(foreign) > 3 else "")
        raise GradusError(
            Text(
                f"{directory} holds files that are not the site's ({shown}): give an empty or a new folder; nothing was written",
                f"{directory} 中有不属于站点的文件（{shown}）：请指定空文件夹或新文件夹；未写入任何内容",
            )
        )
    return manifest


def _read(directory: Path) -> Manifest:
    """What was written before; a site of another form, or a damaged manifest, counts as files without parts."""
    try:
        whole = json.loads((directory / NAME).read_text(encoding="utf-8"))
        files, rows = whole["files"], whole["parts"]
        if not all(isinstance(file, str) and _is_own_name(file) for file in files):
            raise ValueError(files)
        if whole["form"] != FORM or not all(isinstance(row["files"], list) for row in rows.values()):
            rows = {}
    except FileNotFoundError:
        return Manifest(directory)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Manifest(directory)
    return Manifest(directory, files, rows)


def _is_own_name(file: str) -> bool:
    """Whether a name lies within the folder: what a manifest names may be removed."""
    parts = file.split("/")
    return 1 <= len(parts) <= 2 and all(
        part and part not in (".", "..") and "\\" not in part for part in parts
    )


def _foreign(directory: Path, own: set[str]) -> Iterator[str]:
    """The files that are neither the site's nor left by a build of it that was killed."""
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            file = (Path(folder) / name).relative_to(directory).as_posix()
            if file not in own and file not in (NAME, LOCK) and not name.endswith(TEMPORARY):
                yield file
