"""The streams of a command: what its process may do to them, and characters that an encoding lacks."""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import sys
from typing import TextIO

# What stands for a character that the encoding lacks, such as the true minus in GBK; anything else becomes "?".
STAND_INS = {
    "−": "-", "–": "-", "—": "--", "‐": "-", "×": "x", "·": "*", "…": "...", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~",
    "→": "->", "←": "<-", "∞": "inf", "±": "+-", "“": '"', "”": '"', "‘": "'", "’": "'", "✓": "+", "✗": "x", "●": "*",
    "○": "o", "◌": ".", "├": "|", "└": "`", "─": "-", "│": "|", "\u202f": " ", "\u2009": " ", "\u00a0": " ", "†": "+",
}  # fmt: skip
SUPERSCRIPTS = dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True))


def stand_in(error: UnicodeError) -> tuple[str, int]:
    """The handler of characters that cannot be encoded: 10⁻⁶ as 10^-6, −3 as -3."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text, out = error.object, ""
    for at in range(error.start, error.end):
        character = text[at]
        if character in SUPERSCRIPTS:
            begins = at == 0 or text[at - 1] not in SUPERSCRIPTS
            out += ("^" if begins else "") + SUPERSCRIPTS[character]
        else:
            out += STAND_INS.get(character, "?")
    return out, error.end


def own_the_process() -> None:
    """What a command may do to its process, and a caller's process must be spared."""
    with contextlib.suppress(AttributeError, ValueError):  # a closed pipe, as in `gradus map | head`
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    codecs.register_error("gradus", stand_in)
    for name in ("stdin", "stdout", "stderr"):
        if (
            getattr(sys, name) is None
        ):  # closed: without a stand-in, the next file that is opened would take its place
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="gradus")  # type: ignore[union-attr]


def complain(line: str) -> None:
    """A line on standard error; where it cannot be written, the exit status alone speaks."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def flush() -> None:
    """Lets an error of the last words, such as a full disk, be met here and not when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence(sys.stdout)
        raise
