"""A watch over a training loop: silent faults named as they appear, and not a bit of the training changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from torch import nn
from torch.optim import Optimizer

from gradus.arguments import choice, function, refusal, whole
from gradus.arguments.tensors import module as require_module
from gradus.errors import words_of
from gradus.examination.verdicts import LEVELS, Level, NotChecked, Verdict
from gradus.examination.watch_kinds import KINDS
from gradus.examination.watch_listener import LoopListener
from gradus.text import Text

#: Faults that are named once for each layer, at most so often; all others once.
BY_LAYER = frozenset(
    {"dead-units", "saturated", "zero-gradient", "attention-one-hot", "attention-uniform", "tie-broken"}
)
MOST = 3
#: What follows from another fault is not named beside it.
FOLLOWS: dict[str, frozenset[str]] = {
    "loss-without-model": frozenset({"other-parameters", "loss-detached", "zeroed-before-step"}),
    "not-held": frozenset({"other-parameters"}),
    "cut-off": frozenset({"other-parameters"}),
    "unused": frozenset({"other-parameters"}),
    "non-finite-gradient": frozenset({"non-finite-forward"}),
    "nothing-moves": frozenset({"zero-rate", "zeroed-before-step", "lost-in-rounding", "scheduler-first"}),
    "diverging": frozenset({"not-zeroed", "non-finite-forward"}),
    "non-finite-forward": frozenset({"non-finite-gradient"}),
    "scheduler-still": frozenset({"zero-rate"}),
}  # fmt: skip


class Sighting(NamedTuple):
    """A verdict, and where in the loop it was reached.

    Attributes:
        step: of the optimiser, from 1; 0 before the first.
        place: the dotted name of a parameter or a layer, several of them, or nothing for the whole loop.
        optimizer: whose step it is, where there are several.
        verdict: what is the matter, the evidence, what to do, and which pages teach it.
    """

    step: int
    place: str
    optimizer: str
    verdict: Verdict

    def line(self, lang: str = "en") -> str:
        """All of it in one line, in English ("en") or Chinese ("zh")."""
        verdict, whose = self.verdict, f" ({self.optimizer})" if self.optimizer else ""
        statement, evidence, advice = (
            words.get(lang) for words in (verdict.statement, verdict.evidence, verdict.advice)
        )
        level = LEVELS[verdict.level].get(lang)
        if lang == "zh":
            return f"第 {self.step} 步{whose}，{level}：{statement}。{evidence}。建议：{advice}。"
        return f"step {self.step}{whose}, {level}: {statement}. {evidence[:1].upper()}{evidence[1:]}. What to do: {advice}."

    def __str__(self) -> str:
        return self.line()


class Watch:
    """What `watch` gives: a context, and what it has seen.

    Attributes:
        sightings: what was found, in its order, each with its step and place.
        not_checked: what could not be looked at, and why.
        steps: that were watched, of the optimiser with the most.
    """

    def __init__(
        self, model: nn.Module, optimizers: tuple[Optimizer, ...], report: Any, every: int, loss: Any
    ) -> None:
        self.sightings: list[Sighting] = []
        self.not_checked: list[NotChecked] = []
        self._report = report
        self._listener = LoopListener(model, optimizers, self._say, self._fail, every, loss)

    def __enter__(self) -> Watch:
        self._listener.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.detach(whole=kind is None)

    @property
    def steps(self) -> int:
        """How many steps were watched."""
        return max(self._listener.counts, default=0)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts in the order in which they were reached."""
        return [sighting.verdict for sighting in self.sightings]

    @property
    def table(self) -> str:
        """The verdicts, then the parameters with their last numbers, as plain text."""
        return self.text()

    def text(self, lang: str = "en") -> str:
        """What `table` shows, in English ("en") or Chinese ("zh").

        Raises:
            GradusError: another language.
        """
        choice("lang", lang, ("en", "zh"))
        lines = [self._summary().get(lang), *(s.line(lang) for s in self.sightings)]
        lines += [f"{n.what.get(lang)}: {n.reason.get(lang)}" for n in self.not_checked]
        rows = list(self._listener.rows())
        if rows:
            heads = Text(
                "parameter, shape, norm, gradient, update/weights", "参数, 形状, 范数, 梯度, 更新/权重"
            ).get(lang)
            cells = [heads.split(", "), *(list(map(_cell, row)) for row in rows)]
            widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
            lines += [
                "",
                *("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells),
            ]
        return "\n".join(lines)

    def _summary(self) -> Text:
        counts = {level: sum(v.level == level for v in self.verdicts) for level in LEVELS}
        en = ", ".join(f"{n} {LEVELS[level].en}{'' if n == 1 else 's'}" for level, n in counts.items())
        zh = "，".join(f"{n} 个{LEVELS[level].zh}" for level, n in counts.items())
        return Text(f"{self.steps} steps watched: {en}", f"监视了 {self.steps} 步：{zh}")

    def to_json(self) -> str:
        """Everything as JSON; numbers that are not finite are null."""
        rows = [
            dict(zip(("parameter", "shape", "norm", "gradient", "update"), row, strict=True))
            for row in self._listener.rows()
        ]
        found = [{**s._asdict(), "verdict": s.verdict._asdict()} for s in self.sightings]
        whole = {
            "steps": self.steps,
            "sightings": found,
            "not_checked": [n._asdict() for n in self.not_checked],
            "parameters": [{k: v if v == v and v not in (float("inf"), -float("inf")) else None for k, v in row.items()} for row in rows],
        }  # fmt: skip
        return json.dumps(whole, ensure_ascii=False, allow_nan=False)

    def __repr__(self) -> str:
        return self._summary().en

    def _say(
        self,
        kind: str,
        place: Text,
        evidence: Text,
        level: Level | None,
        step: int,
        optimizer: str,
        **words: Any,
    ) -> None:
        seen = [s for s in self.sightings if s.verdict.check == kind]
        if seen and (kind not in BY_LAYER or len(seen) >= MOST or any(s.place == place.en for s in seen)):
            return
        if any(s.verdict.check in FOLLOWS.get(kind, ()) for s in self.sightings):
            return
        about = KINDS[kind]
        statement = Text(
            _filled(about.statement.en, place.en, words), _filled(about.statement.zh, place.zh, words)
        )
        verdict = Verdict(level or about.level, statement, evidence, about.advice, about.pages, "watch", kind)
        self.sightings.append(Sighting(step, place.en, optimizer, verdict))
        if self._report is not None:
            self._report(self.sightings[-1])

    def _fail(self, what: str, error: Exception) -> None:
        reason, name = words_of(error), type(error).__name__
        self.not_checked.append(
            NotChecked(
                Text(f"{what}, from step {self.steps + 1} on", f"{what}（自第 {self.steps + 1} 步起）"),
                Text(f"the watch itself raised {name}: {reason.en}", f"监视本身抛出 {name}：{reason.zh}"),
                "watch",
            )
        )


def _filled(template: str, place: str, words: Mapping[str, Any]) -> str:
    if not place:
        template = template.replace(" ({place})", "").replace("（{place}）", "")
    return template.format(place=place, **words) if "{" in template else template


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def watch(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    *,
    loss: nn.Module | None = None,
    report: Callable[[Sighting], Any] | None = print,
    every: int = 1,
) -> Watch:
    r"""A context around a training loop in plain PyTorch that names its silent faults as they appear.

    .. math:: \theta_{t+1}=\theta_t-\eta_t\,u(g_t),\qquad g_t=\nabla\frac1{|B_t|}\sum_{i\in B_t}\ell_i(\theta_t)

    Of each step it is asked whether :math:`g_t` is what the formula says: of this batch alone, whole, finite, of the
    parameters that the optimiser holds, from a model in training mode; and whether the update has a size that makes progress.
    No healthy run is needed to compare with. `watch_kinds.KINDS` lists what is known; each is named once, with its step, the
    parameter or layer, the numbers, what to do, and the pages that teach it. What one step proves is named at that step; what
    needs a run of evidence (dead units, a rate of 0, the same batch) after the two to ten steps that its evidence names.

    Nothing of the training is changed, to the last bit: the watch computes beside it, draws no random numbers, and leaves no
    hook behind, after an exception neither. What fails inside the watch stands in `not_checked` and never ends the loop.

    Args:
        model: that is trained.
        optimizer: that trains it, or several.
        loss: the loss, where it is a module with parameters of its own; they count as the model's.
        report: is called with each `Sighting` as it is found; None for silence. Printed, it is one line of English;
            `sighting.line("zh")` is the Chinese.
        every: steps between looks at the numbers of the gradients. All weights and activations are read in the first ten
            steps, at each twentieth look, and after a leap of the gradient or the loss.

    Returns:
        The context; `verdicts`, `sightings`, `table` and `to_json()` hold what was found.

    Raises:
        GradusError: arguments of another kind.

    Cost: a norm of each gradient a step; in a twentieth of the steps a copy of the parameters and a pass over the
        activations that autograd keeps. A step of an MLP 64-128-128-10 at batch 128 takes a fifth to a quarter longer
        with SGD and a sixth with Adam on one core (`python -m benchmarks watching`); a larger model less. On an
        accelerator each look waits for its numbers; `every=10` waits in a tenth of the steps.

    Source: the faults are those of public issues; thresholds are stated in each verdict.

    Example:
        >>> import torch, gradus
        >>> _ = torch.manual_seed(0)
        >>> model = torch.nn.Linear(4, 3)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> x, y = torch.randn(8, 4), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
        >>> with gradus.watch(model, optimizer, report=None) as watched:
        ...     for _ in range(3):
        ...         torch.nn.functional.cross_entropy(model(x), y).backward()  # no zero_grad
        ...         optimizer.step()
        >>> [(s.step, s.verdict.check, s.place) for s in watched.sightings]
        [(2, 'not-zeroed', 'weight, bias')]
    """
    require_module("model", model)
    several = (optimizer,) if isinstance(optimizer, Optimizer) else optimizer
    if not isinstance(several, Sequence) or not several or not all(isinstance(o, Optimizer) for o in several):
        raise refusal("optimizer", ("an optimizer of PyTorch, or several", "PyTorch 的优化器（可为多个）"), optimizer, kind=True)  # fmt: skip
    if loss is not None and not isinstance(loss, nn.Module):
        raise refusal(
            "loss", ("a module", "模块"), loss, ("a function needs not be given", "函数无须给出"), kind=True
        )
    if report is not None:
        function("report", report, "print")
    return Watch(model, tuple(several), report, whole("every", every, least=1), loss)
