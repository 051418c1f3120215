"""Whether the steps are of a size that makes progress: the loss, the updates beside the weights, decay, ε, the rate."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from gradus.examination.watch_scene import Judge, Scene, Step, listed, norms, ratio, whole

RISEN = 2.0  # times the first loss
MOVING = 0.02  # updates by so much of the weights can be why a loss rises
LARGE, LARGEST = 1.5, 3.0  # of the weights, in three looks
STILL = 1e-7  # of the weights: below the spacing of single precision
LOST = 0.9  # of the numbers with a gradient
SHRINKING = -0.9  # cosine between update and weights
SOME = 3  # looks in a row
MORE = 5


class Progress(Judge):
    """One for each optimiser: losses, rates and updates in their order."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.of: dict[int, _Course] = {}
        self.rates_at_entry: list[list[tuple[float, bool]]] = []

    def enters(self) -> None:
        """What is true before the first step."""
        self.rates_at_entry = [
            [(float(g.get("lr", math.nan)), "initial_lr" in g) for g in o.param_groups]
            for o in self.scene.optimizers
        ]

    def step_begins(self, step: Step) -> None:
        """Looks at what has changed since the step before."""
        course = self.of.setdefault(step.which, _Course())
        rates = [float(g["lr"]) for g in step.optimizer.param_groups if "lr" in g]
        if step.number == 1 and not step.optimizer.state:
            self._first_rates(step, rates)
        course.take(rates)
        if course.zero == 2:
            self.say("zero-rate", "", f"lr is 0 in all {len(rates)} groups at steps {step.number - 1} and {step.number}", f"第 {step.number - 1} 步与第 {step.number} 步，{len(rates)} 个参数组的 lr 都为 0")  # fmt: skip

    def calm(self, which: int, number: int, loss: float, optimizer: Optimizer) -> bool:
        """Takes the loss and the rates of a step that needs no other look; False where it needs one after all."""
        course = self.of[which]
        rates = [float(g["lr"]) for g in optimizer.param_groups if "lr" in g]
        if not any(rates) or course.high(loss):
            return False
        course.take(rates)
        course.last.append(loss)
        return True

    def _first_rates(self, step: Step, rates: list[float]) -> None:
        entry = self.rates_at_entry[step.which]
        for (before, scheduled), now in zip(entry, rates, strict=False):
            if scheduled and before != now and math.isfinite(before):
                self.say("scheduler-first", "", f"lr was {before:g} when the watch began and is {now:g} at the first step", f"监视开始时 lr 为 {before:g}，到第一步时为 {now:g}")  # fmt: skip
                return

    def gradients_ready(self, step: Step) -> None:
        """Looks at what the step uses."""
        loss, course = step.loss, self.of[step.which]
        if loss is None or not math.isfinite(loss):
            return
        if len(course.first) < SOME:
            course.first.append(loss)
        course.last.append(loss)
        start = sum(course.first) / len(course.first)
        if len(course.last) < SOME or step.number < SOME + 1 or course.moved < MOVING:
            return
        if course.high(min(course.last)):
            self.say(
                "diverging", "",
                f"the loss was {ratio(start)} in the first {len(course.first)} steps and is {ratio(sum(course.last) / SOME)} in the last {SOME}; an update measures {ratio(course.moved)} of the weights, lr is {_rates(course)}",
                f"最初 {len(course.first)} 步的损失为 {ratio(start)}，最近 {SOME} 步为 {ratio(sum(course.last) / SOME)}；一次更新为权重的 {ratio(course.moved)}，lr 为 {_rates(course)}",
            )  # fmt: skip

    def step_ends(self, step: Step) -> None:
        """Looks at what the step has done."""
        if step.before is None:
            return
        course, held = self.of[step.which], [p for p, _ in step.held]
        with torch.no_grad():
            changes = [p.detach() - b for p, b in zip(held, step.before, strict=True)]
        wide = [i for i, p in enumerate(held) if p.ndim > 1] or list(range(len(held)))
        updates, weights = norms(changes), step.sizes
        size, change = whole([weights[i] for i in wide]), whole([updates[i] for i in wide])
        if not (math.isfinite(change) and math.isfinite(size)) or size == 0:
            return
        course.moved = change / size
        course.most = max(course.most, course.moved)
        course.table = [
            (n, str(tuple(p.shape)), w, u)
            for n, p, w, u in zip(step.names, held, weights, updates, strict=True)
        ]
        self._large(step, course)
        self._small(step, course, held, changes)
        self._decay(step, course, changes, step.before, change, size)
        self._epsilon(step, course)

    def _large(self, step: Step, course: _Course) -> None:
        course.moves.append(course.moved)
        total = sum(course.moves)
        if len(course.moves) == SOME and total >= LARGE and not self._advanced(course):
            self.say(
                "step-too-large", "",
                f"the last {SOME} updates that were looked at measure {', '.join(map(ratio, course.moves))} of the weights; lr is {_rates(course)}",
                f"最近查看的 {SOME} 次更新分别为权重的 {'、'.join(map(ratio, course.moves))}；lr 为 {_rates(course)}",
                level=None if total >= LARGEST else "warning",
            )  # fmt: skip

    def _small(self, step: Step, course: _Course, held: list[Tensor], changes: list[Tensor]) -> None:
        if not any(course.rates) or not any(step.gradients.values()):
            return
        low = [
            i for i, p in enumerate(held) if p.dtype in (torch.float16, torch.bfloat16) and p.grad is not None
        ]
        if low:
            live = [(held[i].grad.detach() != 0) for i in low]  # type: ignore[union-attr]
            of = sum(int(m.sum()) for m in live)
            stayed = sum(int((m & (changes[i] == 0)).sum()) for m, i in zip(live, low, strict=True))
            course.lost = course.lost + 1 if of and stayed >= LOST * of and not self._advanced(course) else 0
            if course.lost >= SOME:
                kind = str(held[low[0]].dtype).removeprefix("torch.")
                self.say(
                    "lost-in-rounding", listed([step.names[i] for i in low]),
                    f"of {of} weights in {kind} with a gradient, {stayed} have not changed in this step; lr is {_rates(course)}",
                    f"{of} 个有梯度的 {kind} 权重中，这一步有 {stayed} 个没有变化；lr 为 {_rates(course)}",
                )  # fmt: skip
                return
        # a loss that falls although no step has moved anything falls by the batch
        idle = course.most < STILL and not course.changed
        advanced = not idle and self._advanced(course)
        still = course.moved < STILL and course.steady >= course.still and not advanced
        course.still = course.still + 1 if still else 0
        if course.still >= MORE and not course.lost:
            self.say(
                "nothing-moves", "",
                f"at {course.still} looks in a row an update measures {ratio(course.moved)} of the weights, the loss is {ratio(course.last[-1]) if course.last else '?'}; lr is {_rates(course)}",
                f"连续 {course.still} 次查看，一次更新只有权重的 {ratio(course.moved)}，损失为 {ratio(course.last[-1]) if course.last else '?'}；lr 为 {_rates(course)}",
            )  # fmt: skip

    def _advanced(self, course: _Course) -> bool:
        """Whether the loss has fallen to a part of what it was, so that small steps are the end of a way."""
        if not course.first or not course.last:
            return False
        return course.last[-1] < 0.9 * sum(course.first) / len(course.first)

    def _decay(
        self,
        step: Step,
        course: _Course,
        changes: list[Tensor],
        before: list[Tensor],
        change: float,
        size: float,
    ) -> None:
        if not any(g.get("weight_decay", 0) for g in step.optimizer.param_groups) or change == 0:
            return
        wide = [i for i, b in enumerate(before) if b.ndim > 1] or list(range(len(before)))
        along = sum(float((changes[i].float() * before[i].float()).sum()) for i in wide)
        cosine = along / (change * size)
        done = bool(course.first) and bool(course.last) and course.last[-1] < 0.5 * course.first[0]
        course.shrinking = course.shrinking + 1 if cosine < SHRINKING and not done else 0
        if course.shrinking >= SOME:
            decay = max(float(g.get("weight_decay", 0)) for g in step.optimizer.param_groups)
            self.say(
                "decay-dwarfs", "",
                f"at {course.shrinking} looks in a row the update points against the weights themselves, cosine {cosine:.3f}; one step shrinks them by {-along / size**2:.2%}; weight_decay is {decay:g}",
                f"连续 {course.shrinking} 次查看，更新与权重本身方向相反，余弦为 {cosine:.3f}；一步使其缩小 {-along / size**2:.2%}；weight_decay 为 {decay:g}",
            )  # fmt: skip

    def _epsilon(self, step: Step, course: _Course) -> None:
        squares: list[Tensor] = []
        epsilon, beta, taken = 0.0, 0.999, 1.0
        for p, group in step.held:
            state: dict[str, Any] = step.optimizer.state.get(p, {})
            if "exp_avg_sq" in state and "eps" in group and p.grad is not None:
                squares.append(state["exp_avg_sq"])
                epsilon, beta, taken = (
                    float(group["eps"]),
                    float(group["betas"][1]),
                    float(state.get("step", 1)),
                )
        if not squares or taken < 1:
            return
        count = sum(s.numel() for s in squares)
        mean = sum(float(s.sum()) for s in squares) / count / (1 - beta**taken)
        scale = math.sqrt(mean) if mean > 0 else 0.0
        course.small = course.small + 1 if 0 < scale < epsilon and not self._advanced(course) else 0
        if course.small >= SOME:
            self.say("epsilon-dominates", "", f"the root mean square of the gradient is {ratio(scale)}, ε is {epsilon:g}", f"梯度的均方根为 {ratio(scale)}，ε 为 {epsilon:g}")  # fmt: skip

    def leaves(self, steps: int) -> None:
        """What is known only at the end."""
        for which, optimizer in enumerate(self.scene.optimizers):
            course = self.of.get(which)
            scheduled = [g for g in optimizer.param_groups if "initial_lr" in g]
            if course is None or course.changed or not scheduled or steps < 20:
                continue
            one_cycle = any("max_lr" in g and "min_lr" in g for g in scheduled)
            self.say(
                "scheduler-still", "",
                f"lr is {_rates(course)} at all {steps} steps" + ("; a one-cycle schedule is stepped at each" if one_cycle else ""),
                f"{steps} 步中 lr 始终为 {_rates(course)}" + ("；单周期计划每一步都要推进" if one_cycle else ""),
                level="warning" if one_cycle else None,
            )  # fmt: skip


class _Course:
    """How an optimiser has fared."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self.last: deque[float] = deque(maxlen=SOME)
        self.rates: list[float] = []
        self.changed = False
        self.moved = self.most = 0.0
        self.table: list[tuple[str, str, float, float]] = []
        self.moves: deque[float] = deque(maxlen=SOME)
        self.steady = self.zero = self.lost = self.still = 0
        self.shrinking = self.small = 0

    def take(self, rates: list[float]) -> None:
        """The rates of a step."""
        same = rates == self.rates
        self.changed = self.changed or bool(self.rates and not same)
        self.steady = self.steady + 1 if same else 0
        self.rates = rates
        self.zero = self.zero + 1 if rates and not any(rates) else 0

    def high(self, loss: float) -> bool:
        """Whether a loss is far above those of the first steps."""
        if not self.first:
            return False
        start = sum(self.first) / len(self.first)
        return loss > start + (RISEN - 1) * max(abs(start), 1e-30)


def _rates(course: _Course) -> str:
    return ", ".join(f"{rate:g}" for rate in dict.fromkeys(course.rates)) or "?"
