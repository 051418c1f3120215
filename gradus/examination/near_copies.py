"""Held-out samples that are training samples changed a little: noise, some features, another brightness, a mirror, a shift."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.examination.batches import tensors
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text

MOST, HELD = 4096, 256  # samples of training and held out that are compared
PARTS, AGREE = 8, 6  # random parts of the features, and in how many of them two samples must agree
WIDE = 32  # features from which on they are divided into parts
PROJECTED = 64  # directions in which pictures that were changed are compared
# Of the distance to the fifth nearest in training: a copy is nearer than the first. It is a leak where few lie between the two,
# or where more are as near as training samples are to one another.
# Narrower where some parts may disagree, since parts of few features come near to one another by themselves.
WHOLE, IN_PARTS = (0.2, 0.6), (0.1, 0.3)
LEAK, FEWEST = 0.01, 3  # share of held-out samples, and number, that are more than chance
LEAST = 50  # samples
FIFTH = 5


def near_copies(flat: Callable[..., Tensor], subject: Subject, section: Section) -> None:
    """Whether held-out samples lie far nearer to a training sample than training samples lie to one another."""
    x, other = flat(subject, "train"), flat(subject, "held")
    if len(x) < LEAST or len(other) < FEWEST or x.shape[1] != other.shape[1]:
        raise Unchecked(f"fewer than {LEAST} samples", f"样本少于 {LEAST} 个")
    if not bool(x.isfinite().all() and other.isfinite().all()):
        raise Unchecked("inputs that are not finite", "输入含非有限的数")
    generator = torch.Generator().manual_seed(subject.seed)
    x, other = (
        t[torch.randperm(len(t), generator=generator)[:most]] for t, most in ((x, MOST), (other, HELD))
    )
    live = (x.std(0) > 1e-6 * x.abs().amax()).nonzero()[:, 0]
    if not len(live):
        raise Unchecked("all samples are equal", "所有样本都相同")
    other = other[
        torch.cdist(other, x).amin(1) > 1e-6 * x.abs().amax()
    ]  # equal ones have a check of their own
    if len(other) and not _found(section, _plainly(x[:, live], other[:, live], generator), len(other)):
        for words, score in _changed(subject, x, other, generator):
            if _found(section, iter([score]), len(other), *words):
                return


class Score(NamedTuple):
    """How near held-out samples are to ones of training: the nearest of each, and of training samples to other ones."""

    held: Tensor
    own: Tensor
    bounds: tuple[float, float]
    where: Text


def _found(section: Section, scores: Iterator[Score], count: int, en: str = "", zh: str = "") -> bool:
    for held, own, (close, gap), where in scores:
        near, between = int((held < close).sum()), int(((held >= close) & (held < gap)).sum())
        usual = count * float((own < close).double().mean())
        least = max(FEWEST, LEAK * count)
        gap_between = (
            not en and near > 3 * between
        )  # samples that become alike by the change would seem to have one
        if near < least or (not gap_between and near < least + 3 * usual):
            continue
        section.values["near_copies"] = near
        section.find(
            "fault", "data-leak-near",
            ("held-out samples are training samples, changed a little", "留出样本是略加改动的训练样本"),
            (f"{near:,} of {count:,} held-out samples{en} lie nearer to one of training than {close:g} of the usual distance to the fifth nearest there, {where.en}; {between:,} lie between {close:g} and {gap:g} of it, and of as many training samples {usual:.0f} lie so near to another", f"{count:,} 个留出样本中有 {near:,} 个{zh}与某个训练样本的距离不到训练样本与其第五近邻通常距离的 {close:g} 倍（{where.zh}）；在 {close:g} 倍与 {gap:g} 倍之间的有 {between:,} 个；同样多的训练样本中有 {usual:.0f} 个与另一个如此接近"),
            ("divide the data before they are augmented, and all versions of one sample to one side; what was measured on these samples says nothing of new ones", "请先划分数据再作增强，并把同一样本的各个版本放在同一侧；在这些样本上测得的结果不能说明新样本的情况"),
            ("model-selection",),
        )  # fmt: skip
        return True
    return False


def _plainly(x: Tensor, other: Tensor, generator: torch.Generator) -> Iterator[Score]:
    """As they are: in all features together, and in most of the random parts of them."""
    own, usual = _own(x)
    if usual > 0:
        yield Score((torch.cdist(other, x) / usual).amin(1), own.amin(1), WHOLE, Text("in all features together", "就全部特征而言"))  # fmt: skip
    if x.shape[1] < WIDE:
        return
    parts = []
    for part in torch.randperm(x.shape[1], generator=generator).tensor_split(PARTS):
        own, usual = _own(x[:, part])
        if usual > 0:
            parts.append(torch.cat([torch.cdist(other[:, part], x[:, part]) / usual, own]).float())
    if len(parts) >= AGREE:
        score = (
            torch.stack(parts).topk(len(parts) - AGREE + 1, dim=0).values[-1].amin(1)
        )  # all but so many agree better
        where = Text(f"in {AGREE} of {PARTS} parts of the features", f"在 {PARTS} 份特征中的 {AGREE} 份上")
        yield Score(score[: len(other)], score[len(other) :], IN_PARTS, where)


def _own(x: Tensor) -> tuple[Tensor, float]:
    """Distances of training samples to other ones over the usual one to the fifth nearest, and that."""
    own = torch.cdist(x[:HELD], x)
    usual = float(own.kthvalue(FIFTH + 1, dim=1).values.median())
    own[own <= 1e-6 * usual] = math.inf  # the sample itself, and copies of it
    return own / max(usual, 1e-300), usual


def _changed(
    subject: Subject, x: Tensor, other: Tensor, generator: torch.Generator
) -> Iterator[tuple[tuple[str, str], Score]]:
    """At one brightness and contrast; for pictures, mirrored, turned and shifted, too: in random directions, which keep distances."""
    if x.shape[1] < WIDE:
        return
    x, other = ((t - t.mean(1, keepdim=True)) / t.std(1, keepdim=True).clamp_min(1e-12) for t in (x, other))
    directions = torch.randn(x.shape[1], PROJECTED, generator=generator, dtype=x.dtype)
    x = x @ directions
    own, usual = _own(x)
    if usual <= 0:
        return
    where = Text("in all features together", "就全部特征而言")
    for words, view in _views(subject, other):
        yield (
            words,
            Score((torch.cdist(view.flatten(1) @ directions, x) / usual).amin(1), own.amin(1), WHOLE, where),
        )


def _views(subject: Subject, other: Tensor) -> Iterator[tuple[tuple[str, str], Tensor]]:
    yield (", at one mean and deviation,", "在均值与标准差统一后"), other
    shape = next((t.shape[1:] for t in tensors(subject.whole.batches[0][0]) if t.is_floating_point()), None)
    if shape is None or len(shape) < 2 or shape.numel() != other.shape[1] or min(shape[-2:]) < 4:
        return
    pictures = other.reshape(-1, *shape)
    yield (", mirrored,", "左右镜像后"), pictures.flip(-1)
    yield (", turned upside down,", "上下翻转后"), pictures.flip(-2)
    if shape[-1] == shape[-2]:
        for turns in (1, 2, 3):
            yield (f", turned by {90 * turns}°,", f"旋转 {90 * turns}° 后"), pictures.rot90(turns, (-2, -1))
    for axis in (-1, -2):
        for step in (1, -1):
            yield (", shifted by a pixel,", "平移一个像素后"), pictures.roll(step, axis)
