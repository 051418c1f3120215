"""Objects as Python 2 wrote them to a file, read as inert records: names of classes are words here, and nothing is called."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ARRAY, SPARSE = "numpy.core.multiarray _reconstruct", "scipy.sparse.csr csr_matrix"
_MARK = object()
_SMALL: dict[bytes, Callable[[], Any]] = {
    b"N": lambda: None, b"\x88": lambda: True, b"\x89": lambda: False, b"}": dict, b")": tuple, b"]": list, b"(": lambda: _MARK
}  # fmt: skip
_FIXED = {b"K": "<B", b"M": "<H", b"J": "<i"}  # whole numbers of 1, 2 and 4 bytes
_TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}


@dataclass
class Record:
    """What stands for an object: the name of its class, what it was made with, its state, its entries."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None
    entries: dict[Any, Any] = field(default_factory=dict)


def decoded(content: bytes) -> Any:
    """The value of such a file: numbers, texts as bytes, tuples, lists, dictionaries, `Record`s for all else.

    Raises:
        ValueError: an instruction that none of the files known here has, or a file cut short.
    """
    reader = _Reader(content)
    try:
        while not reader.done:
            reader.step()
        return reader.stack[-1]
    except (IndexError, KeyError, struct.error, TypeError, AttributeError) as error:
        raise ValueError(f"no such file at byte {reader.at}: {error}") from None


def array_of(record: Record) -> np.ndarray:
    """The array that a record stands for.

    Raises:
        ValueError: it stands for something else, or its bytes do not fit its shape.
    """
    if not isinstance(record, Record) or record.name != ARRAY:
        raise ValueError("expected an array")
    _, shape, kind, by_columns, content = record.state
    dtype = np.dtype(kind.arguments[0].decode("ascii")).newbyteorder(kind.state[1].decode("ascii"))
    if dtype.hasobject:
        raise ValueError("expected an array of numbers")
    flat = np.frombuffer(content, dtype)
    array: np.ndarray = flat.reshape(shape, order="F" if by_columns else "C")
    return array.astype(dtype.newbyteorder("="))


class _Reader:
    """The instructions one after the other, a stack, and what was stored for later."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at, self.done = content, 0, False
        self.stack: list[Any] = []
        self.stored: dict[int, Any] = {}

    def take(self, count: int) -> bytes:
        part = self.content[self.at : self.at + count]
        if len(part) != count:
            raise ValueError(f"cut short at byte {self.at}")
        self.at += count
        return part

    def number(self, form: str) -> int:
        value: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def line(self) -> str:
        end = self.content.index(b"\n", self.at)
        return self.take(end - self.at + 1)[:-1].decode("ascii")

    def since_mark(self) -> list[Any]:
        place = max(i for i, value in enumerate(self.stack) if value is _MARK)
        values, self.stack[place:] = self.stack[place + 1 :], []
        return values

    def step(self) -> None:
        code = self.take(1)
        if code in _SMALL:
            self.stack.append(_SMALL[code]())
        elif code in _FIXED:
            self.stack.append(self.number(_FIXED[code]))
        elif code in _TUPLES:
            n = _TUPLES[code]
            self.stack[-n:] = [tuple(self.stack[-n:])]
        else:
            _STEPS[code](self)

    def make(self) -> None:
        arguments, name = self.stack.pop(), self.stack.pop()
        self.stack.append(Record(name, arguments))

    def build(self) -> None:
        state = self.stack.pop()
        self.stack[-1].state = state

    def set_items(self) -> None:
        values = self.since_mark()
        held = self.stack[-1].entries if isinstance(self.stack[-1], Record) else self.stack[-1]
        held.update(zip(values[::2], values[1::2], strict=True))

    def store(self, form: str) -> None:
        self.stored[self.number(form)] = self.stack[-1]

    def stop(self) -> None:
        self.done = True

    def append(self) -> None:
        value = self.stack.pop()
        self.stack[-1].append(value)


_STEPS: dict[bytes, Callable[[_Reader], Any]] = {
    b"\x80": lambda r: r.number("<B"),
    b"c": lambda r: r.stack.append(f"{r.line()} {r.line()}"),
    b"q": lambda r: r.store("<B"),
    b"r": lambda r: r.store("<I"),
    b"h": lambda r: r.stack.append(r.stored[r.number("<B")]),
    b"j": lambda r: r.stack.append(r.stored[r.number("<I")]),
    b"T": lambda r: r.stack.append(r.take(r.number("<I"))),
    b"U": lambda r: r.stack.append(r.take(r.number("<B"))),
    b"t": lambda r: r.stack.append(tuple(r.since_mark())),
    b"e": lambda r: (values := r.since_mark(), r.stack[-1].extend(values)),
    b"a": _Reader.append,
    b"u": _Reader.set_items,
    b"R": _Reader.make,
    b"\x81": _Reader.make,
    b"b": _Reader.build,
    b".": _Reader.stop,
}
