"""JSON lines: one row per event, cut back on resuming to the step that the run is taken up from."""

import json
import math
import os
from pathlib import Path
from typing import Any

from gradus.files import write_atomically, write_failed


def _plain(value: Any) -> Any:
    # JSON has no NaN; a metric without a value (no sample of a class, say) is null.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class JsonLines:
    """A file of JSON rows, each of which has a "step".

    Rows are handed to the system at once, so they survive the death of the process; `sync` flushes them to the
    disk, which is done before each checkpoint.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        self._cut(step)
        try:
            self.file = path.open("ab", buffering=0)
        except OSError as error:
            raise write_failed(path, error) from None

    def _cut(self, step: int) -> None:
        if not self.path.exists():
            return
        lines = []
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                row = json.loads(line)
            except ValueError:
                continue  # torn by the death of its writer
            if line.endswith(b"\n") and isinstance(row, dict) and row.get("step", 0) <= step:
                lines.append(line)
        write_atomically(self.path, lines)

    def append(self, row: dict[str, Any]) -> None:
        """Add a row.

        Raises:
            GradusError: when it cannot be written.
        """
        text = json.dumps({key: _plain(value) for key, value in row.items()}, allow_nan=False)
        try:
            os.write(self.file.fileno(), text.encode() + b"\n")
        except OSError as error:
            raise write_failed(self.path, error) from None

    def sync(self) -> None:
        """Flush the rows to the disk."""
        try:
            os.fsync(self.file.fileno())
        except OSError as error:
            raise write_failed(self.path, error) from None

    def rows(self) -> list[dict[str, Any]]:
        """The rows written so far."""
        return read_rows(self.path)

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; a torn last line is left out."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows
