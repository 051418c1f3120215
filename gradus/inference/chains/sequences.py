"""Sequences of observations as users hold them: one, a list of several lengths, or padded in an array with their lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradus.arguments import real_array, refusal
from gradus.text import Text

__all__ = ["Sequences", "none_given", "sequences_of"]

Array = np.ndarray[Any, np.dtype[Any]]
Check = Callable[[str, Array], Array]


class Sequences:
    """Sequences that were checked, and the form in which they came, which what is inferred of them takes again."""

    def __init__(self, values: list[Array], form: str, padded_to: int = 0) -> None:
        self.values, self.form, self._padded_to = values, form, padded_to
        self.lengths = np.array([len(v) for v in values], np.int64)
        self.order = np.argsort(-self.lengths, kind="stable")

    def __len__(self) -> int:
        return len(self.values)

    def chunks(self, cells: int, most: int = 256) -> list[Array]:
        """The numbers of the sequences, the longest first, in parts of so many cells (a cell is a step of a sequence)."""
        parts, begin = [], 0
        while begin < len(self.order):
            longest = int(self.lengths[self.order[begin]])
            size = max(1, min(most, cells // longest))
            parts.append(self.order[begin : begin + size])
            begin += size
        return parts

    def side_by_side(self, rows: Array) -> Array:
        """Some of them, the longest first, in an array with time as its first axis: (T, n, …), 0 after their ends."""
        first = self.values[rows[0]]
        together = np.zeros((len(first), len(rows), *first.shape[1:]), first.dtype)
        for place, row in enumerate(rows):
            value = self.values[row]
            together[: len(value), place] = value
        return together

    def room_for_results(self, kind: Array) -> Any:
        """What `put` fills and `as_they_came` returns; `kind` is a result of no steps."""
        if self.form == "padded":
            return np.zeros((len(self), self._padded_to, *kind.shape[1:]), kind.dtype)
        return [np.empty((length, *kind.shape[1:]), kind.dtype) for length in self.lengths]

    def put(self, results: Any, rows: Array, part: Array) -> None:
        """Results of some sequences, time first, to their places."""
        if self.form == "padded" and len(part) == self.lengths[rows].min():
            results[rows, : len(part)] = part.swapaxes(0, 1)
            return
        for place, row in enumerate(rows):
            length = self.lengths[row]
            results[row][:length] = part[:length, place]

    def as_they_came(self, results: Any) -> Any:
        """In the form of the sequences: one, a list, or padded by 0 after their ends."""
        return results[0] if self.form == "one" else results

    def numbers(self, results: Array) -> Any:
        """One number a sequence: a float if there was one."""
        return float(results[0]) if self.form == "one" else results


def sequences_of(value: Any, lengths: Any, axes: int, check: Check) -> Sequences:
    """What came as sequences; `axes` are those of one, `check` looks at the values of one.

    Raises:
        GradusError: none, an empty one, other axes, or lengths that do not fit.
    """
    if isinstance(value, (list, tuple)) and lengths is None:
        return _listed(value, axes, check)
    whole = real_array("sequences", value)
    if lengths is None and whole.ndim == axes:
        return Sequences([_checked("sequences", whole, check)], "one")
    if whole.ndim != axes + 1:
        raise _wrong_axes("sequences", axes, whole, batch=lengths is not None)
    n, longest = whole.shape[:2]
    ends = np.full(n, longest) if lengths is None else _lengths(lengths, n, longest)
    rows = [_checked(f"sequences[{i}]", whole[i, :end], check) for i, end in enumerate(ends)]
    return Sequences(rows, "padded", longest)


def _listed(value: Sequence[Any], axes: int, check: Check) -> Sequences:
    if len(value) == 0:
        raise none_given()
    first = real_array("sequences[0]", value[0]) if not np.isscalar(value[0]) else np.zeros(())
    if first.ndim == axes - 1:
        return Sequences([_checked("sequences", real_array("sequences", value), check)], "one")
    rows = []
    for i, one in enumerate(value):
        row = real_array(f"sequences[{i}]", one)
        if row.ndim != axes:
            raise _wrong_axes(f"sequences[{i}]", axes, row)
        rows.append(_checked(f"sequences[{i}]", row, check))
    return Sequences(rows, "list")


def _checked(name: str, row: Array, check: Check) -> Array:
    if len(row) == 0:
        raise refusal(name, ("at least one step", "至少一步"), Text("none", "零步"))
    return check(name, row)


def _lengths(lengths: Any, n: int, longest: int) -> Array:
    ends = real_array("lengths", lengths)
    good = ends.dtype.kind in "iu" and ends.shape == (n,) and bool(((ends >= 1) & (ends <= longest)).all())
    if not good:
        en = f"{n} whole numbers from 1 to {longest}, one a sequence"
        zh = f"每条序列一个、从 1 到 {longest} 的 {n} 个整数"
        shown = f"{ends.tolist()}" if ends.size <= 12 else f"{ends.dtype} {ends.shape}"
        raise refusal("lengths", (en, zh), Text(shown, shown))
    return ends


def none_given() -> Exception:
    """That there is no sequence."""
    return refusal("sequences", ("at least one sequence", "至少一条序列"), Text("none", "零条"))


def _wrong_axes(name: str, axes: int, came: Array, batch: bool = False) -> Exception:
    one = "(T,)" if axes == 1 else "(T, d)"
    several = "(n, T)" if axes == 1 else "(n, T, d)"
    en = f"sequences of shape {several}" if batch else f"one sequence {one}, several {several}, or a list"
    zh = f"形状为 {several} 的序列" if batch else f"一条序列 {one}、多条 {several} 或列表"
    shape = str(came.shape)
    return refusal(name, (en, zh), Text(f"shape {shape}", f"形状 {shape}"))
