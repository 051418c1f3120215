"""How far a run is: a Rich bar on a terminal, plain lines elsewhere, nothing on request."""

import sys
import time
from typing import Any, Protocol

from gradus.errors import GradusError

STYLES = ("auto", "rich", "plain", "silent")
_BAR_SECONDS = 0.1
_LINE_SECONDS = 10.0


class Reporter(Protocol):
    """What `fit` tells about its progress."""

    def step(self, epoch: int, step: int, loss: float) -> None:
        """A step is done."""

    def epoch(self, row: dict[str, Any], seconds: float) -> None:
        """An epoch is done."""

    def say(self, line: str) -> None:
        """Something the user should know."""

    def close(self) -> None:
        """The run is over."""


def describe(row: dict[str, Any]) -> str:
    """The figures of an epoch in one line."""
    figures = [
        f"{key.replace('_', ' ')} {value:.4g}" for key, value in row.items() if isinstance(value, float)
    ]
    return f"epoch {row['epoch']}: " + ", ".join(figures)


class Silent:
    """Nothing."""

    def step(self, epoch: int, step: int, loss: float) -> None:
        """Nothing."""

    def epoch(self, row: dict[str, Any], seconds: float) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Plain:
    """One line per epoch, and one every ten seconds within a long one."""

    def __init__(self, total: int) -> None:
        self.total, self.next = total, time.monotonic() + _LINE_SECONDS

    def step(self, epoch: int, step: int, loss: float) -> None:
        """A line if the last is ten seconds old."""
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + _LINE_SECONDS
            self.say(f"epoch {epoch}, step {step}/{self.total}: loss {loss:.4g}")

    def epoch(self, row: dict[str, Any], seconds: float) -> None:
        """The epoch's figures."""
        self.next = time.monotonic() + _LINE_SECONDS
        self.say(f"{describe(row)} ({seconds:.1f} s)")

    def say(self, line: str) -> None:
        """A line on the error stream, so that a program's own output stays clean."""
        print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing to tidy up."""


class Bar:
    """A bar over all steps, with the loss, the speed and the time left."""

    def __init__(self, total: int, done: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(stderr=True), refresh_per_second=10)
        self.task = self.bar.add_task("training", total=total, completed=done)
        self.next = 0.0
        self.bar.start()

    def step(self, epoch: int, step: int, loss: float) -> None:
        """Move the bar, ten times a second at most."""
        now = time.monotonic()
        if now >= self.next:
            self.next = now + _BAR_SECONDS
            self.bar.update(self.task, completed=step, description=f"epoch {epoch}  loss {loss:.4g}")

    def epoch(self, row: dict[str, Any], seconds: float) -> None:
        """The epoch's figures, above the bar."""
        self.bar.update(self.task, completed=row["step"])
        self.bar.console.print(f"{describe(row)} ({seconds:.1f} s)", highlight=False, markup=False)

    def say(self, line: str) -> None:
        """A line above the bar."""
        self.bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Stop drawing."""
        self.bar.stop()


def make_reporter(style: str, total: int, done: int) -> Reporter:
    """The reporter for a style; "auto" is a bar on a terminal and plain lines elsewhere.

    Raises:
        GradusError: for an unknown style.
    """
    if style not in STYLES:
        raise GradusError(f"expected progress among {', '.join(STYLES)}, got {style!r}")
    if style == "silent":
        return Silent()
    if style == "rich" or (style == "auto" and sys.stderr.isatty()):
        return Bar(total, done)
    return Plain(total)
