"""The listener of a loop: turns what the hooks hear into passes and steps, and asks the judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.errors import GradusError
from gradus.examination.verdicts import Level
from gradus.examination.watch_batches import Batches
from gradus.examination.watch_calm import Calm
from gradus.examination.watch_gradients import Ledger
from gradus.examination.watch_holdings import Holdings
from gradus.examination.watch_hooks import EAR, hook_end, hook_layers, hook_optimizers, hook_root
from gradus.examination.watch_idle import Idle
from gradus.examination.watch_progress import Progress
from gradus.examination.watch_quick import first_tensor, in_float16, marked
from gradus.examination.watch_scene import Judge, Passage, Scene, Step
from gradus.examination.watch_signals import Signals
from gradus.text import Text

DEEP, SPARSE = 10, 20  # first steps that are deep, and looks between deep ones afterwards
AFTER = 5  # steps that are deep after a leap


class LoopListener:
    """Hears of every forward pass, backward pass and step, and tells the judges.

    A judge that raises is asked no more, and what it would have looked at stands among what was not checked.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: tuple[Optimizer, ...],
        say: Callable[..., None],
        fail: Callable[[str, Exception], None],
        every: int,
        loss: nn.Module | None,
    ) -> None:
        self.say, self.fail, self.every, self.sparse = say, fail, every, SPARSE * every
        watched = model if loss is None or not any(True for _ in loss.parameters()) else nn.ModuleDict({"model": model, "loss": loss})  # fmt: skip
        self.root = model
        self.scene = Scene(watched, optimizers, self._say)
        self.ledger, self.progress, self.batches = (
            Ledger(self.scene),
            Progress(self.scene),
            Batches(self.scene),
        )
        self.judges: list[Judge] = [
            self.ledger, Holdings(self.scene), self.progress, Signals(self.scene), self.batches, Idle(self.scene),
        ]  # fmt: skip
        self.calm = Calm(self.scene, self.ledger, self.progress, self.batches)
        self.asked: dict[str, list[Judge]] = {}
        self.counts = [0] * len(optimizers)
        self.pending: list[Passage] = []
        self.since: list[list[Passage]] = [[] for _ in optimizers]
        self.forwards = 0
        self.at: Step | None = None
        self.leapt = 0
        self.handles: list[Any] = []
        self.layer_handles: list[Any] = []
        self.end_handles: list[Any] = []
        self.open = False
        self.used = False

    # Beginning and end

    def attach(self) -> None:
        """Begins to listen."""
        if self.used:
            raise GradusError(
                Text(
                    "a watch is entered once: make another with gradus.watch",
                    "一个监视只能进入一次：请用 gradus.watch 再建一个",
                )
            )
        self.used = self.open = True
        try:
            self.scene.scan()
            self.handles = [*hook_root(self.root, self), *hook_optimizers(self)]
            EAR.add(self)
        except BaseException:
            self.detach(whole=False)
            raise
        self._tell("enters")

    def detach(self, whole: bool) -> None:
        """Ends it; nothing stays behind."""
        if not self.open:
            return
        if whole:
            self._tell("leaves", max(self.counts))
        self.open = False
        EAR.remove(self)
        self._stop_listening()
        for handle in self.handles:
            handle.remove()
        self.handles = []
        self.pending, self.since, self.at = [], [[] for _ in self.counts], None

    def rows(self) -> Iterator[tuple[str, str, float, float, float]]:
        """Of each parameter its name, shape, norm, gradient's norm and update beside the weights, as last seen."""
        for which, course in self.progress.of.items():
            for name, shape, weight, update in course.table:
                gradient = self.ledger.before.get(which, {}).get(name, float("nan"))
                yield name, shape, weight, gradient, update / weight if weight else float("nan")

    # What is heard

    def begin(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """The model is called."""
        gradients = torch.is_grad_enabled()
        deep = gradients and self._deep()
        if gradients:
            self.forwards += 1
            self.scene.training = model.training
            if deep:
                self.scene.half = in_float16()
                self._listen()
        if deep or self.batches.moody:
            self._tell("forward", first_tensor((*arguments, *options.values())), gradients)

    def _listen(self) -> None:
        """For this pass alone, hooks that cost more."""
        if not self.end_handles:
            self.end_handles = hook_end(self.root, self)
        if self.scene.listen > 0 and not self.layer_handles:
            self.scene.listen -= 1
            self.scene.calls = {}
            self.layer_handles = hook_layers(self.scene.model, self)

    def end(self, output: Any) -> None:
        """It has answered."""
        self._stop_listening()
        first = first_tensor((output,))
        if first is not None and first.is_floating_point():
            self._tell("output", first, self._deep())

    def _stop_listening(self) -> None:
        for handle in (*self.layer_handles, *self.end_handles):
            handle.remove()
        self.layer_handles, self.end_handles = [], []

    def layer(self, name: str) -> None:
        """A layer has run."""
        if self.scene.calls is not None:
            self.scene.calls.setdefault(name, torch.is_grad_enabled())

    def backward(self, roots: tuple[Tensor, ...]) -> list[Passage]:
        """A backward pass begins."""
        if self.end_handles:  # a forward pass that raised has told of no end
            self._stop_listening()
        if self.scene.calls == {}:
            self.scene.calls = None
        passages: list[Passage] = []
        for root in roots:
            if isinstance(root, Tensor):
                try:
                    passages.append(Passage(root, self.scene.names, self.forwards, bool(self.pending)))
                except Exception as error:
                    self.fail("backward", error)
        self.forwards = 0
        deep = self._deep() and not self.pending
        for passage in passages:
            if deep or self.pending or not passage.plain or self.ledger.stale or self._left():
                self._tell("backward_begins", passage, deep)
            passage.forget()
        return passages

    def _left(self) -> bool:
        """Whether gradients of an earlier pass are there still."""
        return any(p.grad is not None for quick in self.scene.quick for p in quick.parameters)

    def backward_ended(self, passages: list[Passage]) -> None:
        """It has ended."""
        for quick in self.scene.quick:
            quick.came = marked(quick.gradients)
        for passage in passages[:1]:
            self._tell("backward_ends", passage)
        self.pending += passages
        for since in self.since:
            since += passages

    def step(self, optimizer: Optimizer, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """An optimiser begins its step."""
        which = next((i for i, o in enumerate(self.scene.optimizers) if o is optimizer), None)
        if which is None:
            self._stranger(optimizer)
            return
        if self.at is not None and self.at.optimizer is optimizer:
            return  # a step within its own step
        quick = self.scene.quick[which]
        quick.refresh(self.scene.names)
        deep, look = self._deep(which), self._looks(which)
        number = self.counts[which] = self.counts[which] + 1
        closure = any(a is not None for a in (*arguments[1:], options.get("closure")))
        if look and not deep and not closure and self.calm.is_calm(which, number, self.pending):
            return
        passages = self.pending or self.since[which]
        step = self.at = Step(
            optimizer, which, number, deep, closure, quick.held, quick.names, passages, look
        )
        if deep:
            step.before = [p.detach().clone() for p in quick.parameters]
        if look:
            self._tell("step_begins", step)
            if not closure:
                self._ready(step)

    def _ready(self, step: Step) -> None:
        self._tell("gradients_ready", step)
        self.scene.quick[step.which].missing = len(step.held) - len(step.there)
        try:
            leaps = self.calm.leaps(step)
        except Exception as error:
            self.fail("gradients", error)
            return
        if leaps:
            if not self.leapt:
                self._tell("leaps")
            self.leapt = AFTER

    def step_ended(self, optimizer: Optimizer) -> None:
        """It has ended its step."""
        step = self.at
        if self.calm.marks is not None:
            which = next(i for i, o in enumerate(self.scene.optimizers) if o is optimizer)
            self.scene.quick[which].ended(self.calm.marks)
        elif step is None or step.optimizer is not optimizer:
            return
        else:
            which = step.which
            if step.look and step.closure:
                step.passages = [*self.pending] or step.passages
                self._ready(step)
            self._tell("step_ends", step)
            quick = self.scene.quick[which]
            quick.ended(marked(quick.gradients))
        self.calm.marks = self.at = None
        if self.leapt:
            self.leapt -= 1
        self.pending = []
        self.since[which] = []

    def _stranger(self, optimizer: Optimizer) -> None:
        if any(o is optimizer for o in self.scene.others):
            return
        mine = any(id(p) in self.scene.names for g in optimizer.param_groups for p in g["params"])
        if mine:
            self.scene.others.append(optimizer)
            self._tell("stranger", optimizer)

    # Who is asked

    def _deep(self, which: int | None = None) -> bool:
        """Whether the next step, of this optimiser or of any, is one in which everything is read."""
        if self.leapt > 0:
            return True
        counts = self.counts if which is None else (self.counts[which],)
        return any(n < DEEP or (n + 1) % self.sparse == 0 for n in counts)

    def _looks(self, which: int) -> bool:
        n = self.counts[which]
        return n < DEEP or (n + 1) % self.every == 0 or self.leapt > 0

    def _tell(self, event: str, *about: Any) -> None:
        for judge in self._asked(event):
            if judge not in self.judges:
                continue
            try:
                getattr(judge, event)(*about)
            except Exception as error:
                self.judges.remove(judge)
                self.fail(type(judge).__name__, error)

    def _asked(self, event: str) -> list[Judge]:
        """Those that do something at an event."""
        if event not in self.asked:
            plain = getattr(Judge, event)
            self.asked[event] = [j for j in self.judges if getattr(type(j), event) is not plain]
        return self.asked[event]

    def _say(self, kind: str, place: Text, evidence: Text, level: Level | None, **words: Any) -> None:
        step, several = self.at, len(self.scene.optimizers) > 1
        number = step.number if step is not None else max(self.counts) + (kind != "two-optimizers")
        if (
            step is None
            and not any(self.counts)
            and kind in ("other-parameters", "two-optimizers", "tie-broken", "frozen")
        ):
            number = 0
        whose = f"{type(step.optimizer).__name__}, {step.which}" if step is not None and several else ""
        self.say(kind, place, evidence, level, number, whose, **words)
