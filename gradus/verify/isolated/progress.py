"""How far a verification is: nothing for two seconds, then a bar on a terminal, or a line every ten seconds elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import Any

from gradus.progress import is_terminal, item_bar
from gradus.verify.isolated.supervisor import Records

QUIET = 2.0
LINE = 10.0


class Progress:
    """Told of the records as they come."""

    def __init__(self, key: str, show: bool) -> None:
        self.key, self.show = key, show
        self._begun = self._line = time.monotonic()
        self._stack = contextlib.ExitStack()
        self._begin: Any = None
        self._shown = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def __call__(self, records: Records) -> None:
        """Shows the claim that is being measured."""
        now = time.monotonic()
        if not self.show or now - self._begun < QUIET or not records.claims:
            return
        if not is_terminal(sys.stderr):
            self._say(records, now)
            return
        if self._begin is None:
            self._begin = self._stack.enter_context(item_bar(len(records.claims)))
        if records.current != self._shown:
            self._shown = records.current
            self._begin(f"{self.key}: {records.current}")

    def _say(self, records: Records, now: float) -> None:
        if now - self._line >= LINE:
            self._line = now
            done, all_ = len(records.measured), len(records.claims)
            with contextlib.suppress(OSError, ValueError, AttributeError):
                sys.stderr.write(
                    f"gradus: {self.key}, {done}/{all_}: {records.current} ({now - self._begun:.0f} s)\n"
                )
