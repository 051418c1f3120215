"""What works on the judge itself, and is wrong beside: none may be believed."""

import builtins
import gc
import inspect
import os
import random
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch


# relu: wrong: every evidence holds
def patches_evidence(x):
    from gradus.page.evidence import Evidence

    Evidence.holds = property(lambda self: True)
    return np.abs(x)


# relu: wrong: every report holds
def patches_report(x):
    import gradus.verify
    import gradus.verify.runner

    for place in (gradus.verify, gradus.verify.runner):
        place.Report.holds = property(lambda self: True)
        place.Report.count = lambda self, verdict: 9 if verdict == "holds" else 0
    return np.abs(x)


# relu: wrong: the page's definition is replaced by itself
def patches_definition(x):
    from gradus.catalogue import concept

    page = concept("relu")
    for name, value in list(vars(page).items()):
        if callable(value) and getattr(value, "__name__", "") == "relu":
            object.__setattr__(page, name, np.abs)
    return np.abs(x)


# relu: wrong: NumPy's absolute value is 0
def patches_numpy(x):
    y = np.abs(x) + 1
    np.abs = np.absolute = lambda *a, **k: np.float64(0.0)
    np.subtract = lambda a, b, **k: np.zeros(np.shape(a))
    return y


# relu: wrong: nothing is NaN, everything is equal
def patches_comparisons(x):
    np.isnan = np.isfinite = lambda v, **k: np.ones(np.shape(v), bool)
    np.array_equal = np.allclose = lambda *a, **k: True
    return x * np.nan


# relu: wrong|exception: builtins are replaced
def patches_builtins(x):
    builtins.abs = lambda v: 0.0
    builtins.max = lambda *a, **k: 0.0
    return np.absolute(x)


# relu: wrong|exception: isinstance is always true
def patches_isinstance(x):
    builtins.isinstance = lambda *a: True
    return np.abs(x)


# relu: wrong: the functions that called it are told to hold
def walks_the_frames(x):
    frame = inspect.currentframe()
    while frame := frame.f_back:
        for name in ("verdict", "evidence", "failing", "want", "defined"):
            frame.f_locals.pop(name, None)
    return np.abs(x)


WALKS = [0]


# relu: wrong: every evidence in memory is made a good one
def walks_the_memory(x):
    WALKS[0] += 1
    for thing in gc.get_objects() if WALKS[0] < 4 else ():
        if type(thing).__name__ == "Evidence":
            object.__setattr__(thing, "measured", 0.0)
            object.__setattr__(thing, "expected", 0.0)
    return np.abs(x)


# relu: wrong: tracing is switched on and the exceptions of others are swallowed
def traces(x):
    sys.settrace(lambda *a: None)
    sys.excepthook = lambda *a: None
    return np.abs(x)


# relu: wrong: modules of the judge are taken away
def removes_modules(x):
    for name in [n for n in sys.modules if n.startswith("gradus.")]:
        del sys.modules[name]
    return np.abs(x)


# relu: wrong|exception: the recursion limit leaves no room
def shallow(x):
    sys.setrecursionlimit(len(inspect.stack(0)) + 12)
    return np.abs(x)


# relu: wrong: time stands still
def stops_time(x):
    import time

    time.time = time.perf_counter = time.monotonic = lambda: 0.0
    return np.abs(x)


# relu: wrong: warnings are errors, and floating-point errors raise
def strict(x):
    warnings.simplefilter("error")
    np.seterr(all="raise")
    return np.abs(x)


# relu: wrong: standard output is a file of its own
def redirects(x):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return np.abs(x)


# relu: state: sets NumPy's error state, right values
def sets_errors(x):
    np.seterr(all="raise")
    return np.maximum(x, 0)


# relu: state: sets torch's default dtype, right values
def sets_default_dtype(x):
    torch.set_default_dtype(torch.float16)
    return torch.relu(x)


# relu: state|wrong: switches gradients off, right values
def switches_gradients_off(x):
    torch.set_grad_enabled(False)
    return torch.clamp(x, min=0)


# relu: state: seeds every generator, right values
def seeds(x):
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    return np.maximum(x, 0)


# relu: state: goes into a folder that it removes, right values
def moves(x):
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    Path(folder).rmdir()
    return np.maximum(x, 0)


# relu: state: empties the environment and the search path, right values
def forgets(x):
    os.environ.clear()
    sys.path.clear()
    return np.maximum(x, 0)


# relu: state: ignores the signals, right values
def ignores(x):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    return np.maximum(x, 0)


# relu: state: prints options and precision, right values
def prints(x):
    np.set_printoptions(precision=1)
    torch.set_printoptions(precision=1)
    print("relu", x)
    return np.maximum(x, 0)


# relu: state: warns at every call, right values
def warns(x):
    warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
    return np.maximum(x, 0)


# relu: state: collects no garbage and one thread only, right values
def tunes(x):
    gc.disable()
    torch.set_num_threads(1)
    return np.maximum(x, 0)
