"""The seal of the records that a judging process writes: what another hand writes among them is told apart and left out.

It promises this much: a user's code that finds the file of the records, by the command line or by an open descriptor, and
writes results or an end of its own into it, or repeats lines that stand there, is not believed, and is found out. The
key comes through a pipe before any of the user's code is loaded, stands in no file and in no variable of the
environment, and is another one for each process.

It does not promise more than one interpreter can hold: judge and user's code share one, so code that searches its memory
for the key, or rewrites the judge's objects while they measure, can say of itself what it likes (`Integrity` finds what is
replaced and left so). The judge isolates from accidents and from common tricks; whose code must be kept out is not to be
run at all.
"""

from __future__ import annotations

import hmac
import secrets

SIZE = 32  # bytes of a key
_DIGEST = hmac.digest  # bound before a user's code can put another in its place
_SAME = hmac.compare_digest


def new_key() -> bytes:
    """A key for one process."""
    return secrets.token_bytes(SIZE)


class Seal:
    """One end of the records: it seals line after line, or opens them; each line is number, seal and text."""

    def __init__(self, key: bytes) -> None:
        self._key, self._number = key, 0

    def sealed(self, text: str) -> str:
        """The text as the next line."""
        self._number += 1
        return f"{self._number} {self._of(self._number, text.encode()).hex()} {text}\n"

    def opened(self, line: bytes) -> bytes | None:
        """The text of a line, without its end; None where the seal is not ours, or the line stood before."""
        try:
            number, seal, text = line.split(b" ", 2)
            ours = _SAME(bytes.fromhex(seal.decode("ascii")), self._of(int(number), text))
        except ValueError:
            return None
        if not ours or int(number) <= self._number:
            return None
        self._number = int(number)
        return text

    def _of(self, number: int, text: bytes) -> bytes:
        return _DIGEST(self._key, b"%d " % number + text, "sha256")
