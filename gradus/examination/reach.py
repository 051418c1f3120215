"""Whether a last activation keeps the outputs from the targets."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from gradus.examination.verdicts import Section


def out_of_reach(section: Section, kind: str, main: Any, targets: Any) -> None:
    """Finds targets outside of the last function's values."""
    low = {"sigmoid": 0.0, "tanh": -1.0, "relu": 0.0}.get(kind)
    if (
        low is None
        or not isinstance(main, Tensor)
        or not isinstance(targets, Tensor)
        or not targets.is_floating_point()
    ):
        return
    high = math.inf if kind == "relu" else 1.0
    inside = bool(((main >= low) & (main <= high)).all())
    share = float(((targets < low) | (targets > high)).double().mean())
    if inside and targets.shape == main.shape and share > 0.01:
        section.find(
            "fault", "targets-out-of-reach",
            ("the outputs cannot reach the targets", "输出无法达到目标"),
            (f"the last function is {kind}, with values from {low:g} to {'∞' if kind == 'relu' else '1'}; {share:.0%} of the targets lie outside", f"最后的函数是 {kind}，取值从 {low:g} 到 {'∞' if kind == 'relu' else '1'}；{share:.0%} 的目标在此范围之外"),
            ("no activation after the last layer, or targets scaled into its range", "最后一层之后不要激活函数，或把目标缩放到其取值范围内"), ("mse", "sigmoid"),
        )  # fmt: skip
