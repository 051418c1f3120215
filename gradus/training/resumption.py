"""Taking a run up where it stopped: the folder locked, its record compared, all processes agreed on one checkpoint."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.locks import run_lock
from gradus.progress import Reporter
from gradus.text import Text
from gradus.training.checkpoint import Checkpoint, load_checkpoint
from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.environment import environment, hash_tensors
from gradus.training.folder import RunFolder
from gradus.training.objective import Objective
from gradus.training.run_files import check_lock
from gradus.training.step_folder import step_of

FRESH, FAILED = -1, -2


@contextlib.contextmanager
def opened(directory: str | Path | None, *, keep: int, group: Group) -> Iterator[RunFolder | None]:
    """The run folder, locked for this process; None without one, and on all ranks but the first."""
    if directory is None or group.rank:
        yield None
        return
    try:
        path = Path(directory)
        check_lock(path)
        with run_lock(path):
            yield RunFolder(path, keep=keep)
    except BaseException:
        # The other ranks may be waiting for word of what to resume from (see `agreed_checkpoint`).
        group.abandon(FAILED)
        raise


def record_of(
    objective: Objective, validation: InMemory | None, description: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """The environment and the settings of a run: what a run that continues it must have in common with it."""
    tensors = [objective.data.inputs, objective.data.targets]
    if validation is not None:
        tensors += [validation.inputs, validation.targets]
    return {
        "environment": environment(objective.device, objective.group.world, hash_tensors(*tensors)),
        "settings": {**objective.settings.record(), **description},
    }


def asks_for_another_optimizer(checkpoint: Checkpoint, description: dict[str, str]) -> bool:
    """Whether the optimiser's settings differ from those of the run: then, forced, the new ones hold."""
    stored = checkpoint.state.get("settings", {})
    names = ("optimizer", "learning_rate", "groups")
    return any(name in stored and stored[name] != description[name] for name in names)


def agreed_checkpoint(
    directory: Path, checkpoint: Checkpoint | None, *, folder: RunFolder | None, group: Group
) -> Checkpoint | None:
    """The checkpoint that the first process resumes from, for every process; None for a new run.

    Args:
        directory: the run folder.
        checkpoint: the first process's.
        folder: the first process's run folder; None on the others.
        group: the processes.

    Raises:
        GradusError: when the first process could not begin.
    """
    step = FRESH if checkpoint is None else (step_of(checkpoint.path) or 0)
    agreed = group.broadcast(step)
    if agreed == FAILED:
        raise GradusError(
            Text(
                "the first process of the run could not begin; see its message",
                "训练的第一个进程未能开始；见它的消息",
            )
        )
    if folder is None and agreed >= 0:
        return load_checkpoint(directory / "checkpoints" / f"step-{agreed:08d}")
    return checkpoint


def prepared_checkpoint(
    folder: RunFolder, record: dict[str, Any], *, resume: bool, force: bool, reporter: Reporter
) -> tuple[Checkpoint | None, bool]:
    """The checkpoint in the folder to take up, None for a new run; and whether it continues exactly.

    Raises:
        GradusError: when the folder or the checkpoint does not allow it.
    """
    checkpoint = folder.prepare(resume=resume, force=force, reporter=reporter)
    if checkpoint is None:
        return None, True
    return checkpoint, folder.compare(checkpoint, record, force=force, reporter=reporter)
