"""Regression with the tangent kernel beside the trained net of the same architecture: in accuracy, and step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import resplit_summary
from gradus.systems.plain_rows import plain_rows
from gradus.systems.several_networks import Networks
from gradus.systems.system import System
from gradus.systems.theory.ntk_regression import shown
from gradus.systems.theory.ntk_regression.measuring import (
    SETTINGS,
    course,
    kernel_accuracies,
    net_accuracy,
    passes,
)
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The accuracies over the number of examples, and nets of several widths beside their own kernel's prediction."""
    from gradus.report import SeedResult

    rows = plain_rows(data, request.seed, max(SETTINGS["sizes"]))
    sizes = sorted({min(n, len(rows.targets)) for n in SETTINGS["sizes"]})
    begun = time.perf_counter()
    right = kernel_accuracies(rows, sizes)
    courses = {n: course(rows, n, request.seed) for n in SETTINGS["widths"]}
    seconds = time.perf_counter() - begun
    epochs = {n: request.epochs or passes(n, len(rows.targets)) for n in sizes}
    with Networks(request, sum(epochs.values())) as networks:
        right["net"] = [net_accuracy(networks, rows, n, epochs[n]) for n in sizes]
    widths = list(courses)
    measured = {
        "right": right,
        "sizes": sizes,
        "widths": widths,
        "gaps": [c["gap"] for c in courses.values()],
        "drifts": [c["drift"] for c in courses.values()],
    }
    return SeedResult(
        score=right["ntk"][-1],
        seconds=seconds + networks.seconds,
        data=resplit_summary(data),
        comparisons=[shown.table(right), shown.of_widths(courses)],
        charts=[
            shown.over_size(sizes, right),
            shown.over_steps(courses[widths[-1]]),
            shown.over_width(widths, measured),
        ],
        measured=measured,
    )


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="accuracy",
    targets={"digits": 0.97},
    settings=SETTINGS,
    text=Text(
        "Onto the classes (1 for the right one, less the share of one class) by regression with the closed-form kernels of the infinitely wide dense "
        "ReLU net, without a ridge; beside it the net of the same depth as it is usually trained, by cross-entropy and Adam, in as many steps from few examples as from all of them (ten times the epochs at most). "
        "The score is the held-out accuracy of the tangent kernel from all examples. Then one output, even classes against odd ones, on "
        "a part of the examples: nets of several widths by full-batch descent on squared error with step 1/λ₁ of their kernel, and at each step what that kernel, taken as fixed, predicts. The seed chooses the held-out fifth and the weights.",
        "以类别为目标（正确类别为 1，再减去单个类别所占的份额），用无限宽稠密 ReLU 网络的闭式核作回归，不加岭项；并与同样深度、按通常方式（交叉熵与 Adam）训练的网络比较，"
        "样本较少时的步数与用全部样本时相同（轮数至多为十倍）。得分为用全部样本时切线核在留出样本上的准确率。随后取单个输出（偶数类对奇数类）与一部分样本：各种宽度的网络以平方误差作全批量下降，步长取其核的 1/λ₁，并逐步与“核固定不变”时的预测相比。种子决定留出哪五分之一以及权重。",
    ),
    honours=("epochs",),
    fitting=Fitting(tables=True, channels=(1, 3)),
    about=System(
        "ntk-regression",
        "theory",
        Text("Regression with the tangent kernel", "切线核回归"),
        Text(
            "What the neural tangent kernel says of a data set, beside the net that is trained: the infinitely wide net in closed form, "
            "and nets of finite width whose own kernel predicts their training step by step.",
            "神经切线核对一个数据集说了什么，并与训练出的网络对照：无限宽网络有闭式的核，有限宽网络则由其自身的核逐步预测训练过程。",
        ),
        ("ntk-analytic", "ntk-empirical", "lazy-training"),
    ),
    findings=shown.findings,
)
