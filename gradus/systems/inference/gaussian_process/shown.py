"""What the report shows of the series, and what it says was found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.inference.gaussian_process.model import HALF, START, Told
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison

NAMES = {
    "length of the trend": "趋势的长度", "deviation of the trend": "趋势的标准差", "decay of the season": "季节的衰减长度",
    "smoothness of the season": "季节的光滑度", "deviation of the season": "季节的标准差", "length of the rest": "其余部分的长度",
    "deviation of the rest": "其余部分的标准差", "variance of the noise": "噪声的方差",
}  # fmt: skip


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    first = measured[0]
    scale, count = first["scale"], first["held"]

    def mean(way: str, what: str) -> float:
        return float(np.mean([m["judged"][way][what] for m in measured]))

    # a share of independent hits has this deviation; hits of neighbours are alike, so that the verdict is a generous one
    slack = 2 * math.sqrt(0.95 * 0.05 / count)
    said = []
    for way, en, zh in (
        ("once", "Forecast once, from {a:.4g} until {b:.4g}", "从 {a:.4g} 到 {b:.4g} 一次预测到底"),
        (
            "renewed",
            "Forecast anew each period, from all values before it",
            "每个周期根据此前所有的值重新预测",
        ),
    ):
        held, error = mean(way, "held"), mean(way, "error")
        verdict = Text("as promised", "与所承诺的相符")
        if held < 0.95 - slack:
            verdict = Text("fewer than promised: the band is too narrow", "少于所承诺的：区间太窄")
        elif held > 0.95 + slack:
            verdict = Text("more than promised: the band is too wide", "多于所承诺的：区间太宽")
        begin = Text(
            en.format(a=first["from"], b=first["until"]), zh.format(a=first["from"], b=first["until"])
        )
        said.append(
            Text(
                f"{begin.en}: the 95% band of observations held {held:.1%} of the {count} later values, {verdict.en}; the band of the function alone held {mean(way, 'inner'):.1%}. The error is {error * scale:.3g}.",
                f"{begin.zh}：观测值的 95% 区间包含了后来 {count} 个值中的 {held:.1%}，{verdict.zh}；仅函数的区间包含 {mean(way, 'inner'):.1%}。误差为 {error * scale:.3g}。",
            )
        )
    gain = mean("renewed", "density") - mean("regression", "density")
    better = Text("more probable", "更可能") if gain > 0 else Text("less probable", "更不可能")
    said.append(
        Text(
            f"To a regression on a parabola and two harmonics, fitted anew as often, what came was {better.en} by a factor of {math.exp(min(abs(gain), 50)):.3g} a value (geometric mean) under the process; its error is {mean('regression', 'error') * scale:.3g}, and its band held {mean('regression', 'held'):.1%}.",
            f"与同样频繁地重新拟合的抛物线加两个谐波的回归相比，在高斯过程之下，后来的每个值{better.zh}，几何平均相差 {math.exp(min(abs(gain), 50)):.3g} 倍；回归的误差为 {mean('regression', 'error') * scale:.3g}，其区间包含 {mean('regression', 'held'):.1%}。",
        )
    )
    misses = float(np.mean([m["misses"] for m in measured]))
    said.append(
        Text(
            f"Within the first part, left out one at a time, the squared misses are on average {misses:.3g} times the variances that are stated; 1 would be right.",
            f"在前一部分中逐个留出，误差的平方平均为所述方差的 {misses:.3g} 倍；1 为正确。",
        )
    )
    return said


ONCE = Text(
    "Forecast once from the end of the first part: mean, and the 95% band of observations.",
    "从前一部分的末尾一次预测到底：均值与观测值的 95% 区间。",
)
RENEWED = Text(
    "Forecast anew each period, from all values before it: mean, and the 95% band of observations.",
    "每个周期根据此前所有的值重新预测：均值与观测值的 95% 区间。",
)
_WAYS = {
    "once": Text("process, once", "高斯过程，一次到底"),
    "renewed": Text("process, anew each period", "高斯过程，逐周期"),
    "regression": Text("regression, anew each period", "回归，逐周期"),
}
_TIME, _VALUE = Text("time", "时间"), Text("value", "值")


def table(judged: Mapping[str, Mapping[str, float]], scale: float) -> Comparison:
    """How the forecasts did."""
    from gradus.report import Comparison

    columns = [
        Text("Forecast", "预测"), Text("Error", "误差"), Text("Within the 95% band", "95% 区间内"),
        Text("Within the function's", "函数的区间内"), Text("Mean width", "平均宽度"), Text("Mean ln density", "平均对数密度"),
    ]  # fmt: skip
    rows = {
        _WAYS[k]: (
            v["error"] * scale,
            v["held"],
            v["inner"],
            v["width"] * scale,
            v["density"],
        )
        for k, v in judged.items()
    }
    caption = Text(
        "On the held-out values. Errors and widths in their unit, densities of standardised values; the regression states no uncertainty of its curve.",
        "留出值上的结果。误差与宽度以数据的单位计，密度是标准化值的；回归不给出其曲线的不确定度。",
    )
    return Comparison(columns, rows, caption)


def parameters(fitted: Mapping[str, float]) -> Comparison:
    """What was learnt."""
    from gradus.report import Comparison

    rows = {Text(name, NAMES[name]): (value, START[name]) for name, value in fitted.items()}
    caption = Text(
        "Parameters of the kernel: lengths and decays in periods, deviations and the noise in the standardised values.",
        "核的参数：长度与衰减以周期为单位，标准差与噪声以标准化的值为单位。",
    )
    return Comparison(
        [Text("Parameter", "参数"), Text("Learnt", "学得"), Text("Middle of the starts", "起点的中心")],
        rows,
        caption,
    )


def forecast(t: np.ndarray, y: np.ndarray, n: int, way: Told, caption: Text) -> Chart:
    """The later values beside a forecast and its band."""
    from gradus.report import Chart, Series

    m, _, s = way
    shown = max(0, n - (len(t) - n) // 2)
    lines = [
        Series(Text("observed", "观测值"), t[shown:].tolist(), y[shown:].tolist()),
        Series(Text("mean", "均值"), t[n:].tolist(), m.tolist()),
        Series(Text("band, above", "区间上界"), t[n:].tolist(), (m + HALF * s).tolist()),
        Series(Text("band, below", "区间下界"), t[n:].tolist(), (m - HALF * s).tolist()),
    ]
    return Chart(lines, _VALUE, caption, _TIME, wide=True)


def errors(t: np.ndarray, y: np.ndarray, n: int, ways: Mapping[str, Told]) -> Chart:
    """The errors of all forecasts over time."""
    from gradus.report import Chart, Series

    lines = [Series(_WAYS[k], t[n:].tolist(), (y[n:] - way[0]).tolist()) for k, way in ways.items()]
    caption = Text("What came, less the forecast.", "实际值减去预测值。")
    return Chart(lines, Text("error", "误差"), caption, _TIME, wide=True)
