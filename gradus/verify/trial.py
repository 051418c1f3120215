"""Which framework a user's function is written in, found by calling it, and whether it returns what the page expects.

Names in a file say little: `jax.nn.softmax` stands beside `import torch`, `x.clamp(min=0)` beside nothing at all. So the
function is called on a small input in each framework that comes into question; the first that it answers in is its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.errors import GradusError, raised
from gradus.frameworks import Adapted, adapt_function, detect
from gradus.frameworks.registry import FRAMEWORKS, framework_named
from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept
from gradus.page.evidence import NotApplicable, NotOffered
from gradus.text import Text
from gradus.verify.instances import require_instance
from gradus.verify.isolated.watch import EndedItself
from gradus.verify.memberwise import Memberwise, Numberwise, leading_shape
from gradus.verify.structures import structure_fault

INPUTS = 4  # cases that are tried before the function is said not to take the page's arguments


class Unanswered(GradusError):
    """The function takes a small input of the page in no framework.

    Attributes:
        on_input: whether the input has to do with it.
    """

    on_input = True


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
    concept: Concept, function: Any, framework: str | None, name: str, watch: Callable[..., Any]
) -> Trial:
    """The function in the framework that is named, or else that it is found to be written in.

    Raises:
        Unanswered: it raises on every small input, in every framework that comes into question.
        EndedItself: it raises what ends a program.
        GradusError: it cannot be called, or its framework is unknown or not installed.
    """
    require_instance(concept, function, name)
    adapted = adapt_function(concept, function, framework, name).watched(watch)
    inputs = _small_inputs(concept)
    if framework or adapted.bridge is not None:
        answers = [_answer(adapted, inputs)]
        title = adapted.framework.title
        why = Text(f"called as {title}, as --framework says", f"按 --framework 以 {title} 调用")
        if not framework:
            why = Text(f"called as the page calls {title}'s own", f"按该页调用 {title} 实现的方式调用")
        taken = None if answers[0].error else answers[0]
    else:
        answers = list(_answers(concept, function, name, watch, inputs))
        own = [a for a in answers if a.error is None and a.own]
        answered = own or [a for a in answers if a.error is None]
        taken = next((a for a in answered if a.agrees), answered[0] if answered else None)
        why = None
    if taken is None and any(s.batched for s in concept.symbols):
        frameworks = dict.fromkeys(["numpy", "python", *[a.adapted.framework.name for a in answers]])
        ways = [
            (way, a) for way in (Memberwise, Numberwise) for a in _in_each(answers[0].adapted, frameworks)
        ]
        one_by_one = (_answer(_one_at_a_time(a, way), inputs) for way, a in ways)
        taken = next((a for a in one_by_one if a.error is None and a.own and a.agrees), None)
    if taken is None:
        silent = [
            a for a in answers if isinstance(a.error, NotApplicable) and not isinstance(a.error, NotOffered)
        ]
        if not silent:
            raise _unanswered(concept, answers)
        taken = silent[0]
    if why is None:
        title = taken.adapted.framework.title
        why = Text(
            f"judged as {title}: it takes {title} arguments and answers in kind",
            f"按 {title} 评判：它接受 {title} 的参数，并以同类返回",
        )
    adapted = taken.adapted
    if (
        not isinstance(adapted, Memberwise)
        and taken.error is None
        and not taken.fault
        and not _batches(adapted, inputs)
    ):
        adapted = _one_at_a_time(adapted)
    if isinstance(adapted, Memberwise):
        why = Text(f"{why.en}; {adapted.remark.en}", f"{why.zh}；{adapted.remark.zh}")
    return Trial(adapted, why, taken.fault)


def _in_each(adapted: Adapted, frameworks: Iterable[str]) -> Iterator[Adapted]:
    for framework in frameworks:
        yield Adapted(
            adapted.function,
            adapted.concept,
            framework,
            adapted.bridge,
            name=adapted.name,
            watch=adapted.watch,
        )


def _one_at_a_time(adapted: Adapted, way: type[Memberwise] = Memberwise) -> Adapted:
    """The same function, batches taken apart before each call."""
    return way(
        adapted.function, adapted.concept, adapted.framework.name, adapted.bridge, adapted.dtype, adapted.name,
        adapted.watch,
    )  # fmt: skip


def _batches(adapted: Adapted, inputs: list[Arguments]) -> bool:
    """Whether the function takes two members stacked, and answers with twice as many numbers, in whatever shape."""
    for arguments in inputs:
        rows = {s.argument: s for s in adapted.concept.symbols if s.batched and s.argument}
        names = [k for k in rows if isinstance(arguments.get(k), np.ndarray)]
        if not names or leading_shape(adapted.concept, arguments):
            continue
        stacked = {**arguments, **{k: np.stack([arguments[k], arguments[k]]) for k in names}}
        try:
            one, two = (flatten(adapted(**a)) for a in (arguments, stacked))
        except EndedItself:
            raise
        except NotApplicable:
            continue
        except Exception:
            return False
        return [2 * np.size(a) for a in one] == [np.size(b) for b in two]
    return True


@dataclass(frozen=True)
class Answer:
    """What came of one call: an error, or a result, in the framework's own arrays or not, equal to the definition's or not."""

    adapted: Adapted
    error: Exception | None = None
    own: bool = False
    agrees: bool = False
    fault: Text | None = None


def _answers(
    concept: Concept, function: Any, name: str, watch: Callable[..., Any], inputs: list[Arguments]
) -> Iterator[Answer]:
    """The framework that the code names first, then those that are loaded, then plain Python; others only when none answers."""
    named = detect(function)
    loaded = [f for f in FRAMEWORKS if f in ("numpy", named) or framework_named(f).loaded]
    order = [named, *[f for f in loaded if f != named], "python"]
    answered = False
    for framework in dict.fromkeys(order):
        answer = _answer(Adapted(function, concept, framework, name=name, watch=watch), inputs)
        if isinstance(answer.error, MemoryError):  # no other kind of array would make it need less
            raise _unanswered(concept, [answer])
        answered |= answer.error is None and answer.own
        yield answer
        if answered and answer.agrees:
            return
    if not answered:
        for framework in FRAMEWORKS:
            if framework not in order and _installed(framework):
                yield _answer(Adapted(function, concept, framework, name=name, watch=watch), inputs)


def _installed(framework: str) -> bool:
    try:
        framework_named(framework).require()
    except GradusError:
        return False
    return True


def _answer(adapted: Adapted, inputs: list[Arguments]) -> Answer:
    """The answer on the first input whose options the function offers; warnings, as in the claims, are nobody's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _answer_on(adapted, inputs)


def _answer_on(adapted: Adapted, inputs: list[Arguments]) -> Answer:
    unoffered: Exception | None = None
    for arguments in inputs:
        bound = adapted.bind(**arguments)
        try:
            with adapted.framework.full_precision():
                own = adapted.convert(bound)
                return _judged(adapted, adapted.answer(own), own, arguments)
        except EndedItself:
            raise
        except NotApplicable as error:
            unoffered = error
        except Exception as error:
            return Answer(adapted, error)
    return Answer(adapted, unoffered)


def _judged(adapted: Adapted, raw: Any, own: Arguments, arguments: Arguments) -> Answer:
    """What the result says of the function; `own` are the arguments in the framework's arrays."""
    with np.errstate(all="ignore"):
        want = adapted.concept.definition(**arguments)
    fault = structure_fault(adapted, raw, want, arguments)
    kind = _own(adapted, raw) and _takes_tracked(adapted, own)
    if fault is None and kind and adapted.concept.canonical:
        raw = adapted.concept.canonical(raw)
    return Answer(adapted, None, kind, fault is None and _agrees(adapted, raw, want), fault)


def _takes_tracked(adapted: Adapted, arguments: Arguments) -> bool:
    """Whether it takes arguments that a gradient is asked for: NumPy's functions take PyTorch's tensors, but not those."""
    if not adapted.concept.differentiable:
        return True
    try:
        adapted.answer({k: adapted.framework.tracked(v) for k, v in arguments.items()})
    except EndedItself:
        raise
    except Exception:
        return False
    return True


def _own(adapted: Adapted, raw: Any) -> bool:
    """Whether the result is in the framework's own arrays; NumPy and Python answer in numbers as well."""
    try:
        leaves = flatten(raw)
    except RecursionError:  # a list that holds itself
        return False
    holders = [f for f in map(framework_named, FRAMEWORKS) if f.packages and any(map(f.is_array, leaves))]
    return holders == ([adapted.framework] if adapted.framework.packages else [])


def _agrees(adapted: Adapted, raw: Any, want: Any) -> bool:
    try:
        got = flatten(adapted.to_numpy(raw))
        pairs = zip(got, flatten(want), strict=True)
        return all(np.allclose(g, w, rtol=1e-4, atol=1e-6, equal_nan=True) for g, w in pairs)
    except Exception:
        return False


def _small_inputs(concept: Concept) -> list[Arguments]:
    """Kind cases of the page: nothing empty, nothing infinite, few numbers, and not only one."""

    def arrays(arguments: Arguments) -> list[np.ndarray]:
        return [np.asarray(a) for a in flatten(arguments) if isinstance(a, np.ndarray)]

    cases = [arguments for _, arguments in concept.cases(np.random.default_rng(0))]
    kind = [
        c
        for c in cases
        if all(a.size and (a.dtype.kind not in "fc" or np.isfinite(a).all()) for a in arrays(c))
    ]

    def rank(arguments: Arguments) -> tuple[int, int]:
        size = sum(a.size for a in arrays(arguments))
        single = any(1 in a.shape for a in arrays(arguments))
        return int(single), size

    return sorted(kind or cases, key=rank)[: max(INPUTS, len(kind))]


def _unanswered(concept: Concept, answers: list[Answer]) -> Unanswered:
    error = answers[0].error
    if isinstance(error, NotOffered):
        words = Text("it is not filled in yet: NotImplementedError", "尚未补全：NotImplementedError")
        unfilled = Unanswered(words)
        unfilled.on_input = False
        return unfilled.with_traceback(error.__cause__.__traceback__ if error.__cause__ else None)
    what = raised(error) if error else Text("answered in no framework's arrays", "未以任何框架的数组返回")
    titles = [a.adapted.framework.title for a in answers]
    signature = f"{concept.definition.__name__}({', '.join(concept.arguments)})"
    return Unanswered(
        Text(
            f"{what.en}; it was called like {signature} as {', '.join(titles)}; "
            "--framework says how it is to be called",
            f"{what.zh}；已按 {signature} 以 {'、'.join(titles)} 调用；可用 --framework 指定调用方式",
        )
    ).with_traceback(error.__traceback__ if error else None)
