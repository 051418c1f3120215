"""Labels: outside of the classes, classes without samples, soft labels that are no distributions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.examination.loss_kinds import is_cross_entropy
from gradus.examination.outcomes import IGNORED, main_of, table_of
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text


def labels(subject: Subject, section: Section) -> None:
    """Labels outside of the classes, classes without samples, weights of soft labels that do not sum to 1."""
    main = None
    try:
        main = main_of(subject.outputs()[0])
    except Exception:
        main = None
    targets = [t for _, t in subject.whole.batches]
    beside = subject.train.batches[0][1]  # of the samples that the model went over
    if not all(isinstance(t, Tensor) for t in targets):
        raise Unchecked("the targets are no tensor", "目标不是张量")
    all_targets = torch.cat([t.reshape(-1) for t in targets])
    if all_targets.is_floating_point():
        _soft(subject, section, main, targets)
        return
    counted = all_targets[all_targets != IGNORED]
    if not len(counted):
        raise Unchecked("every target is ignored", "所有目标都被忽略")
    low, high = int(counted.min()), int(counted.max())
    tail = isinstance(main, Tensor) and table_of(main, beside) is not None
    C = (main.shape[1] if main.shape[:1] + main.shape[2:] == beside.shape else main.shape[-1]) if tail and isinstance(main, Tensor) else None  # fmt: skip
    if low < 0 or (C is not None and high >= C):
        shown = C - 1 if C else "?"
        section.find(
            "fault", "labels-outside",
            ("labels lie outside of the classes", "标签超出类别范围"),
            (f"labels from {low} to {high}, scores for the classes 0 to {shown}", f"标签为 {low} 到 {high}，而得分对应类别 0 到 {shown}"),
            ("number the classes from 0, and give the last layer a unit for each", "请从 0 开始给类别编号，并让最后一层为每个类别设一个单元"),
            ("softmax-cross-entropy",),
        )  # fmt: skip
        return
    if C is None or counted.numel() < 2:
        section.fact("targets: range", "目标：范围", f"{low} … {high}")
        return
    counts = torch.bincount(counted.long(), minlength=C)
    missing = [k for k in range(C) if not int(counts[k])]
    share = counts.double() / counts.sum()
    k = int(counts.argmax())
    section.fact(
        "classes",
        "类别",
        Text(
            f"{C}; the most frequent, {_name(subject, k)}, has {float(share[k]):.1%}",
            f"{C} 个；最多的是 {_name(subject, k)}，占 {float(share[k]):.1%}",
        ),
    )
    section.values |= {"classes": C, "counts": counts.tolist() if C <= 100 else None}
    expected = len(counted) / C
    if missing and expected >= 10 and subject.whole.samples >= 50 and C <= 1000:
        every = len(missing) == C - 1
        section.find(
            "fault" if every else "warning", "classes-missing",
            ("only one class occurs", "只出现一个类别") if every else ("classes have no sample", "有的类别没有样本"),
            (f"classes {', '.join(_name(subject, m) for m in missing[:8])} of {C} in {len(counted):,} labels", f"{len(counted):,} 个标签中没有 {C} 个类别里的 {', '.join(_name(subject, m) for m in missing[:8])}"),
            ("shuffle the data before they are divided, or drop the units of these classes", "请在划分前打乱数据，或去掉这些类别的单元"),
            ("classification-metrics",),
        )  # fmt: skip
    elif float(share[k]) > 0.9:
        section.find(
            "note", "classes-unequal",
            (f"nearly all labels are {_name(subject, k)}", f"几乎所有标签都是 {_name(subject, k)}"),
            (f"{float(share[k]):.1%}: a constant answer has this accuracy", f"{float(share[k]):.1%}：给出恒定的答案就有这一准确率"),
            ("judge by recall and precision of the rare classes, not by accuracy", "请用稀有类别的召回率与精确率来评判，而不用准确率"),
            ("classification-metrics", "roc-auc"),
        )  # fmt: skip


def _soft(subject: Subject, section: Section, main: Any, targets: list[Any]) -> None:
    """Targets that are real numbers: their scale; or probabilities, which must sum to 1."""
    y = torch.cat([t.reshape(len(t), -1) for t in targets]).double()
    section.fact(
        "targets: mean, standard deviation, range",
        "目标：均值、标准差、范围",
        f"{float(y.mean()):.3g}, {float(y.std()) if y.numel() > 1 else 0:.3g}, [{float(y.min()):.3g}, {float(y.max()):.3g}]",
    )
    if y.numel() > 1 and bool((y == y[0]).all()):
        section.find("fault", "targets-equal", ("all targets are equal", "所有目标都相同"), (f"{len(y):,} targets", f"{len(y):,} 个目标"),
                     ("look at how the targets are loaded", "请检查目标的读取过程"), ("mutual-information",))  # fmt: skip
    if (
        isinstance(main, Tensor)
        and main.shape[1:] == targets[0].shape[1:]
        and main.dim() == 2
        and main.shape[1] > 1
        and is_cross_entropy(subject)
    ):
        off = (y.sum(1) - 1).abs()
        if float(off.max()) > 1e-3 or float(y.min()) < 0:
            k = int(off.argmax())
            section.find(
                "fault", "labels-no-distribution",
                ("the soft labels are no distributions", "软标签不是概率分布"),
                (f"row {k} sums to {float(y[k].sum()):.4g}; {int((off > 1e-3).sum()):,} of {len(y):,} rows do not sum to 1", f"第 {k} 行之和为 {float(y[k].sum()):.4g}；{len(y):,} 行中有 {int((off > 1e-3).sum()):,} 行之和不为 1"),
                ("smoothed labels are (1 − ε) times the one-hot row plus ε/C everywhere", "平滑后的标签为 (1 − ε) 乘独热向量，再处处加 ε/C"),
                ("cross-entropy", "softmax-cross-entropy"),
            )  # fmt: skip


def _name(subject: Subject, k: int) -> str:
    return subject.names[k] if subject.names and k < len(subject.names) else str(k)
