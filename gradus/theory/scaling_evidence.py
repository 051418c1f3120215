"""What a fitted scaling law rests on, and which data cannot settle its terms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats

from gradus.arguments import refusal
from gradus.text import Text
from gradus.theory.power_law_fit import Fit, PowerLaw, minimise, profile, starts

Array = np.ndarray
Interval = tuple[float, float]


@dataclass(frozen=True)
class Evidence:
    """What a fit rests on."""

    law: PowerLaw
    fit: Fit
    delta: float
    scatter: float

    def quantile(self, level: float) -> float:
        """Of Student's law, so that the middle holds this much."""
        return float(scipy.stats.t.ppf((1 + level) / 2, len(self.law.y) - self.law.count))

    def interval(self, target: Any, reach: float, level: float) -> Interval:
        """Of a number of the parameters, followed as far as `reach`."""
        if self.scatter < 1e-12:  # data without noise
            at = target(self.fit.theta)[0]
            return at, at
        return profile(self.law, self.delta, self.fit, self.scatter, target, reach, self.quantile(level))


def require_enough(law: PowerLaw, x: Array) -> None:
    """More runs than parameters, three sizes of each kind, and no kind that follows from the others."""
    m, p = len(x), law.count
    distinct = min(len(np.unique(column)) for column in x.T)
    if m <= p or distinct < 3:
        raise refusal(
            "sizes", (f"more than {p} runs, of three sizes at least", f"多于 {p} 次运行，且至少有三种规模"),
            Text(f"{m} runs of {distinct} sizes", f"{m} 次运行，{distinct} 种规模"),
            (f"the law has {p} parameters", f"该定律有 {p} 个参数"),
        )  # fmt: skip
    centred = law.x - law.x.mean(0)
    spread = np.linalg.svd(centred / np.linalg.norm(centred, axis=0), compute_uv=False)
    if spread[-1] < 1e-3 * spread[0]:
        raise refusal(
            "sizes", ("kinds of size that vary independently", "各自独立变化的几种规模"),
            Text("one that follows from the others", "其中一种由其余的决定"),
            ("add runs at another ratio, such as more tokens for the same parameters", "请加入比例不同的运行，例如参数相同而词元更多"),
        )  # fmt: skip


def require_terms(evidence: Evidence, level: float) -> None:
    """Each term must be needed: the law without it must fit worse than chance allows (F test of its two parameters)."""
    law, v = evidence.law, evidence.law.columns
    free = len(law.y) - law.count
    for j in range(v):
        others = [i for i in range(v) if i != j]
        rest = law.x[:, others] if others else None
        without = _loss_without(rest, law.y, evidence.delta)
        least = max(evidence.scatter, 1e-9) ** 2 * 2 * float(scipy.stats.f.ppf(level, 2, free)) / 2
        if without - evidence.fit.loss <= least or not 0 < evidence.fit.theta[1 + v + j] < math.inf:
            name = "losses" if v == 1 else f"sizes[:, {j}]"
            raise refusal(
                name, ("losses that fall with this size by more than they scatter", "随该规模的下降超过自身波动的损失"),
                Text("others, so that its exponent could be any", "其他损失，故其指数可以任意"),
                ("add runs over a wider range of sizes, or drop it", "请加入规模范围更宽的运行，或去掉它"),
            )  # fmt: skip


def _loss_without(x: Array | None, y: Array, delta: float) -> float:
    """Huber's loss of the law of the other sizes; of a constant where there are none."""
    if x is None:
        at = float(np.median(y))
        for _ in range(100):
            weight = np.minimum(1, delta / np.maximum(np.abs(at - y), 1e-300))
            at = float(weight @ y / weight.sum())
        size = np.abs(at - y)
        return float(np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).sum())
    smaller = PowerLaw(x, y)
    return min(minimise(smaller, delta, start).loss for start in starts(smaller, 3))
