"""Exercises: a question whose answer is computed, with the wrong answers that known mistakes lead to.

    @ATTENTION.exercise
    def variance():
        return number(np.sqrt(16 * 4 * 1), no_root=16 * 4 * 1)

    @ATTENTION.exercise
    def permute():
        return choice(same=np.allclose(both, before), other=not np.allclose(both, before))

The question, its hint, and what is said of each mistake stand in the prose, under the exercise's name (see `gradus.page.prose`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

ExerciseKind = Literal["number", "array", "choice", "function"]
TOLERANCE = 0.005  # relative: an answer with three digits passes
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)


@dataclass(frozen=True)
class Exercise:
    """What is right, and what each known mistake leads to.

    Attributes:
        kind: of the answer.
        answer: the number, the array, the name of the right choice, or the function.
        mistakes: the wrong answer by the name of the mistake; for a choice the names of the wrong ones, with None.
        tolerance: how far an answer may be off, relative to the answer's largest entry.
        inputs: for a function, the arguments of the calls that judge it.
    """

    kind: ExerciseKind
    answer: Any
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    inputs: Sequence[tuple[Any, ...]] = ()

    def grade(self, answer: Any) -> Grade:
        """Whether an answer is right; else the known mistake that leads to it, or "".

        Args:
            answer: as the reader wrote it: a number (0.25, 1/4, 25 %), numbers with commas (rows with semicolons), a choice;
                for a function the function itself.

        Raises:
            GradusError: it is no answer of this kind.
        """
        if self.kind == "choice":
            return self._choice(str(answer).strip())
        if self.kind == "function":
            return Grade(all(self._agrees(_called(answer, a), self.answer(*a)) for a in self.inputs))
        values = numbers(answer) if isinstance(answer, str) else np.asarray(answer, float)
        if self.kind == "number" and values.size != 1:
            raise _not_one(answer, values.size)
        shape = np.shape(self.answer)
        if values.size == 1 and shape == ():
            values = values.reshape(())
        in_one_line = values.ndim <= 1 or (_is_vector(values.shape) and _is_vector(shape))
        if values.shape != shape and values.size == np.size(self.answer) and in_one_line:
            values = values.reshape(shape)  # a matrix may be written in one line, and a vector as a column
        if self._agrees(values, self.answer):
            return Grade(True)
        return Grade(False, self._mistake(values))

    def _mistake(self, values: Any) -> str:
        """The mistake that leads to these values, which may be rounded more than an answer may; "" where none is known."""
        roundings = (
            [self.tolerance] if self._agrees(values, self.answer, TOLERANCE) else [self.tolerance, TOLERANCE]
        )
        led = (n for r in roundings for n, wrong in self.mistakes.items() if self._agrees(values, wrong, r))
        return next(led, "")

    def _choice(self, name: str) -> Grade:
        if name == self.answer:
            return Grade(True)
        if name in self.mistakes:
            return Grade(False, name)
        names = ", ".join(sorted([self.answer, *self.mistakes]))
        raise GradusError(Text(f"expected one of {names}, got {name!r}", f"应为 {names} 之一，得到 {name!r}"))

    def _agrees(self, values: Any, right: Any, tolerance: float | None = None) -> bool:
        values, right = np.asarray(values, float), np.asarray(right, float)
        if values.shape != right.shape:
            return False
        tolerance = self.tolerance if tolerance is None else tolerance
        return bool(np.all(np.abs(values - right) <= tolerance * max(np.abs(right).max(initial=0), 1e-12)))


def _is_vector(shape: tuple[int, ...]) -> bool:
    """Whether at most one axis is longer than 1."""
    return sum(n != 1 for n in shape) <= 1


def _called(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What the reader's function gives.

    Raises:
        GradusError: it raises.
    """
    try:
        return answer(*arguments)
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        raise GradusError(
            Text(f"your function raises {words} on {arguments}", f"你的函数在 {arguments} 上抛出 {words}")
        ) from error


@dataclass(frozen=True)
class Grade:
    """Whether an answer is right, and the name of the mistake that leads to it, where it is known."""

    right: bool
    mistake: str = ""


def number(answer: float, tolerance: float = TOLERANCE, **mistakes: float) -> Exercise:
    """An exercise whose answer is a number; each mistake is named with the number that it leads to."""
    return Exercise("number", float(answer), {n: float(v) for n, v in mistakes.items()}, tolerance)


def array(answer: Any, tolerance: float = TOLERANCE, **mistakes: Any) -> Exercise:
    """An exercise whose answer is a vector or matrix; each mistake is named with the array that it leads to."""
    return Exercise(
        "array", np.asarray(answer, float), {n: np.asarray(v, float) for n, v in mistakes.items()}, tolerance
    )


def choice(**options: Any) -> Exercise:
    """An exercise with choices by name, of which exactly one has been computed to be true.

    Raises:
        GradusError: none or several are true.
    """
    right = [name for name, true in options.items() if true]
    if len(right) != 1 or len(options) < 2:
        raise GradusError(
            Text(
                f"expected two choices or more of which one is true, got {options}",
                f"应有两个以上的选项，其中恰有一个为真，得到 {options}",
            )
        )
    return Exercise("choice", right[0], dict.fromkeys(n for n in options if n != right[0]))


def function(answer: Callable[..., Any], *inputs: tuple[Any, ...], tolerance: float = 1e-6) -> Exercise:
    """An exercise whose answer is a function; it is judged on the inputs, each a tuple of arguments."""
    return Exercise("function", answer, tolerance=tolerance, inputs=inputs)


def numbers(words: str) -> np.ndarray:
    """Numbers as a reader writes them: `0.25`, `1/4`, `25 %`, `1, 2; 3, 4`.

    Raises:
        GradusError: a part is no number, or the rows differ in length.
    """
    plain = words.strip().strip("()[]").translate(str.maketrans("−，；％", "-,;%"))
    rows = [
        [_number(part, words) for part in re.split(r"[,\s]+", _joined(row)) if part]
        for row in plain.split(";")
    ]
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise _no_number(words)
    return np.array(rows if len(rows) > 1 else rows[0])


def _joined(row: str) -> str:
    return re.sub(r"\s*([/%])\s*", r"\1 ", row.strip()).replace("/ ", "/")


def _number(part: str, words: str) -> float:
    percent = part.endswith("%")
    pieces = part.removesuffix("%").split("/")
    if len(pieces) > 2 or not all(_NUMBER.fullmatch(piece) for piece in pieces):
        raise _no_number(words)
    try:
        value = float(Fraction(pieces[0]) / Fraction(pieces[1]) if len(pieces) == 2 else float(pieces[0]))
    except (ZeroDivisionError, OverflowError) as error:
        raise _no_number(words) from error
    return value / 100 if percent else value


def _not_one(answer: Any, count: int) -> GradusError:
    return GradusError(
        Text(
            f"expected one number, got {count}: {answer!r}; decimals follow a point, as in 0.25",
            f"应为一个数，得到 {count} 个：{answer!r}；小数点写作“.”，如 0.25",
        )
    )


def _no_number(words: str) -> GradusError:
    return GradusError(
        Text(
            f"expected a number such as 0.25, 1/4 or 25 %, or several with commas (rows with semicolons), got {words!r}",
            f"应为数，如 0.25、1/4 或 25 %；多个数用逗号分隔（各行用分号），得到 {words!r}",
        )
    )
