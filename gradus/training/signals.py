"""Ctrl-C and SIGTERM as a wish to stop at the next step, not in the middle of one."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradus.training.distributed import Group

WATCHED = (signal.SIGINT, signal.SIGTERM)


class SignalWatch:
    """Within the block the first SIGINT or SIGTERM is only noted in `caught`; a second one acts at once.

    A block within another watched one notes for both.
    """

    def __init__(self) -> None:
        self.caught = 0
        self._before: dict[int, Any] = {}
        self._outer: dict[int, Any] = {}

    def __enter__(self) -> SignalWatch:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in WATCHED}
            self._outer = dict(self._before)
        return self

    def pass_on(self) -> None:
        """After the block: a signal that came too late to stop it goes to the handler of the program around it, if it has one.

        Python's own for Ctrl-C is none: what was asked to stop has come to its end. An outer watch has noted it already.
        """
        handler = self._outer.get(self.caught)
        if callable(handler) and handler is not signal.default_int_handler and not self._watching(handler):
            handler(self.caught, None)

    def agreed(self, group: Group) -> int:
        """The signal that reached any process, 0 for none: all must stop at the same step."""
        if group.world == 1:
            return self.caught
        counts = group.sum([float(self.caught == number) for number in WATCHED])
        return next((number for number, count in zip(WATCHED, counts, strict=True) if count), 0)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.caught:
            self._restore()
            signal.raise_signal(number)
            return
        self.caught = number
        outer = self._outer.get(number)
        if callable(outer) and self._watching(outer):
            outer(number, frame)

    @staticmethod
    def _watching(handler: Any) -> bool:
        return isinstance(getattr(handler, "__self__", None), SignalWatch)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            # A handler that was not set from Python cannot be set again from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before = {}

    def __exit__(self, *exception: object) -> None:
        self._restore()
