"""The verb practice: the exercises of a concept are asked and judged, and a file is written to be filled in."""

from __future__ import annotations

import string
import sys
from argparse import Namespace

from gradus.catalogue import concept as load_concept
from gradus.catalogue.formulas.prose import prose_lines
from gradus.catalogue.learned import Learned
from gradus.cli.check import write_practice_file
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.page import Concept
from gradus.page.exercises import Exercise, Grade
from gradus.page.prose import Question, prose_of
from gradus.page.values import plain, rows_plain, written
from gradus.progress import is_terminal
from gradus.text import Text


def practice(options: Namespace, out: Terminal) -> int:
    """Asks the exercises; with --answer judges one, with --output writes the file to be filled in."""
    concept = load_concept(options.key)
    prose = prose_of(concept, "zh" if out.lang == "zh" else "en")
    if options.output is not None or not prose or not concept.exercises:
        return write_practice_file(concept, options.output, out)
    session = Session(concept, prose.questions, out)
    if options.answer:
        return session.judge(options.answer, options.hint)
    if is_terminal(sys.stdin) and is_terminal(sys.stdout):
        session.ask_all(options.hint, options.again)
    else:
        session.list_all(options.hint)
    return 0


class Session:
    """The exercises of one concept in one language, and what has been answered."""

    def __init__(self, concept: Concept, questions: dict[str, Question], out: Terminal) -> None:
        self.concept, self.questions, self.out = concept, questions, out
        # in the order and with the numbers of the text, which need not be those of the page's file
        self.exercises = {name: concept.exercises[name] for name in questions if name in concept.exercises}
        self.values = concept.example_values
        self.learned = Learned()

    def show(self, text: str, indent: int = 0, style: str = "") -> None:
        """Words of the prose."""
        self.out.say(prose_lines(text, self.values), indent=indent, style=style)

    def options_of(self, question: Question, exercise: Exercise) -> dict[str, str]:
        """The choices by letter, in the order in which they stand."""
        return (
            dict(zip(string.ascii_lowercase, question.remarks, strict=False))
            if exercise.kind == "choice"
            else {}
        )

    def put(self, number: int, name: str, exercise: Exercise) -> None:
        """Prints a question and its choices."""
        question, out = self.questions[name], self.out
        done = self.known(name)
        self.show(f"{'✓ ' if done else ''}{number}. {question.text}")
        if done:
            out.say(done, indent=3, style="dim")
        for letter, option in self.options_of(question, exercise).items():
            self.show(f"({letter}) {question.remarks[option].words}", indent=3)
        if exercise.kind == "function":
            out.say(
                out.t("an answer is a function, FILE.py:name", "答案是一个函数：FILE.py:name"),
                indent=3,
                style="dim",
            )

    def known(self, name: str) -> str:
        """That and when a question was answered rightly; "" where it was not."""
        day = self.learned.since(self.concept.key, name)
        return self.out.t(f"answered rightly on {day}", f"{day} 已答对") if day else ""

    def list_all(self, hints: bool) -> None:
        """All questions, and how to answer."""
        out = self.out
        for number, (name, made) in enumerate(self.exercises.items(), 1):
            self.put(number, name, made())
            if hints:
                self.show(out.t("hint: ", "提示：") + self.questions[name].hint, indent=3)
            out.say()
        out.say(out.t("to answer: ", "作答：") + f"gradus practice {self.concept.key} --answer 1=…")
        out.say(out.t("to write the definition yourself: ", "自己写出定义：") + self.file_command())

    def file_command(self) -> str:
        """The command that writes the file to be filled in."""
        return f"gradus practice {self.concept.key} --output {self.concept.key.replace('-', '_')}.py"

    def ask_all(self, hints: bool = False, again: bool = False) -> None:
        """Every question in turn, each until it is answered rightly or left; an end of the input ends them all.

        Args:
            hints: whether the hint stands below each question.
            again: whether those are asked, too, that were answered rightly before.
        """
        out, passed = self.out, 0
        for number, (name, made) in enumerate(self.exercises.items(), 1):
            if not again and (done := self.known(name)):
                self.show(f"✓ {number}. {done}", style="dim")
                passed += 1
                continue
            exercise = made()
            self.put(number, name, exercise)
            if hints:
                self.show(out.t("hint: ", "提示：") + self.questions[name].hint, indent=3)
            try:
                while not self._ask_once(name, exercise):
                    pass
            except EOFError:
                out.say()
                return
            out.say()
        if passed:
            out.say(
                out.t("to be asked those again: ", "重新作答：")
                + f"gradus practice {self.concept.key} --again"
            )
        out.say(out.t("to write the definition yourself: ", "自己写出定义：") + self.file_command())

    def _ask_once(self, name: str, exercise: Exercise) -> bool:
        """Whether the question is done with."""
        out, question = self.out, self.questions[name]
        answer = input(
            out.t(
                "   answer (? for a hint, Enter to see it and go on, Ctrl-D to stop): ",
                "   答案（? 看提示，回车看答案并继续，Ctrl-D 结束）：",
            )
        ).strip()
        if answer in ("?", "？"):
            self.show(question.hint, indent=3)
            return False
        if not answer:
            self.show(self.right_answer(name, exercise), indent=3)
            return True
        try:
            return self.say(name, exercise, self.grade(name, exercise, answer)).right
        except GradusError as error:
            out.say(str(getattr(error, "text", Text(str(error), str(error))).get(out.lang)), indent=3)
            return False

    def judge(self, answers: list[str], hints: bool) -> int:
        """Judges answers NAME=VALUE or NUMBER=VALUE; 1 where one is wrong."""
        grades, names = [], list(self.exercises)
        for words in answers:
            label, equals, answer = words.partition("=")
            name = self._name(label.strip())
            if not equals or not answer.strip():
                raise GradusError(
                    Text(
                        f"expected --answer {label}=ANSWER, got {words!r}",
                        f"应为 --answer {label}=答案，得到 {words!r}",
                    )
                )
            exercise = self.exercises[name]()
            number = f"{names.index(name) + 1}. "
            grades.append(self.say(name, exercise, self.grade(name, exercise, answer.strip()), number))
            if hints and not grades[-1].right:
                self.show(self.out.t("hint: ", "提示：") + self.questions[name].hint, indent=3)
        return 0 if all(grade.right for grade in grades) else 1

    def _name(self, label: str) -> str:
        names = list(self.exercises)
        numbered = dict(zip(map(str, range(1, len(names) + 1)), names, strict=True))
        if label in numbered:
            return numbered[label]
        if label in names:
            return label
        known = ", ".join(f"{i} ({n})" for i, n in enumerate(names, 1))
        raise GradusError(
            Text(
                f"expected --answer EXERCISE=ANSWER; {self.concept.key} has the exercises {known}; got {label!r}",
                f"应为 --answer 练习=答案；{self.concept.key} 的练习有 {known}；得到 {label!r}",
            )
        )

    def grade(self, name: str, exercise: Exercise, answer: str) -> Grade:
        """Judges one answer and keeps what was answered."""
        value: object = answer
        if exercise.kind == "choice":
            value = self._chosen(self.options_of(self.questions[name], exercise), answer)
        if exercise.kind == "function":
            from gradus.verify.user_code import load_implementation

            value = load_implementation(answer)
        grade = exercise.grade(value)
        self.learned.record(self.concept.key, name, grade.right)
        return grade

    def _chosen(self, options: dict[str, str], answer: str) -> str:
        letter = answer.lower().strip("()（） ")
        if letter in options or answer in options.values():
            return options.get(letter, answer)
        letters = ", ".join(options)
        raise GradusError(
            Text(f"expected one of {letters}, got {answer!r}", f"应为 {letters} 之一，得到 {answer!r}")
        )

    def say(self, name: str, exercise: Exercise, grade: Grade, number: str = "") -> Grade:
        """What is said of an answer: that it is right and why, or which mistake leads to it."""
        out, question = self.out, self.questions[name]
        if grade.right:
            out.say(number + out.t("✓ right", "✓ 正确"), indent=3)
            self.show(question.solution, indent=3)
            return grade
        remark = question.remarks.get(grade.mistake)
        why = (remark.why or ("" if exercise.kind == "choice" else remark.words)) if remark else ""
        self.show((number + out.t("✗ not right. ", "✗ 不对。") + why).rstrip(), indent=3)
        return grade

    def right_answer(self, name: str, exercise: Exercise) -> str:
        """The answer and its reason, for who goes on without one."""
        question, lead = self.questions[name], self.out.t("the answer: ", "答案：")
        if exercise.kind == "choice":
            lead += question.remarks[exercise.answer].words + " "
        elif exercise.kind != "function":
            lead += written(exercise.answer, "", plain, rows_plain) + self.out.t(". ", "。")
        return lead + question.solution
