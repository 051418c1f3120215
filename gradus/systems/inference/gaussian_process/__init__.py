"""A Gaussian process on a series: kernels learnt by the evidence, forecasts with bands, and how many of the later values these held."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradus.data import Dataset
from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import all_rows
from gradus.systems.inference.gaussian_process import shown
from gradus.systems.inference.gaussian_process.model import (
    SETTINGS,
    forecasts,
    judge,
    learnt,
    misses_left_out,
    regression,
    told,
)
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult

LEAST = 30


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Learns on the first part of the series, forecasts the rest; the score is the mean ln density of what came, above that of a regression."""
    from gradus.report import SeedResult

    t, y = series(data)
    begun, n = time.perf_counter(), len(t) - max(1, int(SETTINGS["held_out"] * len(t)))
    centre, scale = y[:n].mean(), y[:n].std() or 1.0
    z = (y - centre) / scale
    fitted, evidence = learnt(t[:n], z[:n], request)
    once = told(fitted, t[:n], z[:n], t[n:])
    renewed = forecasts(lambda a, b: told(fitted, t[:a], z[:a], t[a:b]), t, n)
    plain = forecasts(lambda a, b: regression(t[:a], z[:a], t[a:b]), t, n)
    ways = {"once": once, "renewed": renewed, "regression": plain}
    judged = {name: judge(z[n:], way) for name, way in ways.items()}
    left = misses_left_out(fitted, t[:n], z[:n])
    measured = {
        "judged": judged, "scale": float(scale), "n": n, "held": len(t) - n, "from": float(t[n]), "until": float(t[-1]),
        "period": SETTINGS["period"], "misses": left, "evidence": evidence, "parameters": fitted,
    }  # fmt: skip
    back = {name: (centre + scale * m, scale * f, scale * s + 0 * f) for name, (m, f, s) in ways.items()}
    split = Text(
        f"The last {len(t) - n} of {len(t)} values, in time, are held out.",
        f"留出时间上最后的 {len(t) - n} 个值（共 {len(t)} 个）。",
    )
    return SeedResult(
        score=judged["renewed"]["density"] - judged["regression"]["density"],
        seconds=time.perf_counter() - begun,
        data=replace(DataSummary.of(data, split), sizes={"train": n, "test": len(t) - n}),
        comparisons=[shown.table(judged, float(scale)), shown.parameters(fitted)],
        charts=[
            shown.forecast(t, y, n, back["once"], shown.ONCE),
            shown.forecast(t, y, n, back["renewed"], shown.RENEWED),
            shown.errors(t, y, n, back),
        ],
        measured=measured,
    )


def series(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Times and values in the order of time, of one column of times; the last `longest` of them.

    Raises:
        GradusError: there are several columns, or too few values.
    """
    X, y = all_rows(data)
    X = X.reshape(len(X), -1).astype(np.float64)
    if X.shape[1] != 1 or len(X) < LEAST:
        raise GradusError(
            Text(
                f"expected a series: one column of times, and {LEAST} values or more; got {X.shape[1]} columns and {len(X)} rows",
                f"应为一个序列：一列时间，至少 {LEAST} 个值；得到 {X.shape[1]} 列、{len(X)} 行",
            )
        )
    order = np.argsort(X[:, 0], kind="stable")[-SETTINGS["longest"] :]
    return X[order, 0], np.asarray(y, np.float64)[order]


RECIPE = Recipe(
    train=train,
    data=("co2",),
    metric="ln-density-gained",
    targets={"co2": 1.0},
    settings=SETTINGS,
    text=Text(
        "A Gaussian process whose kernel is the sum of a smooth trend, a season that may change slowly, and a rough rest, with noise. Its eight parameters maximise the evidence of the first four fifths "
        "of the series, from several starts that the seed chooses; the values are standardised by that part. Then they stay: the rest is forecast once, and again period by period, from all values before each. "
        "The score is the mean ln density of the held-out values, forecast period by period, less that of a regression on a parabola and two harmonics fitted as often. "
        "The period, 1, is in the unit of the first column: years.",
        "高斯过程，核为光滑的趋势、可缓慢变化的季节与粗糙的其余部分之和，另加噪声。八个参数使序列前五分之四的证据最大，由种子选取若干起点；数值按这一部分标准化。此后参数不变：其余部分先一次预测到底，再逐周期地根据此前所有的值预测。"
        "得分为逐周期预测时留出值的平均对数密度，减去同样频繁地拟合的抛物线加两个谐波的回归的平均对数密度。周期为 1，以第一列的单位（年）计。",
    ),
    fitting=Fitting("regression", images=False, tables=True),
    findings=shown.findings,
)
