"""The memory of the judging process: limited from inside, and watched from outside."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from gradus.verify.isolated.limits import MEGABYTE


def limit_memory(megabytes: float) -> None:
    """From now on the process may take so much more: beyond it an allocation fails, which Python reports as MemoryError."""
    if sys.platform != "linux":
        return
    import resource

    now = data_bytes(os.getpid())
    with contextlib.suppress(ValueError, OSError):
        most = now + int(megabytes * MEGABYTE)
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def data_bytes(process: int) -> int:
    """Bytes of its own that the process has asked for; 0 where the system does not tell."""
    return _status(process, "VmData:")


def resident_bytes(process: int) -> int:
    """Bytes that the process holds in memory; 0 where the system does not tell."""
    return _status(process, "VmRSS:")


def _status(process: int, field: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for row in Path(f"/proc/{process}/status").read_text().splitlines():
            if row.startswith(field):
                return int(row.split()[1]) * 1024
    return 0
