"""Which framework a user's function is written in, found by calling it, and whether it returns what the page expects.

Names in a file say little: `jax.nn.softmax` stands beside `import torch`, `x.clamp(min=0)` beside nothing at all. So the
function is called on a small input in each framework that comes into question; the first that it answers in is its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.errors import GradusError, raised
from gradus.frameworks import Adapted, adapt_function, detect
from gradus.frameworks.detection import speaks_numpy_alone
from gradus.frameworks.registry import FRAMEWORKS, framework_named
from gradus.frameworks.signatures import has_other_order, other_defaults
from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept
from gradus.page.not_applicable import NotApplicable, NotOffered
from gradus.text import Text
from gradus.verify.answers import Answer, answer_of
from gradus.verify.instances import require_instance
from gradus.verify.isolated.watch import EndedItself
from gradus.verify.memberwise import Memberwise, Numberwise, leading_shape
from gradus.verify.small_inputs import small_inputs


class Unanswered(GradusError):
    """The function takes a small input of the page in no framework.

    Attributes:
        on: the input, in words; empty where it has nothing to do with it.
    """

    on = ""


@dataclass(frozen=True)
class Trial:
    """The function as it will be called.

    Attributes:
        adapted: it.
        why: what it was taken for, and what shows it.
        fault: how the structure of its result differs from the definition's; None when it does not.
    """

    adapted: Adapted
    why: Text
    fault: Text | None


def tried(
    concept: Concept,
    function: Any,
    framework: str | None,
    name: str,
    watch: Callable[..., Any],
    as_written: bool = False,
) -> Trial:
    """The function in the framework that is named, or else that it is found to be written in.

    With `as_written` each of its calls is made as it stands, though its framework may have a cheaper way.

    Raises:
        Unanswered: it raises on every small input, in every framework that comes into question.
        EndedItself: it raises what ends a program.
        GradusError: it cannot be called, or its framework is unknown or not installed.
    """
    require_instance(concept, function, name)
    adapted = adapt_function(concept, function, framework, name).watched(watch)
    inputs = small_inputs(concept)
    told = bool(framework) or adapted.bridge is not None
    if framework:
        answers = [answer_of(adapted, inputs)]
    elif told:
        answers = _of_another_form(adapted, inputs)
    else:
        answers = list(_answers(concept, function, name, watch, inputs))
    taken = _by_name(answers, inputs) or _best(answers) or _one_by_one(answers, inputs)
    if taken is None:
        silent = [
            a for a in answers if isinstance(a.error, NotApplicable) and not isinstance(a.error, NotOffered)
        ]
        if not silent:
            raise _unanswered(concept, answers)
        taken = silent[0]
    adapted = taken.adapted
    if (
        not isinstance(adapted, Memberwise)
        and taken.error is None
        and not taken.fault
        and not _batches(adapted, inputs)
    ):
        adapted = _one_at_a_time(adapted)
    if adapted.framework.compiles and not as_written:
        adapted = adapted.economical()
        answer_of(adapted, inputs[:1])  # on known shapes: whether the cheaper way gives the same
    words = [_how_called(adapted.framework.title, framework, told), *_peculiarities(adapted)]
    why = Text("; ".join(w.en for w in words), "；".join(w.zh for w in words))
    return Trial(adapted, why, taken.fault)


def _peculiarities(adapted: Adapted) -> list[Text]:
    """What else of how it is called the user should know."""
    words = []
    if adapted.by_name:
        words.append(
            Text(
                "it has the page's arguments in another order: they are passed by name",
                "其参数与该页同名而次序不同：按名称传入",
            )
        )
    if isinstance(adapted, Memberwise):
        words.append(adapted.remark)
    if adapted.bridge is None:
        for option, (own, due) in other_defaults(adapted.parameters, adapted.signature).items():
            words.append(
                Text(
                    f"its default of {option} is {own!r}, the page's is {due!r}",
                    f"其 {option} 的默认值为 {own!r}，该页为 {due!r}",
                )
            )
    return words


def _by_name(answers: list[Answer], inputs: list[Arguments]) -> Answer | None:
    """The right answer of a function that has the arguments in another order under the page's names, and is wrong by position."""
    first = answers[0].adapted
    if first.bridge is not None or any(a.agrees for a in answers):
        return None
    if not has_other_order(first.parameters, first.signature):
        return None
    for answer in answers:
        by_name = answer_of(next(_in_each(answer.adapted, [answer.adapted.framework.name], True)), inputs)
        if by_name.error is None and by_name.own and by_name.agrees:
            return by_name
    return None


def _best(answers: list[Answer]) -> Answer | None:
    """The first that is in the framework's own arrays and right, or the first at all; None where every call raised.

    Code of NumPy that answers NumPy's arrays is NumPy's, be it right on others by their methods: `x.var(0)` is another number there.
    """
    answered = [a for a in answers if a.error is None]
    own = [a for a in answered if a.own] or answered
    if own and own[0].adapted.framework.name == "numpy" and speaks_numpy_alone(own[0].adapted.function):
        own = [a for a in own if a.adapted.framework.name in ("numpy", "python")]
    return next((a for a in own if a.agrees), own[0] if own else None)


def _one_by_one(answers: list[Answer], inputs: list[Arguments]) -> Answer | None:
    """The right answer of a function that takes one member of a batch, or one number, at a time; None where it is none."""
    first = answers[0].adapted
    if not any(s.batched for s in first.concept.symbols):
        return None
    frameworks = dict.fromkeys(["numpy", "python", *[a.adapted.framework.name for a in answers]])
    for way in (Memberwise, Numberwise):
        for adapted in _in_each(first, frameworks):
            answer = answer_of(_one_at_a_time(adapted, way), inputs)
            if answer.error is None and answer.own and answer.agrees:
                return answer
    return None


def _how_called(title: str, framework: str | None, told: bool) -> Text:
    if framework:
        return Text(f"called as {title}, as --framework says", f"按 --framework 以 {title} 调用")
    if told:
        return Text(f"called as the page calls {title}'s own", f"按该页调用 {title} 实现的方式调用")
    return Text(
        f"judged as {title}: it takes {title} arguments and answers in kind",
        f"按 {title} 评判：它接受 {title} 的参数，并以同类返回",
    )


def _in_each(adapted: Adapted, frameworks: Iterable[str], by_name: bool = False) -> Iterator[Adapted]:
    for framework in frameworks:
        yield Adapted(
            adapted.function,
            adapted.concept,
            framework,
            adapted.bridge,
            name=adapted.name,
            watch=adapted.watch,
            by_name=by_name,
        )


def _one_at_a_time(adapted: Adapted, way: type[Memberwise] = Memberwise) -> Adapted:
    """The same function, batches taken apart before each call."""
    return way(
        adapted.function, adapted.concept, adapted.framework.name, adapted.bridge, adapted.dtype, adapted.name,
        adapted.watch, adapted.by_name,
    )  # fmt: skip


def _batches(adapted: Adapted, inputs: list[Arguments]) -> bool:
    """Whether the function takes members stacked, and answers with so many times as many numbers, in whatever shape.

    The members are as many as no dimension of theirs: a function of one member that reads a batch as a matrix of another
    size would else answer with the right number of wrong numbers.
    """
    for arguments in inputs:
        rows = {s.argument: s for s in adapted.concept.symbols if s.batched and s.argument}
        names = [k for k in rows if isinstance(arguments.get(k), np.ndarray)]
        if not names or leading_shape(adapted.concept, arguments):
            continue
        sizes = {n for v in flatten(arguments) if isinstance(v, np.ndarray) for n in v.shape}
        count = next(n for n in range(2, len(sizes) + 4) if n not in sizes)
        stacked = {**arguments, **{k: np.stack([arguments[k]] * count) for k in names}}
        try:
            one, many = (flatten(adapted(**a)) for a in (arguments, stacked))
        except EndedItself:
            raise
        except NotApplicable:
            continue
        except Exception:
            return False
        return [count * np.size(a) for a in one] == [np.size(b) for b in many]
    return True


def _answers(
    concept: Concept, function: Any, name: str, watch: Callable[..., Any], inputs: list[Arguments]
) -> Iterator[Answer]:
    """The framework that the code names first, then those that are loaded, then plain Python; others only when none answers."""
    named = detect(function)
    loaded = [f for f in FRAMEWORKS if f in ("numpy", named) or framework_named(f).loaded]
    order = [named, *[f for f in loaded if f != named], "python"]
    answered = False
    for framework in dict.fromkeys(order):
        answer = answer_of(Adapted(function, concept, framework, name=name, watch=watch), inputs)
        if isinstance(answer.error, MemoryError):  # no other kind of array would make it need less
            raise _unanswered(concept, [answer])
        answered |= answer.error is None and answer.own
        yield answer
        if answered and answer.agrees:
            return
    if not answered:
        for framework in FRAMEWORKS:
            if framework not in order and _installed(framework):
                yield answer_of(Adapted(function, concept, framework, name=name, watch=watch), inputs)


def _of_another_form(adapted: Adapted, inputs: list[Arguments]) -> list[Answer]:
    """The answer in the framework that the code names; of a function that raises there, in the first other that it takes."""
    first = answer_of(adapted, inputs)
    if (
        not inspect.isfunction(adapted.function)
        or first.error is None
        or isinstance(first.error, NotApplicable)
    ):
        return [first]
    others = [f for f in FRAMEWORKS if f not in (adapted.framework.name, "python") and _installed(f)]
    refused = [first] if isinstance(first.error, GradusError) else []  # in words of the page's own
    for other in _in_each(adapted, others):
        answer = answer_of(other, inputs)
        if answer.error is None and answer.own:
            return [answer]
        refused += [answer] * isinstance(answer.error, GradusError)
    return [*refused, first][:1]


def _installed(framework: str) -> bool:
    try:
        framework_named(framework).require()
    except GradusError:
        return False
    return True


def _unanswered(concept: Concept, answers: list[Answer]) -> Unanswered:
    error = answers[0].error
    if isinstance(error, NotOffered):
        words = Text("it is not filled in yet: NotImplementedError", "尚未补全：NotImplementedError")
        return Unanswered(words).with_traceback(error.__cause__.__traceback__ if error.__cause__ else None)
    what = raised(error) if error else Text("answered in no framework's arrays", "未以任何框架的数组返回")
    titles = [a.adapted.framework.title for a in answers]
    signature = f"{concept.definition.__name__}({', '.join(concept.arguments)})"
    unanswered = Unanswered(
        Text(
            f"{what.en}; it was called like {signature} as {', '.join(titles)}; "
            "--framework says how it is to be called",
            f"{what.zh}；已按 {signature} 以 {'、'.join(titles)} 调用；可用 --framework 指定调用方式",
        )
    )
    unanswered.on = answers[0].on
    return unanswered.with_traceback(error.__traceback__ if error else None)
