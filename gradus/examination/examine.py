"""`examine`: what theory says of a model on its data, in one call and one report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from gradus.arguments import function, refusal, whole
from gradus.arguments.tensors import module
from gradus.errors import GradusError, raised, words_of
from gradus.examination.batches import Taken, taken
from gradus.examination.budget import Budget
from gradus.examination.examination import Examination
from gradus.examination.guard import Guard, modes_left_alone, silence
from gradus.examination.preparation import facts_of, load
from gradus.examination.sections import SECTIONS, Check, chosen
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.explanation.time_limit import time_limit
from gradus.optimization.plain_attention import plain_attention
from gradus.text import Text

__all__ = ["examine"]

RESERVE = 0.06  # of the budget, for what ends the report


def examine(
    model: nn.Module,
    loss: Callable[[Any, Any], Any],
    data: Any,
    *,
    held_out: Any = None,
    optimizer: torch.optim.Optimizer | None = None,
    sections: Any = None,
    budget: Any = "60s",
    seed: int = 0,
    names: Any = None,
    lang: str = "en",
) -> Examination:
    r"""What theory says of a model on its data: anatomy, signals, curvature, step size, kernel, calibration, and verdicts in words.

    Each verdict has its evidence beside it and says what to do; what was not checked is listed with the reason. Nothing of a
    healthy run is needed beside. The model is left as it was, to the bit: parameters, buffers, gradients, modes, hooks; so are
    the generators of Python, NumPy and PyTorch. It is examined in the mode in which it stands, but where the mathematics needs
    outputs that are determined (curvature, kernel, calibration): there in evaluation mode, and the report says so.

    Args:
        model: any module, called on what the first entry of a batch is (a tensor, or a dictionary or tuple of tensors).
        loss: `loss(outputs, targets)`, with whatever the model returned.
        data: the training data: a pair (inputs, targets), or a list or loader of such batches; a limited number is taken.
        held_out: data that the model was not trained on.
        optimizer: that trains it; its step is compared with the largest stable one.
        sections: names, all unless given: anatomy, data, outputs, signals, gradients, curvature, step, kernel, generalisation,
            calibration.
        budget: of time and memory, "60s", "2GB" or "60s 2GB". Sizes are chosen to fit; a check that does not end in its share
            of the time is ended and listed as not checked. Memory bounds what the instruments hold, not what the model needs.
        seed: of all draws.
        names: of the classes.
        lang: "en" or "zh", of `table` and of what a notebook shows.

    Returns:
        The `Examination`. A check that fails is listed with its error in words; Ctrl-C ends the checks and gives what was found.

    Raises:
        GradusError: a model that is no module, a loss that cannot be called, data that are no batches.

    Cost: what the budget allows.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2), torch.nn.Softmax(-1))
        >>> x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
        >>> found = examine(model, torch.nn.functional.cross_entropy, (x, (x[:, 0] > 0).long()), sections="outputs")
        >>> found.verdicts[0].level, found.verdicts[0].check
        ('fault', 'softmax-twice')
    """
    return examined(
        model, loss, data, held_out=held_out, optimizer=optimizer, sections=sections, budget=budget, seed=seed, names=names, lang=lang
    )  # fmt: skip


@torch.inference_mode(False)
def examined(
    model: nn.Module,
    loss: Callable[[Any, Any], Any],
    data: Any,
    *,
    held_out: Any = None,
    optimizer: torch.optim.Optimizer | None = None,
    sections: Any = None,
    budget: Any = "60s",
    seed: int = 0,
    names: Any = None,
    lang: str = "en",
    told: Callable[[Examination], None] | None = None,
) -> Examination:
    """`examine`, which tells after every check what was found so far."""
    for name, value in (("model", model), ("loss", loss)):
        if isinstance(value, type):
            kind = value.__name__
            raise refusal(name, ("an object", "一个对象"), Text(f"the class {kind}", f"类 {kind}"), (f"make one: {kind}(…)", f"请先构造：{kind}(…)"), kind=True)  # fmt: skip
    module("model", model)
    function("loss", loss, "torch.nn.functional.cross_entropy")
    if optimizer is not None and not isinstance(optimizer, torch.optim.Optimizer):
        raise refusal(
            "optimizer", ("an optimizer of torch.optim", "torch.optim 的优化器"), optimizer, kind=True
        )
    if lang not in ("en", "zh"):
        raise refusal("lang", ('"en" or "zh"', "“en” 或 “zh”"), lang)
    whole("seed", seed, least=0, most=2**32 - 1)
    asked = chosen(sections)
    limits = Budget(budget)
    load(asked)
    guard = Guard(model, loss, data, held_out)
    found: list[Section] = []
    facts: list[tuple[Text, Text]] = []

    def so_far() -> None:
        if told is not None:
            done = {s.name: s for s in found}
            parts = tuple(done.get(name) or Section(name, SECTIONS[name].title) for name in asked)
            told(
                Examination(
                    parts, type(model).__name__, tuple(facts), lang, current=found[-1].name if found else ""
                )
            )

    try:
        train, held = _data(data, held_out, seed, limits)
        subject = Subject(
            model, loss, train, held, optimizer, limits, seed, None if names is None else [*map(str, names)]
        )
        so_far()  # the first pass of the model may end the process
        with silence():
            _limited(subject, guard)
        facts = facts_of(subject)
        _share_out(subject, asked)
        _sections(subject, guard, asked, found, so_far)
    except KeyboardInterrupt:
        guard.restore()
        if not facts:
            raise
    finally:
        guard.restore()
    interrupted = Text("the examination was interrupted", "检查被中断")
    done = {s.name: s for s in found}
    whole_report = [done.get(name) or Section(name, SECTIONS[name].title) for name in asked]
    for section in whole_report:
        if section.name not in done:
            section.leave(Text("the whole section", "整节"), interrupted)
    facts.append(
        (
            Text("took", "用时"),
            Text(
                f"{limits.spent:.1f} s of {limits.seconds:g} s",
                f"{limits.spent:.1f} 秒（预算 {limits.seconds:g} 秒）",
            ),
        )
    )
    return Examination(tuple(whole_report), type(model).__name__, tuple(facts), lang)


def _data(data: Any, held_out: Any, seed: int, limits: Budget) -> tuple[Taken, Taken | None]:
    share = max(0.3 * limits.seconds, 0.2)
    try:
        with time_limit(share):
            train = taken("data", data, seed)
            return train, None if held_out is None else taken("held_out", held_out, seed)
    except GradusError as error:
        if not error.text.en.startswith("the function was still running"):
            raise
        raise refusal(
            "data",
            (
                f"batches that come within {share:g} s, a third of the budget",
                f"能在 {share:g} 秒（预算的三成）内取到的批次",
            ),
            Text("a loader that takes longer", "耗时更长的加载器"),
        ) from None


def _limited(subject: Subject, guard: Guard) -> None:
    """Looks at what a sample costs, and keeps as many as can be gone over."""
    if guard.lazy:
        return
    try:
        with modes_left_alone(), time_limit(max(0.1 * subject.budget.seconds, 0.05)):
            subject.limit()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # what a model that cannot be run raises is said by the checks
        if isinstance(error, GeneratorExit):
            raise
    finally:
        guard.restore()


def _share_out(subject: Subject, asked: list[str]) -> None:
    """The planned seconds of each section."""
    total = sum(SECTIONS[name].weight for name in asked)
    usable = (1 - RESERVE) * subject.budget.seconds
    subject.shares = {name: usable * SECTIONS[name].weight / total for name in asked}


def _sections(
    subject: Subject, guard: Guard, asked: list[str], found: list[Section], so_far: Callable[[], None]
) -> None:
    for number, name in enumerate(asked):
        kind = SECTIONS[name]
        section = Section(name, kind.title)
        found.append(section)
        before = subject.budget.spent
        rest = sum(SECTIONS[n].weight for n in asked[number:])
        usable = subject.budget.left - RESERVE * subject.budget.seconds
        end = subject.budget.spent + max(usable, 0) * kind.weight / rest
        # what is left over of one section is the next one's: it may take up to three tenths
        end = max(end, subject.budget.spent + 0.3 * max(usable, 0))
        try:
            for check in kind.checks:
                so_far()
                _look(subject, guard, section, check, end)
        except KeyboardInterrupt:
            section.leave(
                Text("the rest of the section", "本节其余部分"),
                Text("the examination was interrupted", "检查被中断"),
            )
            raise
        finally:
            section.seconds = subject.budget.spent - before


def _look(subject: Subject, guard: Guard, section: Section, check: Check, end: float) -> None:
    """One check, within its time; whatever becomes of it, the model is as it was."""
    left = end - subject.budget.spent
    if left <= 0.01:
        section.leave(check.name, Text("the budget was spent before", "预算此前已用完"))
        return
    if guard.lazy:
        section.leave(
            check.name,
            Text(
                "a layer has no shape yet; call the model once on a batch",
                "有的层尚无形状；请先用一个批次调用模型",
            ),
        )
        return
    begun = subject.budget.spent
    try:
        with modes_left_alone(), silence(), plain_attention(), time_limit(left), torch.enable_grad():
            subject.seeded()
            check.look(subject, section)
    except Unchecked as error:
        section.leave(check.name, error.reason)
    except KeyboardInterrupt:
        raise
    except GradusError as error:
        late = subject.budget.spent - begun >= left
        section.leave(check.name, _out_of_time(subject.budget.spent - begun) if late else error.text)
    except BaseException as error:  # the user's module may raise anything, SystemExit too
        if isinstance(error, GeneratorExit):
            raise
        section.leave(check.name, _told(error))
    finally:
        guard.restore()


def _out_of_time(seconds: float) -> Text:
    return Text(
        f"it had not ended after {seconds:.2g} s, its share of the budget",
        f"运行 {seconds:.2g} 秒（它在预算中的份额）后仍未结束",
    )


def _told(error: BaseException) -> Text:
    en, zh = raised(error)
    short = [words if len(words) < 300 else words[:300] + "…" for words in (en, zh)]
    return Text(f"it {short[0]}", f"它{short[1]}") if words_of(error).en else Text(*short)
