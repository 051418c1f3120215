"""The loss beside that of a guess; whether right answers cost little, targets go with their samples, samples are summed."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.errors import raised
from gradus.examination.batches import copied, length
from gradus.examination.loss_kinds import class_axis, is_cross_entropy, is_sum, loss_at, mixes_pairs, sample
from gradus.examination.outcomes import table_of, with_main
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text

SURE = 0.99


def losses(subject: Subject, section: Section) -> None:
    """The loss beside that of outputs of zero; whether right and sure answers cost little; sums and mixed pairs."""
    outputs, main, targets = sample(subject)
    try:
        at = loss_at(subject, outputs, main, targets)
    except Unchecked:
        _no_number(subject, section, outputs, main, targets)
        raise
    except Exception as error:
        en, zh = raised(error)
        came = f"{tuple(main.shape)} {main.dtype}" + (
            f", {tuple(targets.shape)} {targets.dtype}" if isinstance(targets, Tensor) else ""
        )
        section.find(
            "fault", "loss-fails",
            ("the loss cannot be computed from these outputs and targets", "无法由这些输出与目标计算损失"),
            (f"it {en}"[:300] + f"; outputs and targets {came}", f"它{zh}"[:300] + f"；输出与目标为 {came}"),
            ("look at the shapes and types of outputs and targets", "请检查输出与目标的形状与类型"), ("losses",),
        )  # fmt: skip
        raise
    section.fact("loss of the first batch", "首批的损失", f"{at:.4g}")
    section.values["loss"] = at
    if not math.isfinite(at):
        if bool(main.isfinite().all()):
            section.find(
                "fault", "loss-not-finite", ("the loss is not finite, though the outputs are", "输出有限，而损失不是有限的数"),
                (f"the loss of the first batch is {at}", f"首批的损失为 {at}"),
                ("look for the logarithm of zero and for labels outside of the classes; losses with logits avoid the first", "请检查是否对零取了对数、标签是否越界；以 logits 为输入的损失可避免前者"),
                ("stable-evaluation", "softmax-cross-entropy"),
            )  # fmt: skip
        raise Unchecked("the loss is not finite", "损失不是有限的数")
    pair = table_of(main, targets)
    if pair is not None and is_cross_entropy(subject):
        _beside_chance(subject, section, outputs, main, targets, at)
    _targets_scale(section, main, targets)
    mixed = mixes_pairs(subject)
    if mixed is not None:
        shapes = (tuple(main.shape), tuple(targets.shape))
        section.find(
            "fault", "targets-mixed",
            ("the loss does not depend on which target belongs to which sample", "损失与哪个目标属于哪个样本无关"),
            (f"with the targets in another order it is {mixed[1]:.6g}, as before; outputs {shapes[0]} and targets {shapes[1]}", f"把目标换个顺序，损失仍为 {mixed[1]:.6g}；输出为 {shapes[0]}，目标为 {shapes[1]}"),
            ("give both one shape: (n, 1) beside (n) is broadcast to all pairs (n, n)", "请使两者形状一致：(n, 1) 与 (n) 会广播成所有配对 (n, n)"),
            ("mse", "losses"),
        )  # fmt: skip
    elif is_sum(subject):
        section.find(
            "note", "loss-sum",
            ("the loss is a sum over samples, not a mean", "损失是样本之和，而不是平均"),
            (f"the batch twice has twice the loss; a step grows with the batch, here {length(subject.train.batches[0][0])}-fold", f"同一批重复一次，损失加倍；步长随批次大小增大，此处为 {length(subject.train.batches[0][0])} 倍"),
            ('reduction="mean", or divide the learning rate by the batch size', "请用 reduction=\"mean\"，或把学习率除以批次大小"),
            ("large-batch", "gradient-descent"),
        )  # fmt: skip


def _no_number(subject: Subject, section: Section, outputs: Any, main: Tensor, targets: Any) -> None:
    with torch.no_grad():
        value = subject.loss(with_main(copied(outputs), main.clone()), copied(targets))
    if isinstance(value, Tensor):
        came = f"a tensor of shape {tuple(value.shape)}", f"形状为 {tuple(value.shape)} 的张量"
        mend = (
            'reduction="mean", or .mean() of what it returns',
            '请用 reduction="mean"，或对返回值取 .mean()',
        )
    else:
        kind = type(value).__name__
        came = f"an object of type {kind}", f"{kind} 类型的对象"
        mend = (
            "return the loss as a tensor: .item() and float() cut it off from the model",
            "请以张量返回损失：.item() 与 float() 会切断它与模型的联系",
        )
    section.find(
        "fault", "loss-no-number", ("no gradient can be taken of what the loss returns", "无法对损失的返回值求梯度"),
        (f"it returns {came[0]}, not a tensor of one number", f"它返回{came[1]}，而不是单个数的张量"), mend, ("losses",),
    )  # fmt: skip


def _targets_scale(section: Section, main: Tensor, targets: Any) -> None:
    if not isinstance(targets, Tensor) or not targets.is_floating_point() or main.numel() != targets.numel():
        return
    size, own = (float(t.double().square().mean().sqrt()) for t in (targets, main))
    if math.isfinite(size) and size > 100 and own < 0.1 * size:
        middle, spread = float(targets.double().mean()), float(targets.double().std())
        section.find(
            "warning", "targets-scale",
            ("the targets are far larger than what the network puts out", "目标远大于网络的输出"),
            (f"targets of mean {middle:.3g} and standard deviation {spread:.3g}, outputs of root mean square {own:.3g}", f"目标均值为 {middle:.3g}、标准差为 {spread:.3g}，输出的均方根为 {own:.3g}"),
            ("train on (y − mean) / standard deviation of the training targets, and scale back what is predicted", "请用 (y − 均值) / 标准差（取自训练目标）训练，预测时再换算回来"),
            ("mse", "losses"),
        )  # fmt: skip


def _beside_chance(
    subject: Subject, section: Section, outputs: Any, main: Tensor, targets: Tensor, at: float
) -> None:
    axis, C = class_axis(main, targets), main.shape[class_axis(main, targets)]
    uniform = loss_at(subject, outputs, torch.zeros_like(main), targets)
    section.fact("loss of equal scores", "得分相等时的损失", f"{uniform:.4g}")
    z, y = subject.tables()
    guess = z.argmax(-1)
    right = float((guess == y).double().mean())
    most = float(torch.bincount(y, minlength=C).double().max() / len(y))
    section.fact(
        "accuracy",
        "准确率",
        Text(
            f"{right:.1%} of {len(y):,}; the most frequent class has {most:.1%}",
            f"{len(y):,} 个中的 {right:.1%}；最多的类别占 {most:.1%}",
        ),
    )
    section.values |= {"accuracy": right, "loss_uniform": uniform, "classes": C}
    chance = most + 3 * math.sqrt(most * (1 - most) / len(y))
    if at > 2 * uniform + 0.5 and right < max(chance, 1.5 / C + 0.1):
        section.find(
            "warning", "loss-above-chance",
            ("the loss is far above that of a guess", "损失远高于随机猜测"),
            (f"{at:.4g}, where equal scores for all {C} classes have {uniform:.4g}; accuracy {right:.1%}", f"损失为 {at:.4g}，而 {C} 个类别得分相等时为 {uniform:.4g}；准确率为 {right:.1%}"),
            ("make the last layer's weights smaller at the start: wrong and sure answers cost the first steps", "请减小最后一层的初始权重：错误而确信的答案会浪费最初若干步"),
            ("initialization", "softmax-cross-entropy"),
        )  # fmt: skip
    # a right answer with probability 0.99
    index = targets.clamp_min(0).unsqueeze(axis)
    sure = torch.zeros_like(main).scatter(axis, index, math.log(SURE * (C - 1) / (1 - SURE)))
    best = loss_at(subject, outputs, sure, targets)
    section.values["loss_sure"] = best
    if math.isfinite(best) and best >= uniform:
        section.find(
            "fault", "loss-reversed",
            ("the loss prefers a guess to right answers", "与正确答案相比，损失更偏爱猜测"),
            (f"answers that give the right class {SURE:.0%} have the loss {best:.4g}, equal scores have {uniform:.4g}", f"给正确类别 {SURE:.0%} 概率的答案，损失为 {best:.4g}；得分相等时为 {uniform:.4g}"),
            ("look at its sign, and at label smoothing: ε is the share that is spread out, 0.1 rather than 0.9", "请检查其符号与标签平滑：ε 是被摊开的份额，应为 0.1 而非 0.9"),
            ("cross-entropy", "softmax-cross-entropy"),
        )  # fmt: skip
