"""Training beside held-out data, the sizes that bounds are made of, and the bounds that the library has."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gradus.errors import GradusError, words_of
from gradus.examination.outcomes import main_of
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text
from gradus.theory import occam_bound, rademacher_bound, spectral_margin_bound, vc_bound

NOTED, WIDE = 0.10, 0.25
CONFIDENCE = 0.95


def norms(subject: Subject, section: Section) -> None:
    """The norm of the parameters, the product of the layers' largest singular values, parameters beside samples."""
    weights = [
        (n, p.detach())
        for n, p in subject.model.named_parameters()
        if p.is_floating_point() and not p.is_meta
    ]
    if not weights:
        raise Unchecked("the model has no real parameters", "模型没有实数参数")
    if not all(bool(p.isfinite().all()) for _, p in weights):
        raise Unchecked("parameters that are not finite", "参数含有非有限的数")
    total = math.sqrt(sum(float(p.double().square().sum()) for _, p in weights))
    section.fact("norm of all parameters", "全部参数的范数", f"{total:.4g}")
    count, n = sum(p.numel() for _, p in weights), subject.whole.length or subject.whole.samples
    shown = f"{count / n:.3g}" + ("" if subject.whole.length else " (of the samples looked at)")
    section.fact(
        "parameters for each training sample",
        "参数数 / 训练样本数",
        Text(shown, f"{count / n:.3g}" + ("" if subject.whole.length else "（按所查看的样本）")),
    )
    section.values |= {"norm": total, "parameters_per_sample": count / n}
    dense = [m for m in subject.model.modules() if isinstance(m, nn.Linear)]
    if dense and all(min(m.weight.shape) <= 2048 for m in dense):
        logs = [
            math.log(max(float(torch.linalg.matrix_norm(m.weight.detach().double(), 2)), 1e-300))
            for m in dense
        ]
        section.fact(
            "product of the dense layers' largest singular values",
            "各全连接层最大奇异值之积",
            f"{math.exp(min(sum(logs), 700)):.4g}",
        )
        section.values["log_spectral_product"] = sum(logs)


def gap(subject: Subject, section: Section) -> None:
    """Loss and accuracy on training and held-out data, and whether they differ by more than chance."""
    if subject.held is None:
        raise Unchecked("no held-out data were given; see held_out", "没有给出留出数据；见 held_out")
    losses = {}
    for which in ("train", "held"):
        values = []
        for outputs, (_, targets) in zip(subject.outputs(which, True), subject.batches(which), strict=True):
            value = subject.loss(outputs, targets)
            if not isinstance(value, Tensor) or value.numel() != 1:
                raise Unchecked("the loss is no tensor of one number", "损失不是单个数的张量")
            main = main_of(outputs)
            values.append((float(value), len(main) if isinstance(main, Tensor) and main.dim() else 1))
        losses[which] = sum(v * n for v, n in values) / sum(n for _, n in values)
    section.fact(
        "loss in training, held out", "损失：训练、留出", f"{losses['train']:.4g}, {losses['held']:.4g}"
    )
    section.values |= {"loss_train": losses["train"], "loss_held": losses["held"]}
    z, y = subject.tables("train", True)
    other, labels = subject.tables("held", True)
    right, n = float((z.argmax(-1) == y).double().mean()), len(y)
    right_, m = float((other.argmax(-1) == labels).double().mean()), len(labels)
    error = math.sqrt(right * (1 - right) / n + right_ * (1 - right_) / m)
    section.fact("accuracy in training, held out", "准确率：训练、留出", f"{right:.1%}, {right_:.1%}")
    section.values |= {
        "accuracy_train": right,
        "accuracy_held": right_,
        "gap": right - right_,
        "gap_error": error,
    }
    if right - right_ > max(NOTED, 3 * error):
        section.find(
            "warning" if right - right_ > max(WIDE, 5 * error) else "note", "gap-wide",
            ("the network is much better on its training data", "网络在训练数据上好得多"),
            (f"accuracy {right:.1%} on {n:,} training samples, {right_:.1%} on {m:,} held out; the gap is {(right - right_) / max(error, 1e-9):.0f} standard errors", f"在 {n:,} 个训练样本上准确率为 {right:.1%}，在 {m:,} 个留出样本上为 {right_:.1%}；差距为 {(right - right_) / max(error, 1e-9):.0f} 个标准误"),
            ("more data, augmentation, weight decay, or an earlier stop; and look at the labels", "请增加数据、做增强、加权重衰减或提早停止；并检查标签"),
            ("regularization", "model-selection"),
        )  # fmt: skip


def bounds(subject: Subject, section: Section) -> None:
    """Upper bounds on the probability of error, from the training data alone; each says whether it is vacuous."""
    subject.tables("train", True)  # a classifier, or the reason why it is none
    if subject.packed:
        raise Unchecked("inputs that are no single tensor", "输入不是单个张量")
    refused: list[Text] = []
    for title, bound in (
        (Text("VC bound", "VC 界"), vc_bound),
        (Text("Rademacher bound", "Rademacher 界"), rademacher_bound),
        (Text("spectral margin bound", "谱间隔界"), spectral_margin_bound),
        (Text("Occam bound (weights rounded)", "Occam 界（权重取整后）"), occam_bound),
    ):
        try:
            with subject.evaluating():
                found = bound(subject.model, list(subject.batches("train")), confidence=CONFIDENCE)
        except GradusError as error:
            refused.append(words_of(error))
            continue
        section.values[title.en] = found.value
        vacuous = (", vacuous", "，空泛") if found.vacuous else ("", "")
        shown = f"{found.value:.3g}" if found.value < 1e6 else f"{found.value:.1e}"
        section.fact(
            f"{title.en} of the error, at {CONFIDENCE:.0%}", f"{title.zh}（误差概率，置信度 {CONFIDENCE:.0%}）",
            Text(shown + vacuous[0], shown + vacuous[1]),
        )  # fmt: skip
    section.say(
        f"bounds from {subject.train.samples:,} training samples, which are taken for independent draws",
        f"界由 {subject.train.samples:,} 个训练样本得出，视为独立抽取",
    )
    if refused:
        raise Unchecked(refused[0].en, refused[0].zh)


CHECKS = (
    (Text("norms", "范数"), norms),
    (Text("training beside held-out data", "训练与留出数据之比"), gap),
    (Text("bounds of the generalisation error", "泛化误差的界"), bounds),
)
