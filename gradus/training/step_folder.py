"""The checkpoints of a run's steps in their folder: listed, thinned out, swept after a kill."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradus.files import TEMPORARY, sweep
from gradus.training.checkpoint import PAYLOAD, Checkpoint, load_checkpoint, remove_checkpoint
from gradus.training.errors import CheckpointError

# All are matched as a whole: `$` would let a line feed pass.
_STEP = re.compile(r"step-(?P<step>[0-9]{8,18})\.json")
_OF_STEP = re.compile(r"step-[0-9]{8,18}(\.json|\.[0-9a-f]{16}\.safetensors)")
_UNFINISHED = re.compile(rf"(?P<name>.+)\.[0-9]+{re.escape(TEMPORARY)}", re.DOTALL)


def step_of(manifest_file: Path) -> int | None:
    """The step in a manifest's name, `step-00000120.json`; None for other files."""
    match = _STEP.fullmatch(manifest_file.name)
    return int(match["step"]) if match else None


def list_checkpoints(folder: Path) -> list[Path]:
    """The manifests of a folder's steps, oldest first."""
    if not folder.is_dir():
        return []
    manifests = [(step, path) for path in folder.iterdir() if (step := step_of(path)) is not None]
    return [path for _, path in sorted(manifests)]


def newest_checkpoint(folder: Path, tell: Callable[[str], None] = lambda line: None) -> Checkpoint | None:
    """The newest checkpoint of a folder that is whole; None when the folder has none at all.

    Raises:
        CheckpointError: when there are checkpoints, and every one is damaged.
    """
    last: CheckpointError | None = None
    for path in reversed(list_checkpoints(folder)):
        try:
            return load_checkpoint(path)
        except CheckpointError as error:
            tell(f"skipping a damaged checkpoint: {error}")
            last = error
    if last is not None:
        raise last
    return None


def prune(folder: Path, *, keep: int, also: set[int]) -> None:
    """Keep the newest `keep` steps and those in `also`."""
    for path in list_checkpoints(folder)[:-keep]:
        if step_of(path) not in also:
            remove_checkpoint(path)


def is_unfinished(path: Path, is_own: Callable[[str], Any]) -> bool:
    """Whether a file is what a killed writer left of one of our own names."""
    match = _UNFINISHED.fullmatch(path.name)
    return match is not None and bool(is_own(match["name"]))


def is_step_file(path: Path) -> bool:
    """Whether a file is named as a checkpoint of a step is: its manifest, its payload, or what a writer left of one."""
    return bool(_OF_STEP.fullmatch(path.name)) or is_unfinished(path, _OF_STEP.fullmatch)


def sweep_orphans(folder: Path) -> list[Path]:
    """Remove what a killed writer left of a step's checkpoint: temporary files, and payloads without a manifest."""
    if not folder.is_dir():
        return []
    manifests = {path.name.removesuffix(".json") for path in folder.glob("*.json")}

    def wanted(path: Path) -> bool:
        if not is_step_file(path):
            return True
        match = PAYLOAD.fullmatch(path.name)
        return match["name"] in manifests if match else path.name.endswith(".json")

    return sweep(folder, wanted)
