"""How far the memory of this process grows in a call."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def grown(call: Callable[[], Any]) -> float:
    """MiB by which the peak within the call exceeds what the process held before.

    Linux forgets an earlier peak when told to; elsewhere the peak of the whole process before the call is what it is compared
    with, which hides a growth below it.
    """
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        call()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    before = _held("VmRSS")
    call()
    return (_held("VmHWM") - before) / 1024


def _held(field: str) -> int:
    """KiB."""
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))
