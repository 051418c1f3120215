"""Whether an approximation is near a posterior, in words: by the tail of its importance weights, and by their spread."""

from __future__ import annotations

import math

from gradus.text import Text

__all__ = ["NEAR", "USABLE", "nearness"]

GOOD, USABLE = 0.5, 0.7  # k̂ up to which weights have a variance, and are usable: Yao et al. 2018
NEAR = 0.1  # standard deviations


def nearness(k: float, size: float, count: int, shift: float) -> Text:
    """What k̂, the effective size of so many draws, and √χ² come to."""
    if k == -math.inf:
        return Text(
            "k̂ −∞: all weights are alike: q is the posterior, as far as its draws tell",
            "k̂ 为 −∞：所有权重都相同：就其抽样所见，q 就是后验",
        )
    if shift <= NEAR:
        return Text(
            f"k̂ {k:.2f}: the weights are nearly alike: q is near the posterior, as far as its draws tell: no mean is off by more than {shift:.2g} sd",
            f"k̂ {k:.2f}：权重几乎相同：就其抽样所见，q 接近后验：任何均值的偏差不超过 {shift:.2g} 个标准差",
        )
    share = f"{size:.4g} of {count}"
    if k <= GOOD:
        return Text(
            f"k̂ {k:.2f}: the weights have a variance: with them the draws are worth {share}, as far as they tell",
            f"k̂ {k:.2f}：权重的方差存在：就抽样所见，加权后 {count} 个抽样相当于 {size:.4g} 个",
        )
    if k <= USABLE:
        return Text(
            f"k̂ {k:.2f}: q is off; its weights may mend that: compare the weighted means; {share} draws in effect",
            f"k̂ {k:.2f}：q 有偏差，权重也许可以纠正：请比较加权均值；{count} 个抽样相当于 {size:.4g} 个",
        )
    return Text(
        f"k̂ {k:.2f}: q is too far from the posterior for its weights to mend that; take another family, other coordinates, or sample",
        f"k̂ {k:.2f}：q 与后验相差太远，权重也无法纠正；请换分布族、换坐标，或改用 sample",
    )
