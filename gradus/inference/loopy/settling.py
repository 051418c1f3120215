"""Messages sent again and again until they settle."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.inference.loopy.messages import Messages

__all__ = ["SCHEDULES", "Settled", "settle", "unsettled"]

Array = np.ndarray[Any, np.dtype[np.float64]]
SCHEDULES = ("sequential", "flooding")


class Settled(NamedTuple):
    """How messages were sent, and how they ended.

    Attributes:
        damping: the share of the old message's logarithm that was kept.
        schedule: "sequential" or "flooding".
        tolerance: of the change.
        most: iterations at most.
        iterations: how many were done.
        change: by set, the largest change of a message's logarithm in the last of them, before damping.
    """

    damping: float
    schedule: str
    tolerance: float
    most: int
    iterations: int
    change: Array


def unsettled(damping: float, schedule: str, tolerance: float, most: int) -> Settled:
    """How messages are to be sent, before any was."""
    return Settled(damping, schedule, tolerance, most, 0, np.full(1, np.inf))


def settle(messages: Messages, how: Settled) -> Settled:
    """Sends all messages until none changes by more than the tolerance, or the iterations are spent."""
    change = np.full(messages.sets, np.inf)
    for done in range(1, how.most + 1):
        change = messages.sweep(how.damping, how.schedule == "sequential")
        if change.max() <= how.tolerance:
            return how._replace(iterations=done, change=change)
    return how._replace(iterations=how.most, change=change)
