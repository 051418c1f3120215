"""Downloading a data set by name, from mirrors in order."""

from __future__ import annotations

import os
from pathlib import Path

from gradus.arguments import number
from gradus.data.download import download
from gradus.data.registry import Entry, RemoteFile, entry_of
from gradus.data.store import DamagedFileError, check, data_directory, find
from gradus.errors import GradusError
from gradus.text import Text


def fetch(
    name: str, data_dir: str | Path | None = None, timeout: float = 30.0, progress: bool | None = None
) -> list[Path]:
    """Downloads and verifies the files of a data set that are not there yet; returns where all of them lie.

    GRADUS_MIRROR names base addresses of your own (separated by spaces), tried first: a file is looked for at
    `<base>/<data set>/<file>`. A file that is there but damaged is set aside and fetched again. An embedded
    data set has no files: the list is empty.

    Args:
        name: one of `list_datasets()`.
        data_dir: where to keep it; else GRADUS_DATA, else the user's cache.
        timeout: seconds without progress after which a mirror counts as stalled.
        progress: whether to show a bar; by default only on a terminal.

    Raises:
        GradusError: unknown name; no mirror gave a file (each is named with its reason); the folder cannot
            be written.
    """
    timeout, entry = number("timeout", timeout, above=0), entry_of(name)
    if entry.embedded:
        return []
    root = data_directory(data_dir)
    return [_fetch_file(entry, file, root, timeout, progress) for file in entry.files]


def _fetch_file(entry: Entry, file: RemoteFile, root: Path, timeout: float, progress: bool | None) -> Path:
    present = find(entry, file, root)
    if present is not None:
        try:
            check(present, file)
        except DamagedFileError:
            pass  # `download` sets it aside if it lies in the place of the new one, which is looked at first
        else:
            return present
    return download(file, addresses(entry, file), root / entry.name / file.name, timeout, progress=progress)


def addresses(entry: Entry, file: RemoteFile) -> list[str]:
    """Where the file is looked for, the user's own mirrors first.

    Raises:
        GradusError: GRADUS_MIRROR holds something that is not an http or https address.
    """
    own = os.environ.get("GRADUS_MIRROR", "").split()
    for base in own:
        if not base.startswith(("http://", "https://")):
            raise GradusError(
                Text(
                    f"GRADUS_MIRROR: expected addresses that begin with http:// or https://, got {base!r}",
                    f"GRADUS_MIRROR：地址应以 http:// 或 https:// 开头，得到 {base!r}",
                )
            )
    return [f"{base.rstrip('/')}/{entry.name}/{file.name}" for base in own] + [
        f"{base.rstrip('/')}/{file.name}" for base in entry.mirrors
    ]
