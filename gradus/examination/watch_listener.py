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
from gradus.examination.watch_gradients import Ledger
from gradus.examination.watch_holdings import Holdings
from gradus.examination.watch_hooks import EAR, hook_layers, hook_optimizers, hook_root
from gradus.examination.watch_progress import Progress
from gradus.examination.watch_scene import Judge, Passage, Scene, Step
from gradus.examination.watch_signals import Signals
from gradus.text import Text

DEEP, SPARSE = 10, 20  # first steps that are deep, and looks between deep ones afterwards
LEAP = 5.0  # by which the gradient changes its length from one look to the next
RISE = 2.0  # by which the loss does
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
        self.say, self.fail, self.every = say, fail, every
        watched = model if loss is None or not any(True for _ in loss.parameters()) else nn.ModuleDict({"model": model, "loss": loss})  # fmt: skip
        self.root = model
        self.scene = Scene(watched, optimizers, self._say)
        self.judges: list[Judge] = [
            kind(self.scene) for kind in (Ledger, Holdings, Progress, Signals, Batches)
        ]
        self.ledger = self.judges[0]
        self.progress = self.judges[2]
        self.asked: dict[str, list[Judge]] = {}
        self.counts = [0] * len(optimizers)
        self.pending: list[Passage] = []
        self.since: list[list[Passage]] = [[] for _ in optimizers]
        self.forwards = 0
        self.at: Step | None = None
        self.leapt = 0
        self.lengths: list[float] = [0.0] * len(optimizers)
        self.losses: list[float] = [0.0] * len(optimizers)
        self.first = 0.0
        self.handles: list[Any] = []
        self.layer_handles: list[Any] = []
        self.depth = 0
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
        for handle in (*self.handles, *self.layer_handles):
            handle.remove()
        self.handles, self.layer_handles = [], []
        self.pending, self.since, self.at = [], [[] for _ in self.counts], None

    def rows(self) -> Iterator[tuple[str, str, float, float, float]]:
        """Of each parameter its name, shape, norm, gradient's norm and update beside the weights, as last seen."""
        courses = getattr(self.progress, "of", {})
        before = getattr(self.ledger, "before", {})
        for which, course in courses.items():
            for name, shape, weight, update in course.table:
                gradient = before.get(which, {}).get(name, float("nan"))
                yield name, shape, weight, gradient, update / weight if weight else float("nan")

    # What is heard

    def begin(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """The model is called."""
        self.depth += 1
        if self.depth > 1:
            return
        gradients = torch.is_grad_enabled()
        if gradients:
            self.forwards += 1
            self.scene.training = model.training
            self.scene.half = _in_float16()
            if self.scene.listen > 0:
                self.scene.listen -= 1
                self.scene.calls = {}
                self.layer_handles = hook_layers(self.scene.model, self)
        self._tell("forward", _first_tensor((*arguments, *options.values())), gradients)

    def end(self, output: Any) -> None:
        """It has answered."""
        self.depth -= 1
        if self.depth > 0:
            return
        self._stop_listening()
        if (
            torch.is_grad_enabled()
            and (first := _first_tensor((output,))) is not None
            and first.is_floating_point()
        ):
            self._tell("output", first, self._deep())

    def _stop_listening(self) -> None:
        for handle in self.layer_handles:
            handle.remove()
        self.layer_handles = []

    def layer(self, name: str) -> None:
        """A layer has run."""
        if self.scene.calls is not None:
            self.scene.calls.setdefault(name, torch.is_grad_enabled())

    def backward(self, roots: tuple[Tensor, ...]) -> list[Passage]:
        """A backward pass begins."""
        self.depth = 0  # a forward pass that raised has told of no end
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
            self._tell("backward_begins", passage, deep)
            passage.forget()
        return passages

    def backward_ended(self, passages: list[Passage]) -> None:
        """It has ended."""
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
        deep, look = self._deep(which), self._looks(which)
        self.counts[which] += 1
        held = [(p, g) for g in optimizer.param_groups for p in g["params"]]
        names = [self.scene.names.get(id(p)) or f"optimizer[{i}]" for i, (p, _) in enumerate(held)]
        closure = any(a is not None for a in (*arguments[1:], options.get("closure")))
        step = Step(
            optimizer,
            which,
            self.counts[which],
            deep,
            closure,
            held,
            names,
            self.pending or self.since[which],
        )
        step.look = look
        self.at = step
        if deep:
            step.before = [p.detach().clone() for p, _ in held]
        if look:
            self._tell("step_begins", step)
            if not closure:
                self._ready(step)

    def _ready(self, step: Step) -> None:
        self._tell("gradients_ready", step)
        try:
            length = step.length
        except Exception as error:
            self.fail("gradients", error)
            return
        before, self.lengths[step.which] = self.lengths[step.which], length
        loss = step.loss or 0.0
        earlier, self.losses[step.which] = self.losses[step.which], loss
        self.first = self.first or loss
        risen = earlier > 0 and loss > RISE * max(earlier, 0.5 * self.first)
        if (before and not before / LEAP < length < before * LEAP) or risen:
            self.leapt = AFTER
            self._tell("leaps")

    def step_ended(self, optimizer: Optimizer) -> None:
        """It has ended its step."""
        step = self.at
        if step is None or step.optimizer is not optimizer:
            return
        if step.look and step.closure:
            step.passages = [*self.pending] or step.passages
            self._ready(step)
        self._tell("step_ends", step)
        step.before, self.at = None, None
        self.leapt = max(0, self.leapt - 1)
        self.pending = []
        self.since[step.which] = []

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
        counts = self.counts if which is None else [self.counts[which]]
        return self.leapt > 0 or any(n < DEEP or (n + 1) % (SPARSE * self.every) == 0 for n in counts)

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


def _in_float16() -> bool:
    return any(
        torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) is torch.float16
        for kind in ("cpu", "cuda")
    )


def _first_tensor(values: Any) -> Tensor | None:
    for value in values:
        if isinstance(value, Tensor):
            return value if value.layout is torch.strided and not value.is_meta and value.numel() else None
        if isinstance(value, dict):
            value = tuple(value.values())
        if isinstance(value, (tuple, list)) and (found := _first_tensor(value)) is not None:
            return found
    return None
