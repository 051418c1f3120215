"""Runs of `fit` in a child process that is killed at a step."""

import os
import signal
from pathlib import Path
from typing import Any

from gradus.training import Callback


class Kill(Callback):
    """Kills its own process after a step."""

    def __init__(self, step: int) -> None:
        self.at = step

    def on_step_end(self, run: Any) -> None:
        if run.step == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(run: Any, folder: Path, step: int) -> None:
    """Calls `run(folder, callbacks)` in a child that dies at the step; there must be one thread only."""
    child = os.fork()
    if child == 0:
        try:
            run(folder, [Kill(step)])
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert list((folder / "checkpoints").iterdir())
