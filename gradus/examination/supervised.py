"""A user's model examined in a process of its own, which is ended when its time is up, whatever it does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.examination.examination import Examination
from gradus.text import Text
from gradus.verify.isolated.output import Output

LOOK = 0.02
FOR_SETUP = 300.0  # seconds that importing the user's file and its setup may take
SLACK = 1.1


@dataclass(frozen=True)
class Supervised:
    """An examination from another process.

    Attributes:
        examination: what was found, up to the end or to where it was ended.
        printed: the beginning of what the user's code printed.
    """

    examination: Examination
    printed: str


def examine_file(
    path: str, *, budget: str | None = None, sections: list[str] | None = None, seed: int | None = None,
    checkpoint: str | None = None, lang: str = "en",
) -> Supervised:  # fmt: skip
    """Examines what `FILE.py:setup` returns.

    Raises:
        GradusError: the file, its function or what it returns is wrong, or it does not come to the examination in time.
    """
    request = {
        "path": path,
        "budget": budget,
        "sections": sections,
        "seed": seed,
        "checkpoint": checkpoint,
        "lang": lang,
    }
    with tempfile.TemporaryDirectory(prefix="gradus-examine-") as name:
        folder = Path(name)
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "gradus.examination", name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        output = Output(process.stdout)
        try:
            late = _wait(process, folder)
        finally:
            _kill(process)
            output.close()
        state = _read(folder / "state.json") or {}
        if state.get("state") == "refused":
            en, zh = state["text"]
            raise GradusError(Text(en, zh))
        report = _read(folder / "report.json")
        if report is None:
            raise _nothing(process, path, late, output.text)
        found = Examination.from_dict(report, lang)
        if state.get("state") != "done":
            found = _cut_short(found, late, process.returncode)
        return Supervised(found, output.text)


def _wait(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Waits until it ends; whether it was too late."""
    begun, deadline = time.monotonic(), FOR_SETUP
    examining = False
    while process.poll() is None:
        try:
            if not examining:
                state = _read(folder / "state.json")
                if state is not None and state["state"] == "begun":
                    examining, begun = True, time.monotonic()
                    deadline = SLACK * state["seconds"]
            if time.monotonic() - begun > deadline:
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK)
        except KeyboardInterrupt:
            if not examining:
                raise
            with contextlib.suppress(OSError):
                process.send_signal(signal.SIGINT)
            deadline, begun, examining = 5.0, time.monotonic(), True
    return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def _read(path: Path) -> Any:
    with contextlib.suppress(OSError, ValueError):
        return json.loads(path.read_text("utf-8"))
    return None


def _ending(late: bool, code: int) -> Text:
    if late:
        return Text("its time was up", "时间已到")
    if code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return Text(f"the process was ended by {name}", f"进程被 {name} 终止")
    return Text(f"the process ended itself with status {code}", f"进程自行结束，状态为 {code}")


def _nothing(process: subprocess.Popen[bytes], path: str, late: bool, printed: str) -> GradusError:
    en, zh = _ending(late, process.returncode or 0)
    said = f"; {' '.join(printed.split())[:300]}" if printed.strip() else ""
    return GradusError(
        Text(f"{path} did not come to the examination: {en}{said}", f"{path} 未能进行到检查：{zh}{said}")
    )


def _cut_short(found: Examination, late: bool, code: int) -> Examination:
    """The report with what it had not come to listed."""
    why = _ending(late, code)
    for section in found.sections:
        if not section.facts and not section.verdicts and not section.not_checked:
            section.leave(Text("the whole section", "整节"), why)
        elif section.name == found.current:
            section.leave(Text("the rest of the section", "本节其余部分"), why)
    return found
