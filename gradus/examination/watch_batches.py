"""What the model is given, and in which mode it runs: evaluation or training, the same batch, its labels, its size."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from gradus.examination.watch_graph import saved
from gradus.examination.watch_scene import Judge, Passage, Scene, Step, listed

NORMS = (nn.modules.batchnorm._BatchNorm,)
SAME = 5  # steps
SMALL = 256  # samples: a larger batch may be the whole data set
LABELS = 16  # at least, in a batch
SOME = 3  # looks in a row
EARLY = 12  # steps in which every batch is compared
RECURRENT = (nn.RNN, nn.LSTM, nn.GRU, nn.MultiheadAttention)


def depends_on_mode(module: nn.Module) -> bool:
    """Whether it computes something else in training mode."""
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return bool(module.track_running_stats)
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return module.p > 0
    return isinstance(module, RECURRENT) and float(module.dropout) > 0


class Batches(Judge):
    """Follows the passes of the model itself."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.moody: list[tuple[str, nn.Module]] = []
        self.last: tuple[Any, ...] | None = None
        self.now: tuple[Any, ...] | None = None
        self.same = self.steps = self.constant = 0
        self.size = 0
        self.passes: list[str] = []  # layers of the passes without gradients since the last step
        self.before_first: bool | None = None

    def enters(self) -> None:
        """What is true before the first step."""
        self.moody = [(name, m) for name, m in self.scene.model.named_modules() if depends_on_mode(m)]

    def forward(self, inputs: Tensor | None, gradients: bool) -> None:
        """Looks at what goes in."""
        if not gradients:
            if self.scene.model.training:
                acting = [
                    name for name, m in self.moody if m.training and getattr(m, "momentum", 0) is not None
                ]
                self.passes += acting
            return
        self._validated()
        if inputs is None or inputs.ndim == 0:
            return
        self.size = inputs.shape[0]
        if self.size == 1:
            names = [n for n, m in self.moody if isinstance(m, NORMS) and m.training]
            if names:
                self.say("batch-of-one", listed(names), f"a training batch has shape {tuple(inputs.shape)}", f"一个训练批次的形状为 {tuple(inputs.shape)}")  # fmt: skip
        if self.now is None and self.steps < EARLY:
            value = inputs.detach()[:: max(1, self.size - 1)]
            self.now = (
                (self.size, *value.double().flatten(1).sum(1).tolist())
                if value.ndim > 1
                else (self.size, *value.tolist())
            )

    def _validated(self) -> None:
        """Passes in training mode without gradients, unless they belong to every step, as a generator's do."""
        passes, self.passes = self.passes, []
        if self.before_first is None:
            self.before_first = bool(passes)
        if not passes or self.before_first:
            return
        layers = dict(self.moody)
        names = list(dict.fromkeys(passes))
        updated = [n for n in names if isinstance(layers[n], nn.modules.batchnorm._NormBase)]
        count = passes.count(names[0])
        what = ("their running statistics were updated", "其运行统计量被更新") if updated else ("they dropped units at random", "其随机丢弃了单元")  # fmt: skip
        self.say(
            "train-while-validating", listed(updated or names),
            f"{count} passes under torch.no_grad() since step {self.steps} with {len(names)} such layers in training mode: {what[0]}",
            f"自第 {self.steps} 步以来在 torch.no_grad() 下有 {count} 次前向计算，{len(names)} 个这样的层处于训练模式：{what[1]}",
            level=None if updated else "warning",
        )  # fmt: skip

    def backward_begins(self, passage: Passage, deep: bool) -> None:
        """Looks at the loss and its graph."""
        if not deep or passage.function != "NllLossBackward0":
            return
        node = passage.root.grad_fn
        target, rows = saved(node, "target"), saved(node, "self")
        if (
            target is None
            or rows is None
            or target.ndim != 1
            or target.numel() < LABELS
            or rows.shape[-1] < 3
        ):
            return
        alike = bool((target == target[0]).all())
        self.constant = self.constant + 1 if alike else 0
        if self.constant >= SOME:
            self.say("constant-labels", "", f"all {target.numel()} labels of the batch are {int(target[0])}, of {rows.shape[-1]} classes; so it was {SOME} looks in a row, each with one label", f"该批次的 {target.numel()} 个标签全为 {int(target[0])}（共 {rows.shape[-1]} 类）；连续 {SOME} 次查看，每批都只有一种标签")  # fmt: skip

    def gradients_ready(self, step: Step) -> None:
        """Looks at what the step uses."""
        if not step.passages:
            return
        self.steps += 1
        self._mode()
        now, self.now = self.now, None
        if now is None or step.closure:
            return
        self.same = self.same + 1 if now == self.last else 0
        self.last = now
        if self.same >= SAME - 1:
            self.say(
                "same-batch", "",
                f"the {now[0]} samples of the last {self.same + 1} batches are the same",
                f"最近 {self.same + 1} 个批次的 {now[0]} 个样本相同",
                level=None if now[0] < SMALL else "note",
            )  # fmt: skip

    def _mode(self) -> None:
        training = self.scene.training
        off = [(n, m) for n, m in self.moody if not m.training]
        if training is not False or not off:
            return
        names = [n for n, m in off]
        trained = [n for n, m in off if not isinstance(m, nn.modules.batchnorm._NormBase) or any(p.requires_grad for p in m.parameters())]  # fmt: skip
        self.say(
            "eval-while-training", listed(names),
            f"model.training is False at a training step; {len(names)} {'layer behaves' if len(names) == 1 else 'layers behave'} otherwise in it",
            f"训练的这一步 model.training 为 False；有 {len(names)} 层因此表现不同",
            level=None if trained else "note",
        )  # fmt: skip

    def leaves(self, steps: int) -> None:
        """What is known only at the end."""
        self._validated()
