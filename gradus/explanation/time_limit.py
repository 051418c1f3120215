"""A limit on how long a function of the user's runs."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from gradus.errors import GradusError
from gradus.explanation.program import OutOfTime, place_of, run
from gradus.text import Text

_PATIENCE = 5  # times that it is simply raised
_AGAIN = 0.05  # seconds; what is caught by the user's `except:` is raised once more


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Ends what runs within after so many seconds, an endless loop and a sleep too; None sets no limit.

    A single call that runs outside Python is ended when it returns.

    Raises:
        GradusError: the time is up.
    """
    if seconds is None:
        yield
        return
    struck: list[bool] = []
    place = None
    try:
        with _alarm(seconds, struck):
            yield
    except BaseException as error:
        if not struck or isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise
        place = place_of(error)
    if struck:
        at_en, at_zh = (f", at {place}", f"（位于 {place}）") if place else ("", "")
        raise GradusError(
            Text(
                f"the function was still running after {seconds:g} s{at_en}; give it more time with time_limit "
                "(--time-limit on the command line), or a smaller input",
                f"函数运行 {seconds:g} 秒后仍未结束{at_zh}；请用 time_limit（命令行为 --time-limit）放宽时限，或换用较小的输入",
            )
        )


def _alarm(seconds: float, struck: list[bool]) -> contextlib.AbstractContextManager[None]:
    own = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if own and signal.getsignal(signal.SIGALRM) is not None:
        return _by_signal(seconds, struck)
    return _by_thread(seconds, struck)


@contextlib.contextmanager
def _by_signal(seconds: float, struck: list[bool]) -> Iterator[None]:
    """The system's timer, which interrupts a sleep as well; one that was set before goes on afterwards."""

    def ring(_: int, frame: FrameType | None) -> None:
        struck.append(True)
        if len(struck) <= _PATIENCE:
            raise OutOfTime
        _raise_at_a_line(frame, len(struck) % 20)

    before, tracer, hook = time.monotonic(), sys.gettrace(), sys.unraisablehook
    # in a callback of the garbage collector it is lost, and raised once more
    sys.unraisablehook = lambda lost: None if lost.exc_type is OutOfTime else hook(lost)
    handler = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.settrace(tracer)
        sys.unraisablehook = hook
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - time.monotonic() + before, 1e-3), interval)


def _raise_at_a_line(frame: FrameType | None, later: int) -> None:
    """Ends a loop that catches everything: raises a few lines later, where perhaps no `try` is around."""
    lines = iter(range(later))

    def trace(*_: Any) -> Any:
        if next(lines, None) is None:
            raise OutOfTime
        return trace

    while frame is not None and frame.f_code is not run.__code__:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)


@contextlib.contextmanager
def _by_thread(seconds: float, struck: list[bool]) -> Iterator[None]:
    """A thread that waits, for threads other than the main one and systems without timers."""
    caller, done, turn = threading.get_ident(), threading.Event(), threading.Lock()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with turn:
                if done.is_set():
                    return
                struck.append(True)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(caller), ctypes.py_object(OutOfTime)
                )
            wait = _AGAIN

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with turn:
            done.set()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(caller), None)  # none is left pending
