"""What a user's code prints: read as it comes, counted, its beginning kept."""

from __future__ import annotations

import os
import threading
from typing import Any

from gradus.verify.isolated.printable import CLIPPED, clipped

_CHUNK = 1 << 16


class Output:
    """Drains the pipe that a process writes to, so that it never waits for a reader.

    Attributes:
        total: bytes so far.
    """

    def __init__(self, pipe: Any) -> None:
        self.total = 0
        self._head = b""
        self._pipe = pipe
        self._thread = threading.Thread(target=self._drain, name="gradus-output", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        while True:
            try:
                chunk = os.read(self._pipe.fileno(), _CHUNK)
            except (OSError, ValueError):
                return
            if not chunk:
                return
            self.total += len(chunk)
            if len(self._head) < 4 * CLIPPED:
                self._head += chunk

    @property
    def text(self) -> str:
        """The beginning of it, harmless to a terminal."""
        self._thread.join(0.05)
        return clipped(self._head[: 4 * CLIPPED], self.total)

    def close(self) -> None:
        """Stops reading; a process that still holds the other end is not waited for."""
        self._thread.join(0.2)
        if not self._thread.is_alive():
            self._pipe.close()
