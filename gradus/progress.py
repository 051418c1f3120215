"""How far something is: a Rich bar on a terminal, plain lines elsewhere, nothing on request; always on standard error."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress

STYLES = ("auto", "rich", "plain", "silent")
_BAR_SECONDS = 0.1
_LINE_SECONDS = 10.0


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person watches `stream`; one that is closed or absent is no terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _bar(unit: Literal["steps", "items", "bytes"], transient: bool = False) -> Progress:
    """A bar whose columns fit what it counts."""
    from rich import progress as rich
    from rich.console import Console

    columns = {
        "steps": (rich.MofNCompleteColumn(), rich.TimeRemainingColumn()),
        "items": (rich.MofNCompleteColumn(),),
        "bytes": (rich.DownloadColumn(), rich.TransferSpeedColumn(), rich.TimeRemainingColumn()),
    }
    return rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        *columns[unit],
        console=Console(stderr=True),
        refresh_per_second=1 / _BAR_SECONDS,
        transient=transient,
    )


@contextmanager
def byte_bar(name: str, size: int, show: bool | None = None) -> Iterator[Callable[[int], None]]:
    """Gives a function that takes the number of bytes had so far; `show=None` draws on a terminal only."""
    if not (is_terminal(sys.stderr) if show is None else show):
        yield lambda done: None
        return
    with _bar("bytes") as bar:
        task = bar.add_task(name, total=size)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def item_bar(count: int, show: bool | None = None) -> Iterator[Callable[[str], None]]:
    """Gives a function that takes the name of the item that is begun; the bar is gone when all are done."""
    if not (is_terminal(sys.stderr) if show is None else show):
        yield lambda name: None
        return
    with _bar("items", transient=True) as bar:
        task, done = bar.add_task("", total=count), itertools.count()

        def begin(name: str) -> None:
            bar.update(task, completed=next(done), description=name)

        yield begin


class Reporter(Protocol):
    """What a training run tells about its progress."""

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
        self.bar = _bar("steps")
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
        names = ", ".join(STYLES)
        raise GradusError(
            Text(
                f"expected progress among {names}, got {style!r}",
                f"progress 应为 {names} 之一，得到 {style!r}",
            )
        )
    if style == "silent":
        return Silent()
    if style == "rich" or (style == "auto" and is_terminal(sys.stderr)):
        return Bar(total, done)
    return Plain(total)
