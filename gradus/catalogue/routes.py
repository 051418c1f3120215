"""Routes through the concepts, and the periods of the timeline."""

from __future__ import annotations

from typing import NamedTuple

from gradus.catalogue.entry import Entry
from gradus.catalogue.graph import Catalogue
from gradus.catalogue.index import entries
from gradus.errors import GradusError
from gradus.text import Text


class Stage(NamedTuple):
    """One stage of a route: what it is about, its goal, the concepts in order, and roughly how many weeks."""

    title: Text
    goal: Text
    keys: tuple[str, ...]
    weeks: tuple[int, int] = (1, 2)


class Route(NamedTuple):
    """A walk through the concepts for one kind of reader."""

    name: str
    title: Text
    stages: tuple[Stage, ...]


ROUTES: dict[str, Route] = {
    route.name: route
    for route in (
        Route(
            "mathematics",
            Text("From absolute zero to how a network works", "从零开始，直到理解神经网络如何工作"),
            (
                Stage(
                    Text("Linear algebra and calculus side by side", "线性代数与微积分并行"),
                    Text("compute with matrices, norms and derivatives", "会用矩阵、范数和导数计算"),
                    ("derivative", "chain-rule", "norm", "matrix-product"),
                    (3, 4),
                ),
                Stage(
                    Text("Multivariable calculus", "多元微积分"),
                    Text("read a gradient and a Jacobian", "读懂梯度与雅可比矩阵"),
                    ("gradient", "jacobian"),
                    (2, 3),
                ),
                Stage(
                    Text("Probability and information", "概率与信息"),
                    Text("say what a loss measures", "说清损失函数度量的是什么"),
                    ("expectation", "entropy", "cross-entropy", "kl"),
                    (2, 3),
                ),
                Stage(
                    Text("Optimisation and statistics", "优化与统计"),
                    Text("fit a model and know why it converges", "拟合一个模型并知道它为何收敛"),
                    (
                        "mle",
                        "linear-regression",
                        "logistic-regression",
                        "gradient-descent",
                        "sgd",
                        "momentum",
                        "adam",
                    ),
                    (3, 4),
                ),
                Stage(
                    Text("Networks", "神经网络"),
                    Text("train a network by backpropagation written by hand", "用自己写的反向传播训练网络"),
                    (
                        "neuron",
                        "activations",
                        "losses",
                        "mlp",
                        "reverse-mode",
                        "backprop-mlp",
                        "conv-layer",
                        "attention",
                    ),
                    (3, 4),
                ),
            ),
        ),
        Route(
            "machine-learning",
            Text("Machine learning", "机器学习"),
            (
                Stage(
                    Text("Foundation", "基础"),
                    Text("linear algebra, calculus, probability, statistics", "线性代数、微积分、概率、统计"),
                    ("matrix-product", "norm", "derivative", "gradient", "expectation", "entropy", "mle"),
                    (4, 6),
                ),
                Stage(
                    Text("Intermediate", "进阶"),
                    Text("learners, optimisation, deep learning", "学习器、优化、深度学习"),
                    (
                        "linear-regression",
                        "logistic-regression",
                        "gradient-descent",
                        "sgd",
                        "adam",
                        "mlp",
                        "conv-layer",
                    ),
                    (4, 6),
                ),
                Stage(
                    Text("Systems", "系统"),
                    Text("train a whole system on real data", "在真实数据上训练完整的系统"),
                    ("residual", "attention", "lenet"),
                    (2, 3),
                ),
            ),
        ),
        Route(
            "deep-learning-theory",
            Text("Theory of deep learning", "深度学习理论"),
            (
                Stage(
                    Text("Backpropagation", "反向传播"),
                    Text("derive the gradient of any network", "推导任意网络的梯度"),
                    ("chain-rule", "reverse-mode", "backprop-mlp"),
                    (2, 3),
                ),
                Stage(
                    Text("Residual networks and attention", "残差网络与注意力"),
                    Text(
                        "know what the structure does to signals and gradients", "了解结构对信号与梯度的影响"
                    ),
                    ("initialization", "residual", "attention"),
                    (3, 4),
                ),
            ),
        ),
        Route(
            "engineer",
            Text("The engineer's route: a network that will not train", "工程师路线：网络训练不起来时"),
            (
                Stage(
                    Text("Is the gradient right?", "梯度对吗？"),
                    Text("check a backward pass", "检验反向传播"),
                    ("gradient-check",),
                    (1, 1),
                ),
                Stage(
                    Text("Does the signal survive?", "信号能传下去吗？"),
                    Text("choose initialisation and structure", "选择初始化与结构"),
                    ("initialization", "residual"),
                    (1, 2),
                ),
                Stage(
                    Text("Is the step right?", "步长对吗？"),
                    Text("choose step size, momentum and clipping", "选择步长、动量与裁剪"),
                    ("gradient-descent", "momentum", "adam", "gradient-clipping"),
                    (1, 2),
                ),
            ),
        ),
    )
}

PERIODS: tuple[tuple[int, int, Text], ...] = (
    (1600, 1899, Text("Calculus and least squares", "微积分与最小二乘")),
    (1900, 1949, Text("Statistics and the first neuron", "统计学与第一个神经元")),
    (
        1950,
        1979,
        Text("Information, learning machines, automatic differentiation", "信息论、学习机器、自动微分"),
    ),
    (1980, 1999, Text("Backpropagation and convolution", "反向传播与卷积")),
    (2000, 2011, Text("Depth", "走向深度")),
    (2012, 2016, Text("Deep learning", "深度学习")),
    (2017, 2100, Text("Attention and scale", "注意力与规模")),
)


def route(name: str) -> Route:
    """The route of that name.

    Raises:
        GradusError: there is none.
    """
    if name not in ROUTES:
        names = ", ".join(ROUTES)
        raise GradusError(
            Text(
                f"no route is called {name!r}; the routes are {names}",
                f"没有名为 {name!r} 的路线；可选：{names}",
            )
        )
    return ROUTES[name]


def walk(chosen: Route, catalogue: Catalogue[Entry] | None = None) -> list[tuple[Stage, list[Entry]]]:
    """The concepts of each stage in order: what the stage names, and what that needs and no earlier stage had."""
    known: set[str] = set()
    result = []
    catalogue = catalogue or entries()
    for stage in chosen.stages:
        concepts = [c for c in catalogue.needed(stage.keys) if c.key not in known]
        known |= {c.key for c in concepts}
        result.append((stage, concepts))
    return result


def timeline(catalogue: Catalogue[Entry] | None = None) -> list[tuple[Text, list[Entry]]]:
    """The concepts by year, in periods; empty periods are left out."""
    concepts = sorted(catalogue or entries(), key=lambda c: (c.year, c.key))
    result = []
    for first, last, title in PERIODS:
        within = [c for c in concepts if first <= c.year <= last]
        years = f"{first}–{last if last < 2100 else ''}"
        if within:
            result.append((Text(f"{years}  {title.en}", f"{years}  {title.zh}"), within))
    return result
