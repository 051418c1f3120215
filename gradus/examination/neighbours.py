"""Labels beside those of the nearest samples: whether they go with the inputs at all, and how many disagree."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradus.examination.batches import tensors
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text

MOST, LEAST, NEAR = 2000, 100, 5
SHUFFLED = 3.0  # standard deviations above shuffled labels below which labels do not go with the inputs
NOISE = 0.05  # share of samples that differ from five neighbours of one mind, above which labels are noisy
Flat = Callable[..., Tensor]


def neighbour_checks(flat: Flat) -> tuple[tuple[Text, Any], ...]:
    """The checks, with what makes rows of the inputs."""
    return (
        (
            Text("whether the labels go with the inputs", "标签与输入是否相关"),
            functools.partial(together, flat),
        ),
        (
            Text("labels that disagree with their neighbours'", "与近邻不一致的标签"),
            functools.partial(noise, flat),
        ),
    )


def _nearest(flat: Flat, subject: Subject) -> tuple[Tensor, Tensor]:
    """The five nearest other samples of each (n, 5), in standardised features, and one target a sample."""

    def make() -> tuple[Tensor, Tensor]:
        x = flat(subject)
        targets = [t for _, t in subject.whole.batches]
        if not all(isinstance(t, Tensor) and t.reshape(len(t), -1).shape[1] == 1 for t in targets):
            raise Unchecked("a sample has more than one target", "每个样本的目标不止一个")
        y = torch.cat([t.reshape(-1) for t in targets])
        if any(t.dim() > 2 and not t.is_floating_point() for t in tensors(subject.whole.batches[0][0])):
            raise Unchecked("inputs are sequences of symbols", "输入是符号序列")
        n = min(len(x), MOST)
        if n < LEAST:
            raise Unchecked(f"fewer than {LEAST} samples", f"样本少于 {LEAST} 个")
        if not bool(x.isfinite().all()):
            raise Unchecked("inputs that are not finite", "输入含非有限的数")
        index = torch.randperm(len(x), generator=torch.Generator().manual_seed(subject.seed))[:n]
        x, y = x[index], y[index]
        x = ((x - x.mean(0)) / x.std(0).clamp_min(1e-12)).clamp(-10, 10).float()
        if x.shape[1] > 4096:  # random directions keep distances
            x = x @ torch.randn(x.shape[1], 256, generator=torch.Generator().manual_seed(subject.seed))
        distances = torch.cdist(x, x)
        distances.fill_diagonal_(math.inf)
        distances[distances < 1e-6] = math.inf  # copies have their own check
        return distances.topk(NEAR, largest=False).indices, y

    return subject.once("nearest", make)  # type: ignore[no-any-return]


def together(flat: Flat, subject: Subject, section: Section) -> None:
    """How often the nearest sample has the same label (or one nearer than others), beside labels that are shuffled."""
    near, y = _nearest(flat, subject)
    first, n = near[:, 0], len(near)
    generator = torch.Generator().manual_seed(subject.seed)
    classes = not y.is_floating_point()
    values = y if classes else y.double().argsort().argsort().double()  # ranks, of no scale
    if len(y.unique()) < 2:
        raise Unchecked("all targets are equal", "所有目标都相同")

    def agreement(v: Tensor) -> float:
        return float((v == v[first]).double().mean() if classes else -(v - v[first]).abs().mean() / n)

    found = agreement(values)
    by_chance = [agreement(values[torch.randperm(n, generator=generator)]) for _ in range(60)]
    mean = sum(by_chance) / len(by_chance)
    spread = max(math.sqrt(sum((b - mean) ** 2 for b in by_chance) / (len(by_chance) - 1)), 1e-12)
    section.values |= {
        "neighbour_agreement": found,
        "neighbour_chance": mean,
        "neighbour_z": (found - mean) / spread,
    }
    if classes:
        section.fact(
            "nearest sample has the same label",
            "最近的样本标签相同",
            Text(f"{found:.1%}; shuffled labels {mean:.1%}", f"{found:.1%}；打乱标签时为 {mean:.1%}"),
        )
    if found - mean < SHUFFLED * spread:
        shown = (
            (f"{found:.1%}", f"{mean:.1%}", f"{spread:.1%}")
            if classes
            else (f"{-found:.3g}", f"{-mean:.3g}", f"{spread:.2g}")
        )
        what = (
            ("the nearest sample has the same label in", "最近的样本标签相同的比例为")
            if classes
            else (
                "the ranks of the targets of nearest samples differ by a share of",
                "最近样本的目标之秩平均相差",
            )
        )
        section.find(
            "warning", "labels-unrelated",
            ("the labels look as if they were shuffled against the inputs", "标签看来与输入错位"),
            (f"{what[0]} {shown[0]} of {n:,} samples, with shuffled labels in {shown[1]} ± {shown[2]}", f"{n:,} 个样本中，{what[1]} {shown[0]}，打乱标签时为 {shown[1]} ± {shown[2]}"),
            ("look at a few samples with their labels; shuffle both by one permutation. Where distances between inputs mean nothing, this is no fault", "请查看若干样本及其标签；打乱时两者须用同一排列。若输入之间的距离本无意义，则不算故障"),
            ("mutual-information", "kernel-methods"),
        )  # fmt: skip


def noise(flat: Flat, subject: Subject, section: Section) -> None:
    """Samples whose five nearest are of one label, and which bear another."""
    near, y = _nearest(flat, subject)
    if y.is_floating_point():
        raise Unchecked("the targets are no classes", "目标不是类别")
    around = y[near]
    agreed = (around == around[:, :1]).all(1)
    against = agreed & (around[:, 0] != y)
    count, total, n = int(against.sum()), int(agreed.sum()), len(y)
    share = count / total if total else 0.0
    section.values |= {"neighbours_agree": total, "labels_against": count}
    if total:
        section.fact(
            "labels against five neighbours of one mind",
            "与意见一致的五个近邻相反的标签",
            Text(f"{count:,} of {total:,}", f"{total:,} 个中的 {count:,} 个"),
        )
    # above chance at two classes, where neighbours agree by themselves now and then
    common = float(torch.bincount(y.long() - int(y.min())).double().max() / n)
    if (
        share > NOISE
        and count >= 10
        and total > 0.2 * n
        and share < 0.5 * (1 - common) + 0.2
        and common < 0.8
        and _goes_together(section)
    ):
        section.find(
            "warning", "labels-noisy",
            ("many labels contradict those of their neighbours", "许多标签与其近邻矛盾"),
            (f"of {total:,} samples whose {NEAR} nearest have one label, {count:,} ({share:.1%}) bear another", f"在 {NEAR} 个近邻标签一致的 {total:,} 个样本中，有 {count:,} 个（{share:.1%}）标签不同"),
            ("look at these samples; a network that learns them learns the errors", "请查看这些样本；学会它们的网络也学会了其中的错误"),
            ("cross-entropy", "regularization"),
        )  # fmt: skip


def _goes_together(section: Section) -> bool:
    z = section.values.get("neighbour_z")
    return z is None or z > SHUFFLED
