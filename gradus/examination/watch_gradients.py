"""The ledger of gradients: which step used which, what was zeroed and when, what was scaled, and what never came."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gradus.examination.watch_graph import BETWEEN, Graph, first_non_finite, function_name, saved
from gradus.examination.watch_quick import Mark, Quick, marked
from gradus.examination.watch_scene import Judge, Passage, Scene, Step, listed, norms, ratio, whole

SCALE_INVARIANT = "betas"  # who has them divides by the gradient's own size
SCALED = 64.0  # a loss times more than this was scaled for half precision
CLIPPED = 10  # steps
CUT = 0.1  # of the gradient's length


class Ledger(Judge):
    """Follows every gradient from the backward pass that made it to the step that uses it.

    A gradient is stale from the backward pass that adds to what a step has used already, until it is zeroed; a step that
    uses a stale one is named. Nothing is copied: a tensor's version tells whether it was written to.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.stale: set[int] = set()
        self.before: dict[int, dict[str, float]] = {}  # norms that an optimiser's last step used
        self.totals: deque[float] = deque(maxlen=CLIPPED)
        self.factors: deque[float] = deque(maxlen=CLIPPED)
        self.full: float | None = None
        self.rewritten = 0
        self.undivided = 0

    @property
    def arrived(self) -> dict[int, Mark]:
        """The gradients that were there after the last backward pass, by the identity of their parameter."""
        return {k: m for q in self.scene.quick for k, m in zip(q.keys, q.came, strict=False) if m is not None}

    def backward_begins(self, passage: Passage, deep: bool) -> None:
        """Looks at the loss and its graph."""
        if not passage.root.requires_grad:
            self.say("loss-detached", "", "the loss has requires_grad=False", "损失的 requires_grad=False")
            return
        for quick in self.scene.quick:
            now = marked(quick.gradients)
            if any(m is not None for m in now):
                self._left(quick, now)
            elif self.stale:
                self.stale.difference_update(quick.keys)
        if passage.value is not None and not math.isfinite(passage.value):
            self._non_finite(passage)
        passage.spread = not (passage.several and passage.mean and constant_targets(passage))

    def _left(self, quick: Quick, now: list[Mark | None]) -> None:
        """Which gradients a backward pass finds: used already, or zeroed in place since."""
        unsure = []
        came = quick.came or [None] * len(now)
        taken = quick.taken or [None] * len(now)
        for key, p, new, arrived, used in zip(quick.keys, quick.parameters, now, came, taken, strict=True):
            if new is None:
                self.stale.discard(key)
            elif new == used:
                self.stale.add(key)
            elif new != arrived and (key in self.stale or (used is not None and used[0] == new[0])):
                unsure.append((key, p.grad))
        for (key, _), size in zip(unsure, norms([g for _, g in unsure if g is not None]), strict=True):
            if size == 0:
                self.stale.discard(key)
            else:
                self.stale.add(key)

    def _non_finite(self, passage: Passage) -> None:
        graph, loss = passage.graph, passage.value
        found = first_non_finite(graph)
        if found is None:
            self.say(
                "non-finite-forward",
                "in the loss itself",
                f"the loss is {loss}",
                f"损失为 {loss}",
                place_zh="损失本身",
            )
            return
        node, kept = found
        place, place_zh = _place(graph, node, kept)
        bad = saved(node, kept)
        count = 0 if bad is None else int((~bad.isfinite()).sum())
        of = 0 if bad is None else bad.numel()
        self.say(
            "non-finite-forward", place,
            f"the loss is {loss}; {count} of {of} numbers there are not finite",
            f"损失为 {loss}；该处 {of} 个数中有 {count} 个不是有限数",
            place_zh=place_zh,
        )  # fmt: skip

    def backward_ends(self, passage: Passage) -> None:
        """Looks at what the pass has left."""
        if self.rewritten >= 2:  # somebody scales gradients before the step: by how much?
            self.full = whole(norms([g for q in self.scene.quick for g in q.gradients if g is not None]))

    def gradients_ready(self, step: Step) -> None:
        """Looks at what the step uses."""
        there = step.there
        if not step.passages:
            self._used_twice(step, there)
            return
        if not step.closure and self._zeroed(step, there):
            return
        stale = [n for n, p in there.items() if id(p) in self.stale] if self.stale else []
        earlier = self.before.get(step.which, {})
        stale = [n for n in stale if earlier.get(n, 1.0) > 0]
        if stale:
            old, new = whole([earlier.get(n, 0.0) for n in stale]), whole([step.gradients[n] for n in stale])
            self.say(
                "not-zeroed", listed(stale),
                f"{len(stale)} of {len(step.held)} gradients hold what step {step.number - 1} has used: norm {ratio(old)} then, {ratio(new)} now",
                f"{len(step.held)} 个梯度中有 {len(stale)} 个仍含第 {step.number - 1} 步用过的部分：当时范数 {ratio(old)}，现在 {ratio(new)}",
            )  # fmt: skip
        self._finite(step)
        self._scales(step, there)
        self._clipping(step, there)

    def _used_twice(self, step: Step, there: dict[str, Tensor]) -> None:
        quick = self.scene.quick[step.which]
        if there and quick.taken and marked(quick.gradients) == quick.taken:
            earlier = self.before.get(step.which, {})
            # the same to the last bit: no new gradient that only lies where the old one lay
            if (
                earlier
                and all(earlier.get(n) == v for n, v in step.gradients.items())
                and any(earlier.values())
            ):
                self.say(
                    "gradient-used-twice", listed(list(there)),
                    f"no backward pass since step {step.number - 1}; the gradient's norm is {ratio(step.length)} again",
                    f"自第 {step.number - 1} 步以来没有反向传播；梯度范数仍为 {ratio(step.length)}",
                )  # fmt: skip

    def _zeroed(self, step: Step, there: dict[str, Tensor]) -> bool:
        arrived = self.arrived
        came = [n for n, p in step.named.items() if id(p) in arrived]
        if not came:
            if arrived:
                return False  # the pass was for others, as in turns of two models
            self.say(
                "loss-without-model", "",
                f"after backward(), all {len(step.held)} gradients are None",
                f"backward() 之后，{len(step.held)} 个梯度全为 None",
            )  # fmt: skip
            return True
        gone = [n for n in came if n not in there]
        if len(gone) == len(came):
            state, state_zh = "None", "None"
        elif not any(step.gradients.get(n) for n in came) and any(
            arrived[id(p)] != (id(p.grad), p.grad._version)
            for p in there.values()
            if p.grad is not None and id(p) in arrived
        ):
            state, state_zh = "0", "0"
        else:
            return False
        self.say(
            "zeroed-before-step", listed(came),
            f"the backward pass left a gradient in {len(came)} parameters; at the step all are {state}",
            f"反向传播在 {len(came)} 个参数中留下了梯度；到更新时全为 {state_zh}",
        )  # fmt: skip
        return True

    def _finite(self, step: Step) -> None:
        bad = [n for n, v in step.gradients.items() if not math.isfinite(v)]
        if not bad or getattr(step.optimizer, "found_inf", None) is not None:
            return
        if step.loss is not None and not math.isfinite(step.loss):
            return  # named where the loss was
        place = bad[-1]  # the way back goes from the last layer to the first
        self.say(
            "non-finite-gradient", place,
            f"{len(bad)} of {len(step.gradients)} gradients are not finite, {place} is the nearest to the loss; the loss is {step.loss}",
            f"{len(step.gradients)} 个梯度中有 {len(bad)} 个不是有限数，其中 {place} 离损失最近；损失为 {step.loss}",
        )  # fmt: skip

    def _unwritten(self, step: Step) -> bool:
        quick = self.scene.quick[step.which]
        return marked(quick.gradients) == quick.came

    def _scales(self, step: Step, there: dict[str, Tensor]) -> None:
        scale = step.passages[-1].scale
        unwritten = step.unwritten = self._unwritten(step)
        native = getattr(step.optimizer, "grad_scale", None) is not None
        half = [n for n, p in there.items() if p.dtype is torch.float16]
        in_half = bool(half) or self.scene.half
        if scale is not None and abs(scale) > SCALED and unwritten and in_half and not native:
            self.say(
                "loss-scale-left", "",
                f"the loss was multiplied by {scale:g}; no gradient was written to between backward() and the step, whose norm is {ratio(step.length)}",
                f"损失被乘以 {scale:g}；从 backward() 到更新之间没有写入任何梯度，其范数为 {ratio(step.length)}",
            )  # fmt: skip
        if (scale is None or abs(scale) <= 1) and in_half:
            self._underflow(step, there, half)
        several = len(step.passages)
        whole_means = several > 1 and all(p.mean and p.forwards > 0 and p.spread for p in step.passages)
        self.undivided = (
            self.undivided + 1 if several > 1 and whole_means and unwritten and not step.closure else 0
        )
        if self.undivided:
            invariant = any(SCALE_INVARIANT in g for g in step.optimizer.param_groups)
            self.say(
                "accumulation-not-divided", "",
                f"{several} backward passes on means of the loss before this step, none divided: the step is as with {several} times the learning rate",
                f"这一步之前对平均损失做了 {several} 次反向传播，均未除以批次数：相当于学习率变为 {several} 倍",
                level="note" if invariant else None,
            )  # fmt: skip

    def _underflow(self, step: Step, there: dict[str, Tensor], half: list[str]) -> None:
        gradients = [p.grad for n, p in there.items() if p.grad is not None and p.ndim > 1]
        zeros, of = sum(int((g == 0).sum()) for g in gradients), sum(g.numel() for g in gradients)
        self.say(
            "no-loss-scale", listed(half) if half else "autocast",
            f"{zeros} of {of} numbers of the gradients are exactly 0; float16 holds nothing below 6e-8",
            f"梯度的 {of} 个数中有 {zeros} 个恰为 0；float16 无法表示小于 6e-8 的数",
        )  # fmt: skip

    def _clipping(self, step: Step, there: dict[str, Tensor]) -> None:
        if step.closure or len(self.scene.optimizers) > 1:
            return
        if step.unwritten:
            self.rewritten, self.full = 0, None
            self.totals.clear()
            self.factors.clear()
            return
        self.rewritten += 1
        total = step.length
        if self.full is None or not 0 < total < self.full:
            return
        self.totals.append(total)
        self.factors.append(total / self.full)
        if len(self.totals) < CLIPPED or max(self.totals) > min(self.totals) * 1.001:
            return
        mean = math.exp(sum(map(math.log, self.factors)) / CLIPPED)
        if mean < CUT:
            self.say(
                "clipped-always", "",
                f"at each of the last {CLIPPED} steps the norm is cut to {ratio(total)}, to {mean:.1%} of what it was in the mean",
                f"最近 {CLIPPED} 步的范数每次都被裁到 {ratio(total)}，平均只剩原来的 {mean:.1%}",
            )  # fmt: skip

    def step_ends(self, step: Step) -> None:
        """Looks at what the step has done."""
        quick = self.scene.quick[step.which]
        self.stale.difference_update(quick.keys)
        if step.look:
            self.before[step.which] = step.gradients


def _place(graph: Graph, node: Any, kept: str) -> tuple[str, str]:
    """Where the first number that is not finite came to be, in words."""
    if kept in ("mat2", "weight", "bias"):
        layer = graph.own(node)
        return f"in the weights of {layer}", f" {layer} 的权重中"
    maker = node
    if not kept.startswith(("result", "output")):
        maker = next((child for child, _ in node.next_functions if child is not None), None)
        unknown = node.next_functions and node.next_functions[0][0] is None
        if graph.parameters(node):  # its own leaves do not make what enters it
            maker = next((c for c in _inputs(graph, node)), None)
        if maker is None or (unknown and maker is not None and not graph.parameters(node)):
            layer = graph.own(node) or function_name(node)
            return f"in the batch that enters {layer}", f"进入 {layer} 的数据中"
    layer, function = graph.own(maker), function_name(maker)
    if layer is not None:
        return f"in the output of {layer}", f" {layer} 的输出中"
    before = graph.layer(maker)
    if before is None:
        return f"in {function}", f" {function} 中"
    return f"after {before}, in {function}", f" {before} 之后的 {function} 中"


def _inputs(graph: Graph, node: Any) -> Iterator[Any]:
    """The nodes that a layer's input comes from."""
    leaves = {id(p) for p in graph.parameters(node)}
    for child, _ in node.next_functions:
        below = child
        while below is not None and below.name() in BETWEEN and len(below.next_functions) == 1:
            below = below.next_functions[0][0]
        if child is not None and id(getattr(below, "variable", None)) not in leaves:
            yield child


def constant_targets(passage: Passage) -> bool:
    """Whether the loss at the root compares with one number for all samples, as a critic's of real and false samples does."""
    node = passage.root.grad_fn
    target = None if node is None else saved(node, "target")
    return target is not None and target.numel() > 1 and bool((target == target.reshape(-1)[0]).all())
