"""The exercises of a page as HTML: questions, hints and solutions to open, and what its script needs to judge an answer."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradus.page import Concept
from gradus.page.exercises import TOLERANCE, Exercise
from gradus.page.prose import Prose, Question
from gradus.page.values import as_html, rows_plain, written

if TYPE_CHECKING:
    from markupsafe import Markup


class Remarked(NamedTuple):
    """A choice or a known mistake: its name, the words of the choice, and why it is wrong."""

    name: str
    words: Markup
    why: Markup


class Asked(NamedTuple):
    """An exercise as it is shown."""

    name: str
    kind: str
    text: Markup
    hint: Markup
    solution: Markup
    answer: Markup
    remarks: tuple[Remarked, ...]
    skeleton: str  # of a function, to be filled in
    command: str  # that judges it
    judged_by: str  # JSON: the answer, the mistakes and the tolerance


def questions(concept: Concept, prose: Prose | None, shown: Callable[[str], Markup]) -> list[Asked]:
    """The exercises of a concept that its prose asks, in its order; `shown` renders prose without a paragraph around it."""
    if prose is None:
        return []
    made = {name: concept.exercises[name]() for name in prose.questions if name in concept.exercises}
    return [_asked(concept.key, prose.questions[name], exercise, shown) for name, exercise in made.items()]


def _asked(key: str, question: Question, exercise: Exercise, shown: Callable[[str], Markup]) -> Asked:
    return Asked(
        question.name,
        exercise.kind,
        shown(question.text),
        shown(question.hint),
        shown(question.solution),
        _answer(question, exercise, shown),
        tuple(_remarked(name, question, exercise.kind, shown) for name in question.remarks),
        *_to_write(key, question.name, exercise),
        judged_by(exercise),
    )


def _to_write(key: str, name: str, exercise: Exercise) -> tuple[str, str]:
    """For a function: its first lines with the file where they shall stand, and the command that judges it."""
    if exercise.kind != "function":
        return "", ""
    file, called = f"{name}.py", name.replace("-", "_")
    arguments = ", ".join(inspect.signature(exercise.answer).parameters)
    skeleton = f"# {file}\nimport numpy as np\n\n\ndef {called}({arguments}):\n    ..."
    return skeleton, f"gradus practice {key} --answer {name}={file}:{called}"


def _remarked(name: str, question: Question, kind: str, shown: Callable[[str], Markup]) -> Remarked:
    remark = question.remarks[name]
    if kind == "choice":
        return Remarked(name, shown(remark.words), shown(remark.why))
    return Remarked(name, shown(""), shown(remark.why or remark.words))


def _answer(question: Question, exercise: Exercise, shown: Callable[[str], Markup]) -> Markup:
    """The right answer in words or numbers; nothing for a function, which the solution describes."""
    from markupsafe import Markup

    if exercise.kind == "choice":
        return shown(question.remarks[exercise.answer].words)
    if exercise.kind == "function":
        return Markup("")
    return Markup(written(exercise.answer, "", as_html, rows_plain))  # digits and signs alone


def judged_by(exercise: Exercise) -> str:
    """What the page's script judges by, as JSON: the answer, and for numbers the mistakes and the tolerance."""
    if exercise.kind == "function":
        return "{}"
    if exercise.kind == "choice":
        return json.dumps({"answer": exercise.answer})
    mistakes = {name: _numbers(value) for name, value in exercise.mistakes.items()}
    tolerances = {"tolerance": exercise.tolerance, "rounding": TOLERANCE}
    return json.dumps({"answer": _numbers(exercise.answer), **tolerances, "mistakes": mistakes})


def _numbers(value: Any) -> Any:
    """A number or nested lists; what JSON does not have as a word."""
    array = np.asarray(value, float)
    if array.ndim:
        return [_numbers(part) for part in array]
    return float(array) if np.isfinite(array) else str(float(array))
