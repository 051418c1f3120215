"""A page of memory that the judging process shares with the one that watches it: what it is doing now, and since when.

A process that is killed, or never returns, cannot say any more on what. So before each call the judging process writes
the call's input here, and the watching one reads it: without a message, and whatever the user's code closed.
"""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path
from typing import NamedTuple

SIZE = 4096
_HEAD = struct.Struct(
    "=qddI"
)  # calls so far, time of the claim, time of the call (0 outside), bytes of the text


class Activity(NamedTuple):
    """What the judging process was doing when it was looked at; times by the machine's monotonic clock, 0 for none."""

    calls: int
    claim_since: float
    call_since: float
    text: str


class Board:
    """The shared page, in a file of one fixed size."""

    def __init__(self, path: Path, create: bool = False) -> None:
        if create:
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self._calls, self._claim = 0, 0.0

    def begin_claim(self) -> None:
        """A claim begins now."""
        self._claim = time.monotonic()
        self._write(0.0, b"")

    def enter(self, text: str) -> None:
        """The user's code is called now, on the input that the text describes."""
        self._calls += 1
        self._write(time.monotonic(), text.encode("utf-8", "replace")[: SIZE - _HEAD.size])

    def leave(self) -> None:
        """The user's code has come back."""
        self._write(0.0, b"")

    def rest(self) -> None:
        """Nothing of the user's is being judged."""
        self._claim = 0.0
        self._write(0.0, b"")

    def read(self) -> Activity:
        """What is going on."""
        calls, claim, call, length = _HEAD.unpack_from(self._memory)
        text = self._memory[_HEAD.size : _HEAD.size + min(length, SIZE - _HEAD.size)]
        return Activity(calls, claim, call, text.decode("utf-8", "replace"))

    def close(self) -> None:
        """Lets go of the file."""
        self._memory.close()

    def _write(self, since: float, text: bytes) -> None:
        self._memory[_HEAD.size : _HEAD.size + len(text)] = text
        _HEAD.pack_into(self._memory, 0, self._calls, self._claim, since, len(text))
