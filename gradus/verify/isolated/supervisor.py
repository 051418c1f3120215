"""Watches over the process that judges a user's code: reads what it reports, stops it at its limits, and says how it ended.

Nothing that the user's code does to its process reaches this one. When the process ends before its work is done, the
claim that it was at fails for that reason, and another process goes on with the next claim.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text
from gradus.verify.isolated.board import Activity, Board
from gradus.verify.isolated.limits import MEGABYTE, Limits
from gradus.verify.isolated.memory import resident_bytes
from gradus.verify.isolated.output import Output
from gradus.verify.isolated.printable import printable
from gradus.verify.isolated.seal import Seal, new_key

LOOK = 0.01  # seconds between two looks
WEIGH = 0.1  # seconds between two looks at the memory
SLACK = 1.25  # what the process itself holds beside the user's arrays
READY = 60.0  # seconds in which the process must begin


@dataclass
class Request:
    """What is judged, and how; `as_written` says that no cheaper way than calls as they stand may be used."""

    key: str
    path: str
    framework: str | None
    cost: Sequence[str]
    base: int
    strict: bool
    limits: Limits
    as_written: bool = False


@dataclass
class Records:
    """What the judging processes have reported so far, and how the last one ended before its time.

    Attributes:
        claims: names of all claims to be measured, in order.
        events: the records, in order.
        endings: by claim, how the process ended in it ("" for an end before the first claim).
        printed: bytes written during each claim.
        output: the beginning of what was printed.
        deaths: processes that ended before their time.
        slow: claims that took too long though every call came back.
        forged: whether lines stood among the records that the judge did not write.
    """

    claims: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    endings: dict[str, Text] = field(default_factory=dict)
    printed: dict[str, int] = field(default_factory=dict)
    output: str = ""
    deaths: int = 0
    slow: set[str] = field(default_factory=set)
    forged: bool = False

    def of(self, event: str) -> list[dict[str, Any]]:
        """The records of one kind."""
        return [e for e in self.events if e["event"] == event]

    @property
    def finished(self) -> bool:
        """Whether a process has come to its own end, and every claim to its result: the word of an end is not enough."""
        before = any(self.of(kind) for kind in ("usage", "answers", "structure"))
        return bool(self.of("end")) and (
            before or (bool(self.claims) and set(self.claims) <= set(self.measured))
        )

    @property
    def current(self) -> str:
        """The claim that is being measured, "" before the first one."""
        names = [e["name"] for e in self.of("claim")]
        return names[-1] if names else ""

    @property
    def measured(self) -> list[str]:
        """Claims that have their result, or their ending."""
        return [e["claim"] for e in self.of("result")] + [name for name in self.endings if name]


class JudgingProcess:
    """One judging process, from its start to its end; a context that leaves none behind."""

    def __init__(self, request: Request, folder: Path, skip: Sequence[str], search: bool) -> None:
        self.limits, self.folder = request.limits, folder
        values = {**asdict(request), "memory": request.limits.memory, "skip": list(skip), "search": search}
        (folder / "request.json").write_text(json.dumps(values), "utf-8")
        self.board = Board(folder / "board", create=True)
        self.records = (folder / "records").open("a+b")
        self.records.seek(0, os.SEEK_END)
        self._rest = b""
        self.process = subprocess.Popen(
            [sys.executable, *_flags(), "-m", "gradus.verify.isolated", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.output = Output(self.process.stdout)
        self.slow = self.forged = False
        key = new_key()
        self._seal = Seal(key)
        with contextlib.suppress(OSError), self.process.stdin as pipe:  # type: ignore[union-attr]
            pipe.write(key)

    def __enter__(self) -> JudgingProcess:
        return self

    def __exit__(self, *error: Any) -> None:
        self.kill()
        self.output.close()
        self.records.close()
        self.board.close()

    def kill(self) -> None:
        """Ends it and whatever it has started."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()

    def news(self) -> list[dict[str, Any]]:
        """The records that have come since the last time; what does not bear our seal is left out."""
        *lines, self._rest = (self._rest + self.records.read()).split(b"\n")
        events = []
        for sealed in lines:
            text = self._seal.opened(sealed)
            if text is None:
                self.forged = True
            else:
                events.append(json.loads(text))
        return events

    def over_limit(self, weigh: bool) -> Text | None:
        """The limit that it has passed, in words; None while it keeps to all."""
        activity, now = self.board.read(), time.monotonic()
        importing = activity.text.startswith("importing ")
        call = self.limits.for_import if importing else self.limits.call
        if activity.call_since and now - activity.call_since > call:
            what = Text("the call did not come back", "调用未返回")
            return _ended(what, _seconds(call, "--call-limit"), activity)
        if activity.claim_since and not importing and now - activity.claim_since > self.limits.claim:
            self.slow = True
            what = Text(
                f"the claim took too long, {activity.calls} calls",
                f"该断言用时过长，共 {activity.calls} 次调用",
            )
            return _ended(what, _seconds(self.limits.claim, "--claim-limit"), activity)
        if weigh and resident_bytes(self.process.pid) > SLACK * self.limits.memory * MEGABYTE + 2**30:
            what = Text("it took too much memory", "占用内存过多")
            limit = f"{self.limits.memory:g} MB (--memory-limit)"
            return _ended(what, Text(f"the memory limit of {limit}", f"内存上限 {limit}"), activity)
        if self.output.total > self.limits.output * 64:
            what = Text("it printed without end", "输出没有止境")
            limit = f"{self.limits.output * 64 / MEGABYTE:g} MB"
            return _ended(what, Text(f"the limit of {limit}", f"上限 {limit}"), activity)
        return None


def follow(
    request: Request, told: Callable[[Records], None], deaths: int, meanwhile: Callable[[], object]
) -> Records:
    """Runs judging processes until every claim has its result, or `deaths` of them have died.

    `told` is called a few times a second, and whenever a record comes; `meanwhile` once, while the first process starts.
    """
    records = Records()
    with tempfile.TemporaryDirectory(prefix="gradus-verify-") as name:
        while not records.finished and records.deaths < deaths:
            failed = any(e["verdict"] == "fails" for e in records.of("result"))
            search = failed and not records.of("search")
            with JudgingProcess(request, Path(name), records.measured, search) as judging:
                meanwhile() if not records.events else None
                ending = _until_its_end(judging, records, told)
                records.output = records.output or judging.output.text
                records.forged |= judging.forged
            if records.of("spoilt") and not request.as_written:
                request = replace(request, as_written=True)
                records.events = [e for e in records.events if e["event"] not in ("search", "spoilt")]
                continue
            if ending is not None:
                records.deaths += 1
                records.endings["" if not records.of("taken") else records.current] = ending
                records.slow |= {records.current} if judging.slow else set()
                if not records.of("taken"):
                    break
    return records


def _until_its_end(judging: JudgingProcess, records: Records, told: Callable[[Records], None]) -> Text | None:
    """How the process ended before its time; None when it came to its own end."""
    begun, weighed, before = time.monotonic(), 0.0, 0
    while True:
        ended = judging.process.poll() is not None
        for event in judging.news():
            if event["event"] == "result":
                records.printed[event["claim"]], before = judging.output.total - before, judging.output.total
            records.events.append(event)
            if event["event"] == "ready":  # the first was written before any of the user's code ran
                records.claims = records.claims or event["claims"]
        told(records)
        if records.finished:
            return None
        if ended:
            return _how_it_ended(judging)
        weigh = time.monotonic() - weighed > WEIGH
        weighed = time.monotonic() if weigh else weighed
        limit = judging.over_limit(weigh)
        if limit is not None:
            return limit
        if not records.claims and time.monotonic() - begun > READY:
            return Text(f"it did not begin within {READY:g} s", f"{READY:g} 秒内未能开始")
        with contextlib.suppress(subprocess.TimeoutExpired):
            judging.process.wait(LOOK)


def _how_it_ended(judging: JudgingProcess) -> Text:
    """By which exit status or signal the process is gone, and in which call."""
    code, activity = judging.process.returncode, judging.board.read()
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        what = Text(f"the process was ended by {name}", f"进程被 {name} 终止")
    else:
        what = Text(f"the process ended itself with status {code}", f"进程自行结束，状态为 {code}")
    return _with_input(what, activity)


def _ended(what: Text, limit: Text, activity: Activity) -> Text:
    return _with_input(Text(f"{what.en} within {limit.en}", f"{what.zh}，{limit.zh}"), activity)


def _seconds(limit: float, option: str) -> Text:
    return Text(f"the time limit of {limit:g} s ({option})", f"时限 {limit:g} 秒（{option}）")


def _with_input(what: Text, activity: Activity) -> Text:
    if not activity.text or not activity.call_since:
        return what
    doing = printable(activity.text)
    if doing.startswith("importing "):
        return Text(f"{what.en}; {doing}", f"{what.zh}；{doing.replace('importing', '正在导入', 1)}")
    return Text(f"{what.en}; on {doing}", f"{what.zh}；输入为 {doing}")


def _flags() -> list[str]:
    """The interpreter's own options, so that the process runs under those of this one."""
    return [
        *(["-X", "dev"] if sys.flags.dev_mode else []),
        *(["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []),
    ]


def no_report(records: Records) -> GradusError:
    """That no judging process has come as far as the user's code."""
    why = next(iter(records.endings.values()), Text("it reported nothing", "未报告任何内容"))
    return GradusError(
        Text(
            f"the judging process failed: {why.en}; {records.output}",
            f"评判进程失败：{why.zh}；{records.output}",
        )
    )
