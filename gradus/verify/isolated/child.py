"""The process in which a user's code runs: it loads the page and the code, measures claim after claim, and writes down each result.

It is started by `gradus.verify.isolated.supervisor` as `python -m gradus.verify.isolated FOLDER`; the folder holds the
request, the board, and the file that the results are appended to. That file is opened anew for each record, so that
a code that closes descriptors it does not know cuts nobody off.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import thread as pool_threads
from pathlib import Path
from typing import Any

import numpy as np

from gradus.catalogue import concept as load_concept
from gradus.errors import GradusError, raised
from gradus.frameworks import Adapted
from gradus.frameworks.registry import FRAMEWORKS, framework_named
from gradus.page import Claim, Concept
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.counterexamples import Unrepeatable, about_values
from gradus.verify.isolated.board import Board
from gradus.verify.isolated.integrity import Integrity
from gradus.verify.isolated.memory import limit_memory
from gradus.verify.isolated.process_state import ProcessState
from gradus.verify.isolated.seal import SIZE, Seal
from gradus.verify.isolated.watch import EndedItself, Watch
from gradus.verify.isolated.wire import example_values, line, result_values
from gradus.verify.memberwise import Memberwise
from gradus.verify.runner import Result, as_remark, claims_of, counterexample, judge
from gradus.verify.trial import Trial, Unanswered, tried
from gradus.verify.user_code import CannotImport, load_implementation

LONGEST = 600  # characters of an exception's own words


class Judging:
    """One process's work: a page, a user's code, and the claims that are left to be measured."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self._seal = folder, Seal(key)
        self.request: dict[str, Any] = json.loads((folder / "request.json").read_text("utf-8"))
        self.board = Board(folder / "board")
        self.watch = Watch(self.board)
        self.process = os.getpid()
        self.replaced: list[str] = []
        self.write = self.record  # bound before any of the user's code runs

    def record(self, event: str, **values: Any) -> None:
        """Appends one record, unless this is a copy of the process that the user's code has made."""
        if os.getpid() != self.process:
            os._exit(0)
        with (self.folder / "records").open("a", encoding="utf-8") as file:
            file.write(self._seal.sealed(line(event, **values)))

    def run(self) -> None:
        """Everything, in order."""
        concept = load_concept(self.request["key"])
        claims = claims_of(concept, tuple(self.request["cost"]))
        self.write("ready", claims=[c.name for c in claims])
        judges_own, integrity = dict(np.geterr()), Integrity(concept)
        function = self._load()
        self.replaced += integrity.put_back()
        limit_memory(self.request["memory"])
        self.watch.take_settings(judges_own)
        state = ProcessState()
        threads = set(threading.enumerate())
        trial = self._try(concept, function, integrity)
        if trial is None:
            return
        failing = self._measure(concept, claims, trial.adapted, state, integrity)
        self._search(concept, trial.adapted, failing)
        changed = state.put_back()
        self.write("left", fault=_left_behind(self.replaced + integrity.put_back(), threads), changed=changed)
        self.write("end")

    def _load(self) -> Any:
        path = self.request["path"]
        self.board.begin_claim()
        self.board.enter(f"importing {path}")
        sys.argv[:] = [path.rpartition(":")[0]]
        try:
            function = load_implementation(path)
        except GradusError as error:
            self._give_up("answers" if isinstance(error, CannotImport) else "usage", error.text)
        except BaseException as error:
            self._give_up("answers", self._told(error, f"importing {path}"))
        self.board.leave()
        # what the code imports when it is called lies beside it; last, so that it stands before nothing of ours
        sys.path.append(str(Path(path.rpartition(":")[0]).resolve().parent))
        return function

    def _give_up(self, event: str, text: Text) -> None:
        self.write(event, text=list(text))
        self.write("end")
        os._exit(0)

    def _try(self, concept: Concept, function: Any, integrity: Integrity) -> Trial | None:
        self.board.begin_claim()
        try:
            try:
                trial = tried(
                    concept,
                    function,
                    self.request["framework"],
                    self.request["path"],
                    self.watch,
                    self.request["as_written"],
                )
            finally:
                self.replaced += integrity.put_back()
        except (Unanswered, EndedItself) as error:
            self.write("answers", text=list(self._told(error)))
        except (GradusError, NotApplicable) as error:
            self.write("usage", text=list(error.text))
        else:
            single = isinstance(trial.adapted, Memberwise)
            self.write("taken", text=list(trial.why), framework=trial.adapted.framework.name, single=single)
            if not trial.fault:
                return trial
            self.write("structure", text=list(trial.fault))
        self.write("end")
        return None

    def _measure(
        self,
        concept: Concept,
        claims: list[Claim],
        adapted: Adapted,
        state: ProcessState,
        integrity: Integrity,
    ) -> list[Result]:
        failing = []
        for claim in claims:
            if claim.name in self.request["skip"]:
                continue
            state.put_back()
            self.write("claim", name=claim.name)
            self.board.begin_claim()
            result = judge(concept, claim, adapted, self.request["base"], self._told)
            self.board.rest()
            replaced = integrity.put_back()
            self._begin_anew_if_spoilt(adapted)
            if not self.request["strict"]:
                result = as_remark(result)
            self.write("result", replaced=replaced[:4], **result_values(result))
            if result.verdict == "fails":
                failing.append(result)
        return failing

    def _search(self, concept: Concept, adapted: Adapted, failing: list[Result]) -> None:
        """The smallest input, where values are what is wrong."""
        if not (any(about_values(r) for r in failing) or self.request["search"]):
            return
        self.write("search")
        self.board.begin_claim()
        try:
            example = counterexample(concept, adapted, self.request["base"])
        except Unrepeatable as error:
            self.write("unrepeatable", text=list(error.text))
            return
        finally:
            self.board.rest()
        self._begin_anew_if_spoilt(adapted)
        if example is not None:
            self.write("example", **example_values(example))

    def _begin_anew_if_spoilt(self, adapted: Adapted) -> None:
        """Leaves the rest to a process that calls the code as it stands, where a cheaper way has spoilt the code's own memory."""
        if adapted.calls.leaked:
            self.write("spoilt")
            os._exit(0)

    def _told(self, error: BaseException, doing: str = "") -> Text:
        """What was raised, the line of the user's file, and the input."""
        en, zh = error.text if isinstance(error, (Unanswered, EndedItself)) else raised(error)
        en, zh = (words if len(words) <= LONGEST else f"{words[:LONGEST]}…" for words in (en, zh))
        if isinstance(error, MemoryError) or "allocate memory" in en:
            limit = f"{self.request['memory']:g} MB (--memory-limit)"
            en, zh = f"{en}; the memory limit is {limit}", f"{zh}；内存上限为 {limit}"
        place = self.request["path"].rpartition(":")[0]
        number = _line_in(error, place)
        if number:
            en, zh = f"{en}; line {number} of {place}", f"{zh}；{place} 第 {number} 行"
        on = error.on if isinstance(error, Unanswered) else self.watch.failed_on
        on = doing or (on and f"on {on}")
        self.watch.failed_on = ""
        return Text(f"{en}; {on}", f"{zh}；{on.replace('on ', '输入为 ', 1)}") if on else Text(en, zh)


def _line_in(error: BaseException, place: str) -> int | None:
    """The last line of the user's file that the exception passed through."""
    if isinstance(error, SyntaxError):
        return error.lineno
    try:
        file = os.path.realpath(place)
        frames = [
            f for f in traceback.extract_tb(error.__traceback__) if os.path.realpath(f.filename) == file
        ]
    except OSError:
        return None
    return frames[-1].lineno if frames else None


def _left_behind(replaced: list[str], before: set[threading.Thread]) -> list[str] | None:
    """What the user's code has left: a thread of its own, a stream closed, a part of the judge replaced."""
    if replaced:
        names = ", ".join(replaced[:4])
        return [f"it replaces {names} (put back)", f"它替换了 {names}（已恢复）"]
    time.sleep(0)  # a thread that is just ending may end
    pools = getattr(pool_threads, "_threads_queues", {})
    threads = [t for t in threading.enumerate() if t not in before and t.is_alive() and t not in pools]
    if threads:
        names = ", ".join(sorted({t.name for t in threads})[:4])
        return [
            f"{len(threads)} thread{'s' * (len(threads) > 1)} of its own still running ({names})",
            f"遗留 {len(threads)} 个仍在运行的线程（{names}）",
        ]
    closed = [name for number, name in ((1, "stdout"), (2, "stderr")) if not _open(number)]
    if closed:
        names = ", ".join(closed)
        return [f"it closes the standard streams: {names}", f"它关闭了标准流：{names}"]
    return None


def _open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def main(arguments: list[str], leave: Callable[[int], Any] = os._exit) -> None:
    """Runs the request in the folder that is named; ends at once, whatever the user's code has left running."""
    for name in FRAMEWORKS:
        for variable, value in framework_named(name).environment().items():
            os.environ.setdefault(variable, value)
    Judging(Path(arguments[0]), _key()).run()
    leave(0)


def _key() -> bytes:
    """The key of the seal, from standard input, which is empty from then on."""
    with open(0, "rb", closefd=False) as pipe:
        key = pipe.read(SIZE)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return key
