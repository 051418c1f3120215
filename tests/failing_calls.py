"""The operating system failing at the n-th call: shared by the tests of what is written."""

import os

import pytest

CALLS = ("open", "write", "fsync", "replace", "close")


class Failing:
    """Makes the n-th call to the operating system fail with an error number."""

    def __init__(self, patch: pytest.MonkeyPatch, nth: int, number: int) -> None:
        self.left, self.failed = nth, False
        for name in CALLS:
            patch.setattr(os, name, self.wrapped(getattr(os, name), name, number))

    def wrapped(self, real, name, number):  # type: ignore[no-untyped-def]
        """The call that counts."""

        def call(*arguments, **named):  # type: ignore[no-untyped-def]
            self.left -= 1
            if self.left == 0:
                self.failed = True
                if name == "close":
                    real(*arguments)  # a failing close has closed all the same
                raise OSError(number, os.strerror(number))
            return real(*arguments, **named)

        return call
