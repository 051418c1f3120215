"""What autograd has kept of the activations: dead and saturated units, attention, features; and gradients by layer."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from torch import Tensor

from gradus.examination.watch_attention import Attention
from gradus.examination.watch_graph import DENSE, Graph, function_name, saved
from gradus.examination.watch_holdings import module_of
from gradus.examination.watch_scene import Judge, Passage, Scene, Step, ratio

DEAD = 0.5  # of the units of a layer
SATURATED = 0.9  # of the values
ENOUGH = 256  # samples, before a unit is called dead
WINDOW = 5  # looks that are remembered
FLAT = 0.01  # of the slope at 0
FAR, FARTHER = 1e-5, 1e3  # of the last layer's gradient
SAMPLES = 64  # rows of the features
ONE = 1.05  # directions
SAME = 1e-6
SOME = 3  # looks in a row
CONVOLUTIONAL = (
    "ConvolutionBackward0",
    "NativeBatchNormBackward0",
    "CudnnBatchNormBackward0",
    "MkldnnConvolutionBackward0",
)


class Signals(Judge):
    """Reads the graph of a deep step's first backward pass."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.units: dict[tuple[str, int], deque[tuple[Tensor, int]]] = {}
        self.runs: dict[tuple[str, str], int] = {}
        self.attention = Attention(scene)
        self.order: list[str] = []
        self.inputs: Tensor | None = None
        self.varied = True  # the samples of the batch at hand

    def forward(self, inputs: Tensor | None, gradients: bool) -> None:
        """Looks at what goes in."""
        self.inputs = inputs if gradients else None

    def leaps(self) -> None:
        """Forgets what may hold no more."""
        self.units.clear()

    def output(self, output: Tensor, deep: bool) -> None:
        """Looks at what comes out."""
        inputs, self.inputs = self.inputs, None
        if not deep or output.ndim < 2 or output.shape[0] < 8 or output.is_complex() or inputs is None:
            return
        self.varied = inputs.ndim > 0 and inputs.shape[0] > 7 and not torch.equal(inputs[0], inputs[1])
        if not self.varied:
            return
        value = output.detach()
        spread, size = float((value - value[:1]).abs().max()), float(value.abs().max())
        if self._lasts("constant-output", "", spread <= SAME * size):
            self.say(
                "constant-output", "",
                f"at {SOME} looks in a row its outputs for {output.shape[0]} samples differ by at most {ratio(spread)}, their size is {ratio(size)}",
                f"连续 {SOME} 次查看，{output.shape[0]} 个样本的输出相差至多 {ratio(spread)}，其大小为 {ratio(size)}",
            )  # fmt: skip

    def _lasts(self, kind: str, place: str, now: bool, looks: int = SOME) -> bool:
        """Whether it has been so for some looks in a row."""
        self.runs[kind, place] = self.runs.get((kind, place), 0) + 1 if now else 0
        return self.runs[kind, place] >= looks

    def backward_begins(self, passage: Passage, deep: bool) -> None:
        """Looks at the loss and its graph."""
        if not deep or not passage.root.requires_grad:
            return
        graph = passage.graph
        layers = graph.layers()
        if not layers:
            return
        self.order = list(dict.fromkeys(name for name, _ in layers))
        last = layers[-1][1]
        counts: dict[tuple[str, str], int] = {}
        for node in graph.nodes:
            if node._sequence_nr() > last._sequence_nr():
                break  # what follows the last layer makes the output, where flat ends are meant
            name = node.name()
            if name == "ReluBackward0":
                self._relu(graph, node, counts)
            elif name in ("TanhBackward0", "SigmoidBackward0"):
                self._flat(graph, node)
            else:
                self.attention.look(graph, node)
        self._features(graph, *layers[-1])

    def _relu(self, graph: Graph, node: Any, counts: dict[tuple[str, str], int]) -> None:
        result, place = saved(node, "result"), graph.layer(node)
        if result is None or place is None or result.ndim < 2 or result.numel() == 0:
            return
        call = counts[place, "relu"] = counts.get((place, "relu"), -1) + 1
        before = next((child for child, _ in node.next_functions if child is not None), None)
        by_channel = result.ndim > 3 or (before is not None and before.name() in CONVOLUTIONAL)
        axis = 1 if by_channel else result.ndim - 1
        alive = result.amax([i for i in range(result.ndim) if i != axis]) > 0
        units = self.units.setdefault((place, call), deque(maxlen=WINDOW))
        if units and units[-1][0].shape != alive.shape:
            units.clear()
        units.append((alive, result.numel() // result.shape[axis]))
        samples = sum(count for _, count in units)
        if samples < ENOUGH or len(units) < SOME or alive.numel() < 4:
            return
        if int(alive.sum()) > (1 - DEAD) * alive.numel():
            return
        dead = int((~torch.stack([mask for mask, _ in units]).any(0)).sum())
        if dead >= DEAD * alive.numel():
            self.say(
                "dead-units", place,
                f"{dead} of {alive.numel()} units put out 0 on all {samples} samples of the last {len(units)} looks",
                f"{alive.numel()} 个单元中有 {dead} 个在最近 {len(units)} 次查看的全部 {samples} 个样本上输出 0",
            )  # fmt: skip

    def _flat(self, graph: Graph, node: Any) -> None:
        result, place = saved(node, "result"), graph.layer(node)
        if result is None or place is None or result.numel() == 0:
            return
        function = function_name(node).lower()
        slope = 1 - result.float() ** 2 if function == "tanh" else 4 * (result.float() * (1 - result.float()))
        share = float((slope < FLAT).float().mean())
        if self._lasts("saturated", place, share >= SATURATED):
            self.say(
                "saturated", place,
                f"at {share:.1%} of {result.numel()} values its slope is below a hundredth of that at 0, {SOME} looks in a row",
                f"{result.numel()} 个值中有 {share:.1%} 处的斜率不到 0 处的百分之一，连续 {SOME} 次查看如此",
                function=function,
            )  # fmt: skip

    def _features(self, graph: Graph, place: str, node: Any) -> None:
        if node.name() not in DENSE:
            return
        features = saved(node, "mat1" if node.name() == DENSE[0] else "self")
        classes = max((p.shape[0] for p in graph.parameters(node)), default=0)
        if (
            features is None
            or features.ndim != 2
            or features.shape[0] < 8
            or features.shape[1] < 8
            or classes < 3
        ):
            return
        rows = features[:: max(1, features.shape[0] // SAMPLES)][:SAMPLES].float()
        centred = rows - rows.mean(0)
        whole, spread = float(rows.square().mean()), float(centred.square().mean())
        gram = centred @ centred.T
        total, squares = float(gram.diagonal().sum()), float(gram.square().sum())
        directions = total**2 / squares if squares > 0 else 0.0
        constant = spread <= SAME * whole
        if self.varied and self._lasts("features-collapsed", place, constant or directions < ONE):
            what = (f"differ by {ratio((spread / whole) ** 0.5 if whole else 0)} of their size", f"彼此之差只有其大小的 {ratio((spread / whole) ** 0.5 if whole else 0)}") if constant else (f"have {directions:.2f} directions (participation ratio) of {features.shape[1]}", f"只有 {directions:.2f} 个方向（参与比），共 {features.shape[1]} 维")  # fmt: skip
            self.say("features-collapsed", place, f"those of {len(rows)} samples {what[0]}, {SOME} looks in a row", f"{len(rows)} 个样本的特征{what[1]}，连续 {SOME} 次查看如此")  # fmt: skip

    def gradients_ready(self, step: Step) -> None:
        """Looks at what the step uses."""
        if not step.deep or not step.passages:
            return
        named = step.named
        weights = {
            n: p for n, p in named.items() if p.ndim > 1 and n in step.gradients and id(p) in self.scene.names
        }
        zero = [n for n in weights if step.gradients[n] == 0]
        live = {n: step.gradients[n] / p.numel() ** 0.5 for n, p in weights.items() if step.gradients[n] > 0}
        for n in weights:
            if self._lasts("zero-gradient", n, n in zero and bool(live)):
                self.say("zero-gradient", n, f"at {SOME} looks in a row; {len(live)} other weights have one", f"连续 {SOME} 次查看；另有 {len(live)} 个权重的梯度不为 0")  # fmt: skip
        place = {name: i for i, name in enumerate(self.order)}
        ordered = sorted((n for n in live if module_of(n) in place), key=lambda n: place[module_of(n)])
        if len(ordered) < 3:
            return
        first, last = ordered[0], ordered[-1]
        factor = live[first] / live[last]
        if self._lasts("vanishing", first, factor < FAR):
            self._far("vanishing", first, last, live)
        if self._lasts("exploding", first, factor > FARTHER):
            self._far("exploding", first, last, live)

    def _far(self, kind: str, first: str, last: str, live: dict[str, float]) -> None:
        self.say(
            kind, first,
            f"its root mean square is {ratio(live[first])}, that of {last} {ratio(live[last])}: a factor {ratio(live[first] / live[last])}, {SOME} looks in a row",
            f"其均方根为 {ratio(live[first])}，{last} 的为 {ratio(live[last])}：相差 {ratio(live[first] / live[last])} 倍，连续 {SOME} 次查看如此",
        )  # fmt: skip
