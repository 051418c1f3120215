"""Features that give the label away: one, or a few together, of which it is a function on all samples."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.examination.batches import tensors
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked

LEAST, MOST_FEATURES, MOST_ENTRIES = (
    50,
    4096,
    2**20,
)  # samples; features; samples times features that are looked at
SEEN = 5  # samples a value, or a pair of values, at least: that all of them bear one label is then no chance
PER_FEATURE = 4  # features in the data for each that is said to give the label away: where there are fewer it is the problem
PAIRED = 48  # features with few values, of which pairs are tried
EXPLAINED = 0.998  # share of a class's variance by one feature: the label with noise of a hundredth of its own variance still is
EXACT = 1e-6  # share of a real target's variance that may be left over


class Given(NamedTuple):
    """How features give the label away."""

    features: tuple[int, ...]
    en: str
    zh: str


def given_away(flat: Callable[..., Tensor], subject: Subject, section: Section) -> None:
    """Looks for features of which the label is a function, on the samples and, where there are such, on held-out ones."""
    x, y = _features(flat, subject, "train"), _labels(subject)
    n, d = x.shape
    if n < LEAST or d < PER_FEATURE:
        raise Unchecked(
            f"fewer than {LEAST} samples or {PER_FEATURE} features",
            f"样本少于 {LEAST} 个或特征少于 {PER_FEATURE} 个",
        )
    if len(y) != n or d > MOST_FEATURES or not bool(x.isfinite().all() and y.isfinite().all()):
        raise Unchecked(
            "no finite number of features with one target each", "并非每个样本的有限个特征配一个目标"
        )
    if n * d > MOST_ENTRIES:
        n = max(LEAST, MOST_ENTRIES // d)
        part = torch.randperm(len(x), generator=torch.Generator().manual_seed(subject.seed))[:n]
        x, y = x[part], y[part]
    if n - int(y.unique(return_counts=True)[1].max()) < 2 * SEEN:
        raise Unchecked("nearly all targets are equal", "几乎所有目标都相同")
    ways = _of_classes(x, y.long()) if _are_classes(y) else _of_numbers(x, y)
    found = next(ways, None)
    if found is None:
        return
    one = len(found.features) == 1
    names = ", ".join(map(str, found.features[:10]))
    section.values["label_features"] = list(found.features)
    section.find(
        "warning", "label-in-features",
        (f"feature {names} gives the label away" if one else f"features {names} together give the label away",
         f"特征 {names} 泄露了标签" if one else f"特征 {names} 合起来泄露了标签"),
        (f"{found.en}, on all {n:,} samples", f"在全部 {n:,} 个样本上，{found.zh}"),
        ("take it out if it is not known before the label is: an identifier, a sum, a mark in the picture. Where it is what is to be learnt, this is no fault", "若该特征在标签已知之前无法得到（编号、合计、图中的标记等），请将其去掉；若它本就是要学习的规律，则不算故障"),
        ("mutual-information", "model-selection"),
    )  # fmt: skip


def _features(flat: Callable[..., Tensor], subject: Subject, which: str) -> Tensor:
    parts = []
    for inputs, _ in subject.all_batches(which):
        whole = [t for t in tensors(inputs) if t.dim() and not t.is_floating_point() and not t.is_complex()]
        if whole:
            real = [t for t in tensors(inputs) if t.dim() and t.is_floating_point()]
            parts.append(torch.cat([t.reshape(len(t), -1).double() for t in [*real, *whole]], 1))
    return torch.cat(parts) if parts else flat(subject, which)


def _labels(subject: Subject) -> Tensor:
    """One number a sample; rows that hold a single 1 are the number of its place."""
    targets = [t for _, t in subject.whole.batches]
    if not all(isinstance(t, Tensor) for t in targets):
        raise Unchecked("the targets are no tensor", "目标不是张量")
    y = torch.cat([t.reshape(len(t), -1).double() for t in targets])
    if y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all() and (y.sum(1) == 1).all()):
        return y.argmax(1).double()
    if y.shape[1] != 1:
        raise Unchecked("a sample has more than one target", "每个样本的目标不止一个")
    return y[:, 0]


def _are_classes(y: Tensor) -> bool:
    return bool((y == y.round()).all()) and len(y.unique()) * SEEN <= len(y)


def _of_classes(x: Tensor, y: Tensor) -> Iterator[Given]:
    """Ways in which features determine a class."""
    n, d = x.shape
    _, y = y.unique(return_inverse=True)
    C = int(y.max()) + 1
    few: list[int] = []
    for j in range(d):
        values, codes = x[:, j].unique(return_inverse=True)
        if not 2 <= len(values) <= n // SEEN:
            continue
        few.append(j)
        if _function(codes, y, len(values), C):
            yield Given((j,), f"each of its {len(values)} values bears one label", f"它的 {len(values)} 个取值各自只对应一个标签")  # fmt: skip
    if C > 2:
        order = x.argsort(0)
        changes = y[order].diff(dim=0) != 0
        tied = (changes & (x.gather(0, order).diff(dim=0) == 0)).any(0)
        for j in (~tied & (changes.sum(0) == C - 1)).nonzero()[:, 0].tolist():
            yield Given((j,), f"it orders the samples so that each of the {C} classes lies in an interval of its own", f"按它排序后，{C} 个类别各占一个互不相交的区间")  # fmt: skip
    yield from _by_variance(x, y, C)
    if d >= 2 * PER_FEATURE:
        yield from _by_pairs(x, y, C, few)
    if C > 2:
        yield from _of_numbers(x, y.double(), 1 - EXPLAINED, least=2)


def _function(codes: Tensor, y: Tensor, values: int, C: int) -> bool:
    """Whether samples of one code bear one label."""
    table = torch.zeros(values * C, dtype=torch.long).index_add_(0, codes * C + y, torch.ones_like(y))
    return bool(((table.reshape(values, C) > 0).sum(1) == 1).all())


def _by_variance(x: Tensor, y: Tensor, C: int) -> Iterator[Given]:
    """A feature that hardly varies within classes; or for each class a feature that marks it."""
    centred = x - x.mean(0)
    live = centred.square().mean(0) > 1e-12 * x.square().mean(0).clamp_min(1e-300)
    total = centred.square().sum(0)
    marks = torch.zeros(len(y), C, dtype=torch.double).scatter_(1, y[:, None], 1.0)
    counts = marks.sum(0)
    means = (marks.mT @ centred) / counts[:, None]
    between = (counts[:, None] * means.square()).sum(0) / total.clamp_min(1e-300)
    for j in (live & (between > EXPLAINED)).nonzero()[:, 0].tolist():
        apart = means[:, j].sort().values.diff()
        within = ((centred[:, j] - means[y, j]).square().mean()).sqrt()
        if bool((apart > 4 * within).all()):
            yield Given((j,), f"{float(between[j]):.2%} of its variance lies between the {C} classes", f"其方差的 {float(between[j]):.2%} 在 {C} 个类别之间")  # fmt: skip
    if C > 2 and x.shape[1] >= PER_FEATURE * C:
        spread = marks - marks.mean(0)
        share = (spread.mT @ centred).square() / (spread.square().sum(0)[:, None] * total.clamp_min(1e-300))
        best = torch.where(live, share, 0.0).max(1)
        if bool((best.values > EXPLAINED).all()):
            yield Given(tuple(sorted(set(best.indices.tolist()))), f"each of the {C} classes has a feature that marks it, by at least {float(best.values.min()):.2%} of its variance", f"{C} 个类别各有一个标记它的特征，至少解释其方差的 {float(best.values.min()):.2%}")  # fmt: skip


def _by_pairs(x: Tensor, y: Tensor, C: int, few: list[int]) -> Iterator[Given]:
    """Two features with few values each, that determine the label together."""
    n = len(x)
    sizes = {}
    for j in few:
        values, codes = x[:, j].unique(return_inverse=True)
        if len(values) ** 2 <= n or len(values) == 2:
            sizes[j] = (len(values), codes)
    chosen = sorted(sizes, key=lambda j: sizes[j][0])[:PAIRED]
    for a, b in itertools.combinations(chosen, 2):
        (m, one), (k, other) = sizes[a], sizes[b]
        table = torch.bincount((one * k + other) * C + y, minlength=m * k * C).reshape(-1, C) > 0
        labels = table.sum(1)  # that each pair of values bears
        cells = int((labels > 0).sum())
        if cells * SEEN <= n and cells > max(m, k) and int(labels.max()) == 1:
            yield Given((a, b), f"each of the {cells} pairs of their values bears one label", f"它们取值的 {cells} 种组合各自只对应一个标签")  # fmt: skip


def _of_numbers(x: Tensor, y: Tensor, left: float = EXACT, least: int = 1) -> Iterator[Given]:
    """Ways in which features determine a number: a monotone function of one, a linear one of a few."""
    n, d = x.shape
    if least == 1:
        order = x.argsort(dim=0, stable=True)
        steps = y[order].diff(dim=0)
        same = x.gather(0, order).diff(dim=0) == 0
        single = ~((same & (steps != 0)).any(0)) & (x.amax(0) > x.amin(0))
        rising = single & ((steps >= 0).all(0) | (steps <= 0).all(0))
        if len(y.unique()) > max(10, n // 10):
            for j in rising.nonzero()[:, 0].tolist():
                yield Given((j,), "the target is a monotone function of it", "目标是它的单调函数")
    centred = x - x.mean(0)
    size = centred.square().sum(0).sqrt()
    unit = torch.where(
        size > 1e-6 * x.square().sum(0).sqrt().clamp_min(1e-300), centred / size.clamp_min(1e-300), 0.0
    )
    goal = y - y.mean()
    chosen: list[int] = []
    rest = goal
    for k in range(1, min(3, d // PER_FEATURE) + 1):
        chosen.append(int((unit.mT @ rest).abs().argmax()))
        A = unit[:, chosen]
        rest = goal - A @ torch.linalg.lstsq(A, goal[:, None]).solution[:, 0]
        share = float(rest.square().sum() / goal.square().sum())
        if share < left:
            if k >= least:
                yield Given(tuple(sorted(set(chosen))), f"a linear function of {'it' if k == 1 else 'them'} leaves {share:.1g} of the target's variance over", f"{'它' if k == 1 else '它们'}的线性函数只剩下目标方差的 {share:.1g}")  # fmt: skip
            return
