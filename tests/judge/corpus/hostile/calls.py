"""What goes wrong when called: it hangs, leaves, dies, raises.

The comment above each names the page, the ending that the judge must report, and what it does.
"""

import os
import signal
import sys
import threading
import time

import numpy as np


# relu: time limit: a loop without end
def endless(x):
    while True:
        pass


# relu: time limit: sleeps for an hour
def sleeps(x):
    time.sleep(3600)


# relu: time limit: catches every exception and goes on
def stubborn(x):
    while True:
        try:
            time.sleep(3600)
        except BaseException:
            continue


# relu: time limit: ignores the polite signals
def deaf(x):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(3600)


# relu: time limit: waits for a line from standard input that nobody writes
def waits_for_a_pipe(x):
    end, _ = os.pipe()
    return os.read(end, 1)


# relu: time limit: waits for a lock that it holds itself
def deadlock(x):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


# relu: time limit: waits for a thread that never ends
def waits_for_a_thread(x):
    thread = threading.Thread(target=time.sleep, args=(3600,), daemon=True)
    thread.start()
    thread.join()


# relu: exit: sys.exit with status 0
def exits(x):
    sys.exit(0)


# relu: exit: sys.exit with a text
def exits_with_a_text(x):
    sys.exit("all claims hold")


# relu: exit: os._exit with status 0
def exits_at_once(x):
    os._exit(0)


# relu: exit: raises SystemExit itself
def raises_exit(x):
    raise SystemExit


CALLS = [0]


# relu: exit: right five times, then os._exit with status 0
def exits_later(x):
    CALLS[0] += 1
    if CALLS[0] > 5:
        os._exit(0)
    return np.maximum(x, 0)


# relu: exit: another thread ends the process
def exits_in_a_thread(x):
    threading.Thread(target=os._exit, args=(0,)).start()
    time.sleep(5)


# relu: signal: SIGKILL to itself
def killed(x):
    os.kill(os.getpid(), signal.SIGKILL)


# relu: signal: SIGSEGV to itself
def segfault(x):
    os.kill(os.getpid(), signal.SIGSEGV)


# relu: signal: SIGABRT to itself
def aborted(x):
    os.kill(os.getpid(), signal.SIGABRT)


# relu: signal: SIGTERM to itself
def terminated(x):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


# relu: exception KeyboardInterrupt: as Ctrl-C would
def interrupted(x):
    raise KeyboardInterrupt


# relu: exception GeneratorExit: a BaseException that no handler of Exception sees
def generator_exit(x):
    raise GeneratorExit


class Silent(BaseException):
    """An exception of the user's own, derived from BaseException."""


# relu: exception Silent: a BaseException of the user's own
def base_exception(x):
    raise Silent("nothing catches me")


class Unspeakable(Exception):
    """An exception whose text raises."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


# relu: exception Unspeakable: its text raises
def unspeakable(x):
    raise Unspeakable


class Exits(Exception):
    """An exception whose text ends the process."""

    def __str__(self):
        os._exit(0)


# relu: exit|exception: its text ends the process
def text_exits(x):
    raise Exits


# relu: exception ValueError: a megabyte of text with escape sequences
def long_text(x):
    raise ValueError("\x1b[2J\x1b]0;owned\x07" + "x" * 1_000_000)


# relu: exception RecursionError: recursion without end
def recursive(x):
    return recursive(x)


# relu: exception ZeroDivisionError: from a chain of causes
def chained(x):
    try:
        raise KeyError("first")
    except KeyError as error:
        raise ZeroDivisionError("second") from error


# relu: exception ExceptionGroup: several at once
def grouped(x):
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


# relu: exception StopIteration: as from a generator that is empty
def stop_iteration(x):
    return next(iter(()))


# relu: exception NotImplementedError: an unfilled body
def unfilled(x):
    raise NotImplementedError
