"""The one door through which the corpora are judged: in this process, or by the command line in its own."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESS_SPACE = (
    16 << 30
)  # bytes: the machine is safe from what grows without end, whatever the judge's own limit


@dataclass(frozen=True)
class Outcome:
    """What became of one implementation.

    Attributes:
        failing: claim → figures, or the reason, of those that failed.
        holding, skipped: how many held, and did not apply.
        error: the one-line error of an implementation that could not be judged at all.
        seconds: how long it took.
    """

    failing: dict[str, str]
    holding: int
    skipped: int
    error: str = ""
    seconds: float = 0.0

    @property
    def condemned(self) -> bool:
        """Whether a claim failed, or nothing could be judged."""
        return bool(self.failing or self.error or not self.holding)

    @property
    def text(self) -> str:
        """What failed and why, in one line."""
        return "; ".join([self.error, *[f"{claim}: {why}" for claim, why in self.failing.items()]]).strip(
            "; "
        )


def judged(key: str, path: Path, name: str, first: bool = False, as_written: bool = False) -> Outcome:
    """Every quick claim of the page on the implementation, in this process.

    With `first` it stops at the first claim that fails; with `as_written` each call is made as it stands, as it is done
    anew where the cheaper way has spoilt what the function remembers.
    """
    from gradus.catalogue import concept
    from gradus.errors import GradusError
    from gradus.verify import verify_concept
    from gradus.verify.isolated.watch import EndedItself
    from gradus.verify.trial import tried
    from gradus.verify.user_code import load_implementation

    page, start = concept(key), time.perf_counter()
    failing: dict[str, str] = {}
    counts = {"holds": 0, "skipped": 0, "fails": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function = load_implementation(f"{path}:{name}")
            trial = tried(
                page, function, None, f"{path.name}:{name}", lambda _: contextlib.nullcontext(), as_written
            )
            if trial.fault:
                return Outcome({"structure": trial.fault.en}, 1, 0, "", time.perf_counter() - start)
            for result in verify_concept(page, trial.adapted):
                counts[result.verdict] += 1
                if result.verdict == "fails":
                    e = result.evidence
                    failing[result.claim.name] = f"{e} {e.note.en}".strip() if e else result.reason.en
                    if first:
                        break
        except (GradusError, EndedItself) as error:
            return Outcome(failing, 0, 0, str(error), time.perf_counter() - start)
    if trial.adapted.calls.leaked:
        return judged(key, path, name, first, as_written=True)
    return Outcome(failing, counts["holds"], counts["skipped"], "", time.perf_counter() - start)


@dataclass(frozen=True)
class Ending:
    """How a judgement in its own process ended: exit status (None: past the hard limit), its streams, its files."""

    status: int | None
    out: str
    err: str
    junit: str
    data: dict | None
    seconds: float

    @property
    def text(self) -> str:
        """Everything that the user could read."""
        return "\n".join([self.out, self.err, self.junit])


def ended(
    key: str, path: Path, name: str, folder: Path, limit: float, options: tuple[str, ...] = ()
) -> Ending:
    """The command line on the implementation in a process of its own, killed after `limit` seconds.

    Its streams go to files: a process that the user's code left behind must not keep a pipe open.
    """
    junit, out, err = folder / "claims.xml", folder / "stdout", folder / "stderr"
    command = [sys.executable, "-m", "gradus", "verify", key, "--implementation", f"{path}:{name}", "--junit", str(junit), "--json", *options]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    start = time.perf_counter()
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_err, start_new_session=True,
        )  # fmt: skip
        if hasattr(resource, "prlimit"):  # from outside: code between fork and exec is unsafe beside threads
            resource.prlimit(process.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        try:
            status: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end_group(process)
    seconds = time.perf_counter() - start
    text = [p.read_text(encoding="utf-8", errors="replace") if p.exists() else "" for p in (out, err, junit)]
    try:
        data = json.loads(text[0])
    except ValueError:
        data = None
    return Ending(status, *text, data, seconds)


def _end_group(process: subprocess.Popen) -> None:
    """Ends the judge and whatever is left of its session, which this function's caller started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
