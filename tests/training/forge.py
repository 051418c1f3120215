"""A parent that forks runs of `fit` and lets them be killed: PyTorch is imported once for all of them.

Reads one JSON request per line and answers each with one line, the status of the child. Not a test module.
"""

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch
from small_run import model, noisy, train

from gradus.training import Callback

torch.set_num_threads(1)
SETTINGS: dict[str, Any] = {
    "epochs": 4,
    "checkpoint_every": 2,
    "schedule": "cosine",
    "ema": 0.9,
    "augment": noisy,
}


class At(Callback):
    """Sends this process a signal after a step."""

    def __init__(self, step: int, number: int) -> None:
        self.step, self.number = step, number

    def on_step_end(self, run: Any) -> None:
        if run.step == self.step:
            os.kill(os.getpid(), self.number)


class Slow(Callback):
    """Takes its time, so that a signal from outside arrives within the run."""

    def on_step_end(self, run: Any) -> None:
        time.sleep(0.02)


def kill_at_call(nth: int) -> None:
    """Die of SIGKILL in the n-th system call that writing makes."""
    left = [nth]

    def wrapped(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                if real is write:
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])  # half of it
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return call

    write = os.write
    for name in ("open", "write", "fsync", "replace"):
        setattr(os, name, wrapped(getattr(os, name)))


def child(request: dict[str, Any]) -> int:
    callbacks: list[Callback] = []
    if "step" in request:
        callbacks.append(At(request["step"], request.get("signal", signal.SIGKILL)))
    if request.get("slow"):
        callbacks.append(Slow())
    if "call" in request:
        kill_at_call(request["call"])
    try:
        train(
            model("conv norm dropout"),
            Path(request["directory"]),
            resume=True,
            callbacks=callbacks,
            **SETTINGS,
        )
    except SystemExit as error:
        return int(error.code)  # type: ignore[arg-type]
    except ValueError as error:
        print(error, file=sys.stderr, flush=True)
        return 2
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve() -> None:
    # Imports, kernels compiled on first use and the like are inherited by the children.
    train(model("conv norm dropout"), **SETTINGS | {"epochs": 1})
    for line in sys.stdin:
        request = json.loads(line)
        pids = []
        for _ in range(request.get("processes", 1)):
            if (pid := os.fork()) == 0:
                os._exit(child(request))
            pids.append(pid)
        if "after" in request:
            time.sleep(request["after"])
            os.kill(pids[0], request.get("signal", signal.SIGKILL))
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        print(json.dumps(codes), flush=True)


if __name__ == "__main__":
    serve()
