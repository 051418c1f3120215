"""What the data show by themselves: scale, constant features, duplicates, leaks from training to held-out data, labels."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor

from gradus.examination.batches import joined, tensors
from gradus.examination.label_checks import labels
from gradus.examination.label_features import given_away
from gradus.examination.near_copies import near_copies
from gradus.examination.neighbours import neighbour_checks
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text

FAR = 10.0  # root mean square of inputs beyond which layers made for inputs of size 1 are off by a factor of ten
LEAK = 0.01  # share of held-out samples found in the training data that is more than chance repeats


def flat(subject: Subject, which: str = "train") -> Tensor:
    """All inputs as rows of doubles (n, d).

    Raises:
        Unchecked: they are no numbers of one shape.
    """

    def make() -> Tensor:
        try:
            inputs = joined([a for a, _ in subject.all_batches(which)])
        except RuntimeError:
            raise Unchecked("the batches have several shapes", "各批次形状不同") from None
        parts = [t for t in tensors(inputs) if t.is_floating_point()]
        if not parts or not all(p.layout is torch.strided for p in parts):
            raise Unchecked("the inputs are no dense real numbers", "输入不是稠密的实数")
        return torch.cat([p.reshape(len(p), -1).double() for p in parts], 1)

    return subject.once(f"flat {which}", make)  # type: ignore[no-any-return]


def finite(subject: Subject, section: Section) -> None:
    """Inputs and targets that are no numbers."""
    count = worst = 0
    for which in ("train", "held"):
        if which == "held" and subject.held is None:
            continue
        for number, batch in enumerate(subject.all_batches(which)):
            for t in tensors(batch):
                if t.is_floating_point() or t.is_complex():
                    bad = int((~t.isfinite()).sum())
                    count += bad
                    worst = number if bad and not worst else worst
    section.fact("samples", "样本", subject.whole.note)
    shapes = ", ".join(
        str(tuple(t.shape[1:])) + " " + str(t.dtype).removeprefix("torch.")
        for t in tensors(subject.whole.batches[0])
    )
    section.fact("a sample and its target", "一个样本及其目标", shapes)
    if count:
        section.find(
            "fault", "data-not-finite",
            ("the data hold NaN or ∞", "数据含有 NaN 或 ∞"),
            (f"{count:,} entries, first in batch {worst}", f"{count:,} 个元素，首先出现在第 {worst} 批"),
            ("fill or drop these samples; one of them spoils every parameter in one step", "请填补或去掉这些样本；只要一个就会在一步之内毁掉所有参数"),
            ("floating-point",),
        )  # fmt: skip


def scale(subject: Subject, section: Section) -> None:
    """How large the inputs are, and how their features compare."""
    x = flat(subject)
    mean, std, size = (
        float(x.mean()),
        float(x.std()) if x.numel() > 1 else 0.0,
        float(x.square().mean().sqrt()),
    )
    section.fact(
        "inputs: mean, standard deviation, range",
        "输入：均值、标准差、范围",
        f"{mean:.3g}, {std:.3g}, [{float(x.min()):.3g}, {float(x.max()):.3g}]",
    )
    section.values |= {"input_mean": mean, "input_std": std, "input_rms": size}
    first = _first_layer_normalises(subject)
    if size > FAR and not first:
        section.find(
            "warning", "inputs-scale",
            ("the inputs are large", "输入的数值偏大"),
            (f"root mean square {size:.3g}, where initialisations are made for 1", f"均方根为 {size:.3g}，而初始化方法以 1 为准"),
            ("scale them, as by (x − mean) / standard deviation of the training data", "请缩放输入，如用训练数据作 (x − 均值) / 标准差"),
            ("initialization", "signal-propagation"),
        )  # fmt: skip
    elif 0 < size < 1 / (10 * FAR) and not first:
        section.find(
            "warning", "inputs-scale",
            ("the inputs are small", "输入的数值偏小"),
            (f"root mean square {size:.3g}, where initialisations are made for 1", f"均方根为 {size:.3g}，而初始化方法以 1 为准"),
            ("scale them, as by (x − mean) / standard deviation of the training data", "请缩放输入，如用训练数据作 (x − 均值) / 标准差"),
            ("initialization", "signal-propagation"),
        )  # fmt: skip
    sizes = x.square().mean(0).sqrt()
    live = sizes[sizes > 0]
    if len(live) > 1 and not first:
        ratio = float(live.max() / live.median())
        image = any(t.dim() >= 4 for t in tensors(subject.whole.batches[0][0]))
        if ratio > 100 and not image:
            k = int(sizes.argmax())
            section.find(
                "warning", "feature-scale",
                (f"feature {k} is much larger than the others", f"特征 {k} 比其他特征大得多"),
                (f"root mean square {float(sizes[k]):.3g}, {ratio:.3g} times the median of the features", f"均方根为 {float(sizes[k]):.3g}，是各特征中位数的 {ratio:.3g} 倍"),
                ("standardise each feature: the largest one alone decides the curvature, and so the step", "请对每个特征作标准化：最大的一个独自决定曲率，从而决定步长"),
                ("gradient-descent", "hessian-spectrum"),
            )  # fmt: skip


def _first_layer_normalises(subject: Subject) -> bool:
    norms = (torch.nn.modules.batchnorm._NormBase, torch.nn.LayerNorm, torch.nn.GroupNorm, torch.nn.RMSNorm)
    leaves = (m for m in subject.model.modules() if not list(m.children()))
    first = next(
        (m for m in leaves if not isinstance(m, (torch.nn.Flatten, torch.nn.Identity, torch.nn.Unflatten))),
        None,
    )
    return isinstance(first, norms)


def constant(subject: Subject, section: Section) -> None:
    """Features that are the same in all samples."""
    x = flat(subject)
    if len(x) < 2:
        raise Unchecked("there is one sample", "只有一个样本")
    still = (x == x[0]).all(0)
    count, d = int(still.sum()), x.shape[1]
    section.values["constant_features"] = count
    if count == d:
        section.find(
            "fault", "inputs-equal",
            ("all samples are equal", "所有样本都相同"),
            (f"{len(x):,} samples, {d:,} features, all constant", f"{len(x):,} 个样本，{d:,} 个特征，全部恒定"),
            ("look at how the data are loaded", "请检查数据的读取过程"), ("mutual-information",),
        )  # fmt: skip
    elif count:
        section.fact("constant features", "恒定的特征", Text(f"{count} of {d}", f"{d} 个中的 {count} 个"))
        if subject.held is not None:
            other = flat(subject, "held")
            if other.shape[1] == d:
                moving = still & ~(other == x[0]).all(0)
                # a border pixel that moves a little is no matter; one that moves as much as the others is
                moving &= (other - x[0]).abs().amax(0) > 3 * x.std()
                if int(moving.sum()) > 0.02 * d:
                    m = int(moving.sum())
                    section.find(
                        "warning", "features-appear",
                        ("features that are constant in training vary in the held-out data", "训练中恒定的特征在留出数据中变化"),
                        (f"{m} of {d} features", f"{d} 个特征中的 {m} 个"),
                        ("their weights were never trained; drop them, or look for a difference in preparation", "它们的权重从未得到训练；请去掉这些特征，或检查预处理是否不同"),
                        ("linear-regression",),
                    )  # fmt: skip


def _keys(x: Tensor) -> list[bytes]:
    return [row.numpy().tobytes() for row in (x.float() + 0.0).contiguous().cpu()]  # −0 and 0 are one


def _inputs_as_keys(subject: Subject, which: str) -> list[bytes]:
    keys: list[bytes] = []
    for inputs, _ in subject.all_batches(which):
        parts = [t.reshape(len(t), -1) for t in tensors(inputs) if t.dim()]
        rows = [_keys(t) if t.is_floating_point() else [r.numpy().tobytes() for r in t.cpu()] for t in parts]
        keys += [b"|".join(row) for row in zip(*rows, strict=True)]
    return keys


def duplicates(subject: Subject, section: Section) -> None:
    """Samples that occur twice, and what labels they bear."""
    keys = _inputs_as_keys(subject, "train")
    labels = _labels(subject)
    first: dict[bytes, int] = {}
    again = conflicts = 0
    for i, key in enumerate(keys):
        if key in first:
            again += 1
            conflicts += labels is not None and labels[first[key]] != labels[i]
        else:
            first[key] = i
    section.values |= {"duplicates": again, "conflicts": conflicts}
    if again:
        section.fact(
            "samples that occurred before",
            "重复的样本",
            Text(f"{again:,} of {len(keys):,}", f"{len(keys):,} 个中的 {again:,} 个"),
        )
    if conflicts > max(1, 0.001 * len(keys)):
        section.find(
            "warning", "labels-conflict",
            ("equal inputs bear different labels", "相同的输入带有不同的标签"),
            (f"{conflicts:,} of the {again:,} repeated samples", f"{again:,} 个重复样本中的 {conflicts:,} 个"),
            ("no network is right on all of them; look at how labels are joined to inputs", "没有网络能全部答对；请检查标签与输入是如何对应的"),
            ("cross-entropy", "entropy"),
        )  # fmt: skip
    elif again > 0.2 * len(keys) and len(first) > 1 and _continuous(subject):
        section.find(
            "warning", "samples-repeated",
            ("many samples are copies of others", "许多样本是其他样本的副本"),
            (f"{again:,} of {len(keys):,}", f"{len(keys):,} 个中的 {again:,} 个"),
            ("make them one, before the data are divided; copies count their labels twice", "请在划分数据之前去重；副本使其标签重复计入"),
            ("model-selection",),
        )  # fmt: skip


def _continuous(subject: Subject) -> bool:
    """Whether inputs have so many values that equal samples are no chance."""
    return any(t.is_floating_point() and t[0].numel() >= 8 for t in tensors(subject.whole.batches[0][0]))


def _labels(subject: Subject) -> list[Any] | None:
    parts = []
    for _, targets in subject.whole.batches:
        if not isinstance(targets, Tensor):
            return None
        parts += [
            tuple(row) if isinstance(row, list) else row for row in targets.reshape(len(targets), -1).tolist()
        ]
    return [tuple(row) if isinstance(row, list) else row for row in parts]


def leaks(subject: Subject, section: Section) -> None:
    """Held-out samples that the training data hold."""
    known = set(_inputs_as_keys(subject, "train"))
    keys = _inputs_as_keys(subject, "held")
    found = sum(key in known for key in keys)
    whole = "" if subject.whole.whole else Text(" looked at", "（所查看的）")
    section.values["leaks"] = found
    section.fact(
        "held-out samples in the training data",
        "训练数据中出现的留出样本",
        Text(f"{found:,} of {len(keys):,}", f"{len(keys):,} 个中的 {found:,} 个"),
    )
    if found > LEAK * len(keys) and _continuous(subject):
        looked = whole.en if isinstance(whole, Text) else ""
        looked_zh = whole.zh if isinstance(whole, Text) else ""
        section.find(
            "fault", "data-leak",
            ("held-out samples are training samples", "留出样本出现在训练数据中"),
            (f"{found:,} of {len(keys):,} held-out samples are equal to one of the {subject.whole.samples:,} training samples{looked}", f"{len(keys):,} 个留出样本中有 {found:,} 个与 {subject.whole.samples:,} 个训练样本{looked_zh}之一相同"),
            ("divide the data after removing copies; what was measured on these samples says nothing of new ones", "请先去重再划分数据；在这些样本上测得的结果不能说明新样本的情况"),
            ("model-selection",),
        )  # fmt: skip


def drift(subject: Subject, section: Section) -> None:
    """Held-out inputs that lie elsewhere than those of training."""
    x, other = flat(subject), flat(subject, "held")
    if len(x) < 20 or len(other) < 20:
        raise Unchecked("fewer than 20 samples", "样本少于 20 个")
    a, b = float(x.std()), float(other.std())
    shift = abs(float(other.mean() - x.mean())) / max(a, 1e-300)
    section.values |= {"held_std_ratio": b / a if a else math.inf, "held_shift": shift}
    if a > 0 and (not 0.5 < b / a < 2 or shift > 1):
        section.find(
            "fault" if not 0.2 < b / a < 5 or shift > 3 else "warning", "held-out-scale",
            ("the held-out inputs have another scale than those of training", "留出数据的尺度与训练数据不同"),
            (f"standard deviation {b:.3g} and mean {float(other.mean()):.3g}, in training {a:.3g} and {float(x.mean()):.3g}", f"标准差 {b:.3g}、均值 {float(other.mean()):.3g}，训练数据为 {a:.3g} 和 {float(x.mean()):.3g}"),
            ("prepare both alike, with the mean and deviation of the training data", "请用训练数据的均值与标准差对两者作同样的预处理"),
            ("batch-norm", "model-selection"),
        )  # fmt: skip


CHECKS = (
    (Text("numbers that are not finite", "非有限的数"), finite),
    (Text("scale of the inputs", "输入的尺度"), scale),
    (Text("constant features", "恒定的特征"), constant),
    (Text("duplicates and conflicting labels", "重复样本与冲突标签"), duplicates),
    (Text("held-out samples in the training data", "训练数据中的留出样本"), leaks),
    (
        Text("held-out samples that are nearly training samples", "与训练样本近似相同的留出样本"),
        functools.partial(near_copies, flat),
    ),
    (Text("whether held-out inputs have the scale of training", "留出输入与训练输入尺度是否一致"), drift),
    (Text("labels", "标签"), labels),
    (Text("features that give the label away", "泄露标签的特征"), functools.partial(given_away, flat)),
    *neighbour_checks(flat),
)
