"""What goes on after the call, or works on what the judge itself needs: threads, alarms, endings, forged records."""

import atexit
import contextlib
import faulthandler
import json
import json.encoder
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np


# relu: wrong: registers an ending that prints a good report
def prints_at_the_end(x):
    atexit.register(lambda: print('{"holds": true, "counts": {"holds": 99, "fails": 0}}', flush=True))
    return np.abs(x)


# relu: wrong: writes an end into every file of records that it finds open
def writes_records(x):
    for number in range(3, 32):
        with contextlib.suppress(OSError):
            if "records" in str(Path(f"/proc/self/fd/{number}").readlink()):
                os.write(number, b'{"event": "end"}\n')
    return np.abs(x)


FORGED = {
    "event": "result", "claim": "equals-definition", "verdict": "holds", "evidence": None, "reason": ["", ""],
    "seed": 0, "seconds": 0.0, "replaced": [],
}  # fmt: skip


# relu: wrong|exit|exception: ends the report by its own hand
def forges_the_end(x):
    records = Path(sys.orig_argv[-1]) / "records"
    if records.is_file():
        with records.open("a") as file:
            file.write(f'{json.dumps(FORGED)}\n{{"event": "end"}}\n')
    return np.abs(x)


# relu: wrong: dumps its threads all the time to standard error
def dumps(x):
    faulthandler.dump_traceback_later(0.01, repeat=True, file=sys.__stderr__)
    return np.abs(x)


# relu: wrong: an alarm goes off after the call
def alarm_later(x):
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(RuntimeError("the alarm")))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    return np.abs(x)


# relu: signal|exit|exception: the default answer to an alarm ends the process
def alarm_kills(x):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.2)
    return np.abs(x)


class Cleaner:
    def __del__(self):
        np.maximum = np.minimum


# relu: wrong: replaces NumPy's maximum when an object of its own is collected
def on_collection(x):
    Cleaner()
    return np.abs(x)


# relu: wrong: a thread that raises in the main thread
def raises_in_main(x):
    import ctypes

    ident = threading.main_thread().ident

    def later():
        time.sleep(0.001)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(KeyboardInterrupt))

    threading.Thread(target=later, daemon=True).start()
    return np.abs(x)


# relu: wrong: leaves a child that keeps a socket open
def child_with_socket(x):
    if not hasattr(child_with_socket, "child"):
        child_with_socket.socket = socket.socketpair()
        child_with_socket.child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"])
    return np.abs(x)


# relu: wrong: the profile function counts and forgets
def profiles(x):
    sys.setprofile(lambda *_: None)
    return np.abs(x)


# relu: exception OverflowError|exception ValueError: an integer of a million digits in the message
def long_number(x):
    raise OverflowError("9" * 1_000_000)


class BadText(ValueError):
    def __str__(self):
        return str(self.args[0].shape) + chr(27) + "[2J" + "…" * 5000


# relu: exception BadText: its text is long and moves the cursor
def raises_bad_text(x):
    error = BadText(np.ones((3, 3)))
    error.__cause__ = error
    raise error


# relu: exception UnicodeEncodeError|exception ValueError: halves of characters in the message
def surrogates(x):
    raise ValueError("\udc80\ud800 \u202e reversed")


# relu: wrong|exception: numbers and types are exchanged in the builtins
def exchanges_builtins(x):
    import builtins

    builtins.len, builtins.sum, builtins.max, builtins.any = max, len, sum, all
    return np.abs(x)


# relu: wrong: the comparison of floats by math is replaced
def patches_math(x):
    import math

    math.isnan = math.isfinite = lambda value: True
    json.dumps = lambda *a, **k: '{"event": "end"}'
    return np.abs(x)


# relu: wrong: numpy.testing, numpy.ma and their kind say that all is close
def patches_numpy_deep(x):
    np.core = np
    np.ndarray_max = np.ndarray.max
    np.isfinite = np.isnan = np.isinf = lambda value, *a, **k: np.zeros(np.shape(value), bool)
    return np.abs(x)


class Offers:
    """It answers as often as it takes to be believed, and offers nothing then."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        if self.calls > 4:
            raise NotImplementedError
        return np.maximum(x, 0)


# relu: wrong: an instance that offers nothing once it has been tried
offers_nothing = Offers()


# relu: wrong: every record that the judge writes says that it is done
def ends_with_one_word(x):
    json.dumps = json.encoder.JSONEncoder.encode = lambda *a, **k: '{"event": "end"}'
    return np.abs(x)
