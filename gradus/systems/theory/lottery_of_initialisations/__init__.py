"""A grid of weights' sizes and depths, each net trained shortly: trainable where the depth is within a few depth scales of mean field."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from gradus.data import Dataset
from gradus.progress import make_reporter
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import resplit_summary
from gradus.systems.plain_rows import plain_rows
from gradus.systems.system import System
from gradus.systems.theory.lottery_of_initialisations import shown
from gradus.systems.theory.lottery_of_initialisations.nets import (
    SETTINGS,
    correlations,
    depth_scales,
    told_apart,
    trained,
)
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """All nets of the grid; the score is how well depth over depth scale tells those that trained from the others."""
    from gradus.report import SeedResult

    rows = plain_rows(data, request.seed)
    scales = depth_scales()
    depths, steps = SETTINGS["depths"], SETTINGS["steps"]
    begun, reporter = time.perf_counter(), make_reporter(request.progress, len(depths) * steps, 0)
    grid = []
    try:
        for i, depth in enumerate(depths):
            grid.append(trained(rows, depth, request.seed))
            reporter.step(i + 1, (i + 1) * steps, 1 - float(np.mean(grid[-1])))
    finally:
        reporter.close()
    accuracy = np.array(grid)  # (depths, variances)
    followed = {w: correlations(rows, w, request.seed) for w in shown.variances_shown()}
    measured = {"accuracy": accuracy.tolist(), "scales": scales}
    return SeedResult(
        score=told_apart(accuracy, scales),
        seconds=time.perf_counter() - begun,
        data=resplit_summary(data),
        comparisons=[shown.table(accuracy, scales)],
        charts=[shown.over_depth(accuracy), shown.followed(followed)],
        pictures=lambda: [shown.grid_map(accuracy, scales)],
        measured=measured,
    )


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="told-apart",
    targets={"digits": 0.9},
    settings=SETTINGS,
    text=Text(
        "Dense tanh nets whose weights are drawn with variance σ_w²/n and whose biases with σ_b², over a grid of σ_w² and depth, each trained by the same few steps of plain descent in mini-batches. "
        "A net has trained if it has half of the training data right. The score is the share of the pairs of one that trained and one that did not in which depth over "
        "the depth scale ξ of mean field, computed from σ_w, σ_b and tanh alone, is smaller for the first; guessing gives a half. The seed draws weights and batches.",
        "稠密 tanh 网络，权重方差为 σ_w²/n，偏置方差为 σ_b²；在 σ_w² 与深度的网格上，每个网络都用小批量普通梯度下降训练同样的少数几步。答对一半训练数据即算能训练。"
        "得分为：在所有“一个能训练、一个不能”的配对中，前者的“深度与平均场深度尺度 ξ 之比”较小的比例；ξ 仅由 σ_w、σ_b 与 tanh 算出；随机猜测为一半。种子决定权重与批次。",
    ),
    fitting=Fitting(tables=True, channels=(1, 3)),
    about=System(
        "lottery-of-initialisations",
        "theory",
        Text("The lottery of initialisations", "初始化的抽签"),
        Text(
            "Which deep nets can be trained is decided before the first step: a signal crosses about as many layers as the depth scale of mean field says, "
            "which is long only near the line between order and chaos.",
            "哪些深网络能训练，在第一步之前就已决定：信号能穿过的层数约由平均场的深度尺度给出，而它只在有序与混沌的分界线附近才长。",
        ),
        ("signal-propagation", "initialization"),
    ),
    findings=shown.findings,
)
