"""The folder of a run: its checkpoints, its logs, and taking up where it stopped.

```
run.json         the names of the files here that are the run's own (see `run_files`)
metrics.jsonl    one row per epoch; free of times, so that a resumed run writes the same bytes
timings.jsonl    the seconds that each epoch took
log.txt          what the run reported, with the time
checkpoints/     step-00000120.json and its payload
```
"""

import time
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.files import write_failed
from gradus.progress import Reporter
from gradus.text import Text
from gradus.training.checkpoint import Checkpoint, write_checkpoint
from gradus.training.environment import differences
from gradus.training.run import Run, pack_run
from gradus.training.run_files import NOTES, RunFiles
from gradus.training.step_folder import list_checkpoints, newest_checkpoint, prune


class RunFolder:
    """The folder of a run; `keep` checkpoints are kept beside the best."""

    def __init__(self, directory: Path, *, keep: int) -> None:
        self.directory, self.keep = directory, keep
        self.files = RunFiles(directory)
        self.checkpoints = self.files.checkpoints
        self.saved: Path | None = None

    def note(self, line: str) -> None:
        """Add a line to `log.txt`."""
        path = self.directory / NOTES
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
        except OSError as error:
            raise write_failed(path, error) from None

    def prepare(self, *, resume: bool, force: bool, reporter: Reporter) -> Checkpoint | None:
        """Sweep what a killed writer left, and find the checkpoint to take up; None for a new run.

        Raises:
            GradusError: when a run is there and neither `resume` nor `force` was asked for, or files of others are.
            CheckpointError: when every checkpoint is damaged.
        """
        checkpoints = list_checkpoints(self.checkpoints)
        new = not (resume and checkpoints)
        if new:
            self._check(checkpoints, force=force)
        try:
            swept = self.files.sweep()
        except OSError as error:
            raise write_failed(self.directory, error) from None
        if new:
            self.files.begin()
        else:
            self.files.go_on()
        if swept:
            self.note(f"removed {len(swept)} unfinished file(s) of an interrupted writer")
        return None if new else newest_checkpoint(self.checkpoints, lambda line: self.tell(reporter, line))

    def _check(self, checkpoints: list[Path], *, force: bool) -> None:
        if checkpoints and not force:
            raise GradusError(
                Text(
                    f"{self.directory} holds a run (newest checkpoint {checkpoints[-1].stem}): pass resume=True to go on "
                    "with it, force=True to begin anew, or choose another directory",
                    f"{self.directory} 中已有一次训练（最新检查点为 {checkpoints[-1].stem}）：传入 resume=True 可接着训练，force=True 可从头开始，或另选文件夹",
                )
            )
        self.files.check(force=force)

    def tell(self, reporter: Reporter, line: str) -> None:
        """Say it and note it."""
        reporter.say(line)
        self.note(line)

    def compare(
        self, checkpoint: Checkpoint, record: dict[str, Any], *, force: bool, reporter: Reporter
    ) -> bool:
        """Whether the run can go on exactly: same environment, same settings.

        Raises:
            GradusError: when something differs, unless forced.
        """
        state = checkpoint.state if isinstance(checkpoint.state, dict) else {}
        changes = [line for part in record for line in differences(*_recorded(state.get(part), record[part]))]
        if not changes:
            return True
        if not force:
            raise GradusError(
                Text(
                    f"cannot resume {self.directory} exactly: {'; '.join(changes)}; make them agree, or pass force=True "
                    "to go on inexactly",
                    f"无法精确地接续 {self.directory}：{'；'.join(changes)}；请使其一致，或传入 force=True 以不精确地接续",
                )
            )
        self.tell(reporter, f"resumed, but not exact: {'; '.join(changes)}")
        return False

    def save(self, run: Run, record: dict[str, Any]) -> Path:
        """Write a checkpoint of the run as it is, and remove the oldest."""
        for log in run.logs:
            log.sync()
        tensors, state = pack_run(run)
        self.saved = write_checkpoint(
            self.checkpoints / f"step-{run.step:08d}.json", tensors, {**state, **record}
        )
        prune(self.checkpoints, keep=self.keep, also={run.best.step})
        return self.saved


# What earlier versions did not record is not known to differ.
_ADDED = ("learning_rate", "groups", "loss", "augment", "metrics", "update")


def _recorded(stored: Any, current: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    stored = stored if isinstance(stored, dict) else {}
    return stored, {name: value for name, value in current.items() if name in stored or name not in _ADDED}
