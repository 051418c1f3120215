"""How signals travel: their size by layer, gradients, dead and saturated units, rank of the features, what stands between layers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from gradus.examination.attention import attention_checks
from gradus.examination.batches import length
from gradus.examination.layers import missing_activations, twins
from gradus.examination.norms import norm_checks
from gradus.examination.outcomes import main_of, table_of
from gradus.examination.reach import out_of_reach
from gradus.examination.stream_checks import stream_checks
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table, Unchecked
from gradus.text import Text
from gradus.theory import Signal, measure_signals
from gradus.theory.signal_recorder import ACTIVATIONS

NOTED, DEAD, SATURATED = 0.25, 0.5, 0.5
VANISHES, GONE, EXPLODES = 1e-3, 1e-6, 1e4
MOST_ROWS = 80


def _signals(subject: Subject) -> list[Signal]:
    def make() -> list[Signal]:
        n = subject.samples_for(0.3 * subject.shares.get("signals", 5.0), 6, subject.train.samples)
        used = 0
        batches = []
        from gradus.examination.batches import rows

        for inputs, targets in subject.train.batches:
            take = min(n - used, length(inputs))
            if take <= 0 or (take < 2 and used):
                break
            batches.append((rows(inputs, slice(take)), rows(targets, slice(take))))
            used += take
        subject.once("signal samples", lambda: used)
        if isinstance(subject.train.batches[0][0], Tensor) and isinstance(subject.outputs()[0], Tensor):
            return measure_signals(subject.model, subject.loss, batches)
        found: list[Signal] | None = None
        model, loss, pair = subject.instrument(min(n, length(subject.train.batches[0][0])))
        found = measure_signals(model, loss, pair)
        return [row._replace(name=row.name.removeprefix("model.").removeprefix("model")) for row in found]

    return subject.once("signals", make)  # type: ignore[no-any-return]


def sizes(subject: Subject, section: Section) -> None:
    """The table of signals; overflow; explosion forwards."""
    rows = _signals(subject)
    n = subject.knows("signal samples") or subject.train.samples
    section.say(
        f"measured on {n:,} samples, in the mode in which the model stands",
        f"在 {n:,} 个样本上测得，模型处于其所处的模式",
    )
    shown = [r for r in rows if r.moment is not None][:MOST_ROWS]
    if not shown:
        raise Unchecked("no layer puts out real numbers", "没有层输出实数")
    section.values["signals"] = [
        {
            "name": r.name, "kind": r.kind, "call": r.call, "moment": r.moment, "gradient": r.gradient,
            "dead": r.dead, "saturated": r.saturated, "predicted_moment": r.predicted_moment, "predicted_gradient": r.predicted_gradient,
        }
        for r in shown
    ]  # fmt: skip
    section.tables.append(
        Table(
            (Text("layer", "层"), Text("kind", "类型"), Text("mean square", "均方"), Text("mean field", "平均场"), Text("gradient", "梯度"), Text("mean field", "平均场"), Text("dead", "失活"), Text("saturated", "饱和")),
            tuple(
                (_called(r), r.kind, r.moment, r.predicted_moment, r.gradient, r.predicted_gradient,
                 None if r.dead is None else f"{r.dead:.0%}", None if r.saturated is None else f"{r.saturated:.0%}")
                for r in shown
            ),
            Text("Mean square of what each layer puts out, norm of the loss's gradient there, and mean field's prediction from the weights beside each.", "各层输出的均方、损失在该处的梯度范数，旁边是平均场由权重给出的预测。"),
        )
    )  # fmt: skip
    moments = [(r, r.moment) for r in shown if r.moment is not None]
    first = next(((r, m) for r, m in moments if not math.isfinite(m)), None)
    if first is not None and not any(v.check == "outputs-not-finite" for v in section.verdicts):
        section.find(
            "fault", "signals-overflow",
            (f"what {_called(first[0])} puts out is not finite", f"{_called(first[0])} 的输出不是有限的数"),
            (f"mean square {first[1]}", f"均方为 {first[1]}"), ("see the layers before it", "请看它之前的各层"), ("signal-propagation", "floating-point"),
        )  # fmt: skip
        return
    start = float(section.values.get("input", 0)) or _input_moment(subject)
    worst = max(moments, key=lambda pair: pair[1])
    if worst[1] > EXPLODES * max(start, 1.0):
        section.find(
            "warning", "signals-explode",
            (f"signals grow on their way: at {_called(worst[0])} they are largest", f"信号在传播中增大：在 {_called(worst[0])} 处最大"),
            (f"mean square {worst[1]:.3g}, of the inputs {start:.3g}", f"均方为 {worst[1]:.3g}，输入为 {start:.3g}"),
            ("draw weights with variance 2/n (ReLU) or 1/n (tanh), n inputs of a unit; for recurrent weights an orthogonal matrix", "请按方差 2/n（ReLU）或 1/n（tanh）抽取权重，n 为单元的输入数；循环权重宜用正交矩阵"),
            ("signal-propagation", "he"),
        )  # fmt: skip


def _input_moment(subject: Subject) -> float:
    inputs = subject.train.batches[0][0]
    return (
        float(inputs.double().square().mean())
        if isinstance(inputs, Tensor) and inputs.is_floating_point()
        else 1.0
    )


def _called(row: Signal) -> str:
    name = row.name or "model"
    again = f" ({row.call + 1})" if row.call else ""
    return f"{name}{again}" if row.kind not in ACTIVATIONS else f"{row.kind} {name}{again}"


def dead(subject: Subject, section: Section) -> None:
    """Units whose slope is 0 on all samples; values at flat ends."""
    rows = [r for r in _signals(subject) if r.dead is not None]
    if not rows:
        raise Unchecked("there is no elementwise activation", "没有逐元素的激活函数")
    n = subject.knows("signal samples") or subject.train.samples
    kinds = ("relu", "relu6", "hardtanh", "hardsigmoid", "hardswish", "threshold", "hardshrink", "softshrink")
    for row in rows:
        if n >= 16 and row.kind in kinds and row.dead is not None and row.dead > NOTED:
            section.find(
                "fault" if row.dead > 0.9 else "warning" if row.dead > DEAD else "note", "units-dead",
                (f"{row.dead:.0%} of the units at {_called(row)} are dead", f"{_called(row)} 处有 {row.dead:.0%} 的单元失活"),
                (f"their slope is 0 on all {n:,} samples, so that no gradient passes", f"在全部 {n:,} 个样本上斜率为 0，梯度无法通过"),
                ("smaller steps, biases that start at 0, weights of variance 2/n, or a leaky ReLU", "请减小步长、令偏置从 0 开始、权重方差取 2/n，或改用带泄漏的 ReLU"),
                ("relu", "leaky-relu"),
            )  # fmt: skip
    flat = [r for r in rows if r.saturated is not None and r.saturated > SATURATED]
    for row in flat[:4]:
        section.find(
            "fault" if row.saturated and row.saturated > 0.9 else "warning", "units-saturated",
            (f"{row.kind} is saturated at {row.name or 'model'}", f"{row.name or 'model'} 处的 {row.kind} 已饱和"),
            (f"{row.saturated:.0%} of its values have a slope below a hundredth of that at 0, on {n:,} samples", f"在 {n:,} 个样本上，{row.saturated:.0%} 的值斜率不足 0 处的百分之一"),
            ("weights of variance 1/n, inputs of size 1, or a norm before it", "请令权重方差为 1/n、输入大小为 1，或在其前加归一化"),
            ("tanh", "sigmoid", "xavier"),
        )  # fmt: skip


def backwards(subject: Subject, section: Section) -> None:
    """Whether gradients vanish or explode on their way back."""
    rows = [r for r in _signals(subject) if r.gradient is not None and r.kind not in ACTIVATIONS]
    if len(rows) < 2:
        raise Unchecked("fewer than two layers have gradients", "有梯度的层少于两个")
    last = next((r for r in reversed(rows) if r.gradient), None)
    if last is None:
        raise Unchecked("all gradients are 0", "所有梯度为 0")
    ratios = [(r, r.gradient / (last.gradient or 1.0)) for r in rows[: rows.index(last)] if r.gradient]
    if not ratios:
        raise Unchecked("one layer has a gradient", "只有一层有梯度")
    low, high = min(ratios, key=lambda pair: pair[1]), max(ratios, key=lambda pair: pair[1])
    section.fact(
        "gradient at a layer beside the last's: least, largest",
        "各层梯度与最后一层之比：最小、最大",
        f"{low[1]:.3g} ({_called(low[0])}), {high[1]:.3g} ({_called(high[0])})",
    )
    section.values |= {"gradient_least": low[1], "gradient_largest": high[1]}
    if low[1] < VANISHES:
        section.find(
            "fault" if low[1] < GONE else "warning", "gradients-vanish",
            (f"gradients vanish on their way back to {_called(low[0])}", f"梯度在传回 {_called(low[0])} 的途中消失"),
            (f"the gradient there is {low[1]:.1e} of that at {_called(last)}", f"该处的梯度是 {_called(last)} 处的 {low[1]:.1e}"),
            ("weights of variance 2/n (ReLU) or 1/n (tanh), residual connections, or norms", "请令权重方差为 2/n（ReLU）或 1/n（tanh），或加残差连接、归一化"),
            ("signal-propagation", "residual"),
        )  # fmt: skip
    if high[1] > 1e3:
        section.find(
            "fault" if high[1] > 1e6 else "warning", "gradients-explode",
            (f"gradients explode on their way back to {_called(high[0])}", f"梯度在传回 {_called(high[0])} 的途中爆炸"),
            (f"the gradient there is {high[1]:.2g} times that at {_called(last)}", f"该处的梯度是 {_called(last)} 处的 {high[1]:.2g} 倍"),
            ("smaller weights, orthogonal recurrent matrices, norms, or clipped gradients", "请减小权重、用正交的循环矩阵、加归一化或裁剪梯度"),
            ("signal-propagation", "gradient-clipping"),
        )  # fmt: skip


def rank(subject: Subject, section: Section) -> None:
    """How many directions the last layer's inputs have: the participation ratio of their covariance's eigenvalues."""
    last: list[Tensor] = []
    layers = [m for m in subject.model.modules() if isinstance(m, (nn.Linear, nn.modules.conv._ConvNd))]
    if not layers:
        raise Unchecked("there is no dense or convolutional layer", "没有全连接层或卷积层")

    def hear(_: nn.Module, args: Any) -> None:
        if args and isinstance(args[0], Tensor):
            last[:] = [args[0]]

    hooks = [m.register_forward_pre_hook(hear) for m in layers]
    features = []
    try:
        with subject.evaluating(), torch.no_grad():
            for inputs, _ in subject.train.batches:
                subject.run(inputs)
                if last and last[0].is_floating_point() and len(last[0]) == length(inputs):
                    features.append(last[0].detach().double().reshape(len(last[0]), -1))
                if sum(map(len, features)) >= 1024:
                    break
    finally:
        for hook in hooks:
            hook.remove()
    if not features or any(f.shape[1] != features[0].shape[1] for f in features):
        raise Unchecked(
            "what enters the last layer has no row for each sample", "最后一层的输入不是每个样本一行"
        )
    h = torch.cat(features)[:1024]
    n, d = h.shape
    if n < 32 or d < 8 or not bool(h.isfinite().all()):
        raise Unchecked("too few samples or features", "样本或特征太少")
    centred = h - h.mean(0)
    gram = centred @ centred.mT if n < d else centred.mT @ centred
    trace = float(gram.diagonal().sum())
    count = trace**2 / float(gram.square().sum()) if trace else 0.0
    spread = math.sqrt(trace / max(float(h.square().sum()), 1e-300))
    section.fact(
        "features before the last layer: directions in use",
        "最后一层之前的特征：有效方向数",
        Text(f"{count:.1f} of {d}", f"{d} 个中的 {count:.1f} 个"),
    )
    section.values |= {"feature_rank": count, "feature_spread": spread}
    inputs_rank = _input_rank(subject)
    # features that are trained fall on C − 1 directions for C classes, on one for each number of a regression
    enough = _directions(subject) >= 3
    if spread < 0.01 or (count < 1.5 and enough and inputs_rank is not None and inputs_rank > 4):
        section.find(
            "warning", "rank-collapsed",
            ("the features have collapsed", "特征已坍缩"),
            (f"before the last layer they use {count:.2f} of {d} directions on {n} samples, and differ by {spread:.2%} of their size", f"在 {n} 个样本上，最后一层之前的特征只用到 {d} 个方向中的 {count:.2f} 个，彼此相差其大小的 {spread:.2%}"),
            ("residual connections, norms, or weights nearer to the edge between order and chaos", "请加残差连接或归一化，或使权重更接近有序与混沌的边界"),
            ("signal-propagation", "residual"),
        )  # fmt: skip


def _directions(subject: Subject) -> int:
    """Directions that the features of a well trained network need."""
    main = main_of(subject.outputs()[0])
    if not isinstance(main, Tensor) or not len(main):
        return 0
    pair = table_of(main, subject.train.batches[0][1])
    return main[0].numel() if pair is None else pair[0].shape[1] - 1


def _input_rank(subject: Subject) -> float | None:
    inputs = subject.train.batches[0][0]
    if not isinstance(inputs, Tensor) or not inputs.is_floating_point():
        return None
    x = inputs.double().reshape(len(inputs), -1)[:512, :4096]
    c = x - x.mean(0)
    g = c @ c.mT
    trace = float(g.diagonal().sum())
    return trace**2 / float(g.square().sum()) if trace > 0 else None


def outputs_cut(subject: Subject, section: Section) -> None:
    """Whether the last thing before the loss cuts the outputs off."""
    rows = _signals(subject)
    if not rows:
        raise Unchecked("no layer was heard", "没有听到任何层")
    main: Any = main_of(subject.outputs()[0])
    last = rows[-1]
    out_of_reach(section, last.kind, main, subject.train.batches[0][1])
    from gradus.examination.loss_kinds import is_cross_entropy

    if (
        last.kind in ("relu", "relu6")
        and isinstance(main, Tensor)
        and bool((main >= 0).all())
        and is_cross_entropy(subject)
    ):
        share = float((main == 0).double().mean())
        section.find(
            "warning", "outputs-cut",
            ("the scores pass a ReLU before the loss", "得分在进入损失之前经过了 ReLU"),
            (f"{share:.0%} of them are 0, where no gradient comes back; no class can have a score below 0", f"其中 {share:.0%} 为 0，梯度无法传回；任何类别的得分都不能低于 0"),
            ("no activation after the last layer", "最后一层之后不要激活函数"), ("softmax-cross-entropy", "relu"),
        )  # fmt: skip


CHECKS = (
    (Text("sizes of the signals", "信号的大小"), sizes),
    (Text("dead and saturated units", "失活与饱和的单元"), dead),
    (Text("gradients on their way back", "反向传播中的梯度"), backwards),
    (Text("rank of the features", "特征的秩"), rank),
    (Text("an activation after the last layer", "最后一层之后的激活函数"), outputs_cut),
    (Text("an activation between layers", "层间的激活函数"), missing_activations),
    (Text("layers with equal weights", "权重相同的层"), twins),
    *attention_checks(),
    *norm_checks(),
    *stream_checks(),
)
