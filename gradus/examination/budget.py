"""How long an examination may take, and how much memory."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from gradus.arguments import refusal

UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
SIZES = {"kb": 2.0**10, "mb": 2.0**20, "gb": 2.0**30, "tb": 2.0**40}
SECONDS, BYTES = 60.0, 2.0**31
SPEED = 1e10  # operations a second that sizes are planned for: one core of a small machine
OVERHEAD = 1e-5  # seconds that a node of autograd's graph costs however small it is
FORM = ('a text such as "60s", "2GB" or "60s 2GB"', "形如 “60s”、“2GB” 或 “60s 2GB” 的文字")


class Budget:
    """Seconds and bytes; the clock starts when it is made.

    Sizes are planned from what the model costs in operations, not from how fast this machine happens to be now, so that the
    same call examines the same samples twice; the clock only ends what takes longer.
    """

    def __init__(self, given: Any = "60s") -> None:
        self.seconds, self.bytes, self.limits_memory = _parsed(given)
        self._start = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - (time.monotonic() - self._start)

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start


def _parsed(given: Any) -> tuple[float, float, bool]:
    parts = given.replace(",", " ").split() if isinstance(given, str) else given
    if isinstance(parts, (int, float)) and not isinstance(parts, bool):
        parts = [f"{parts}s"]
    if not isinstance(parts, Sequence) or not parts or not all(isinstance(p, str) for p in parts):
        raise refusal("budget", FORM, given)
    seconds, size = None, None
    for part in parts:
        match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Z]+)", part.strip())
        unit = match.group(2).lower() if match else ""
        value = float(match.group(1)) if match else 0.0
        if not match or not value or unit not in UNITS | SIZES:
            raise refusal("budget", FORM, given)
        if unit in UNITS:
            if seconds is not None:
                raise refusal("budget", ("one time and one size", "一个时间和一个内存大小"), given)
            seconds = value * UNITS[unit]
        else:
            if size is not None:
                raise refusal("budget", ("one time and one size", "一个时间和一个内存大小"), given)
            size = value * SIZES[unit]
    return seconds or SECONDS, size or BYTES, size is not None
