"""A dense network with and without batch norm over a grid of learning rates: the largest step from which it still learns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.several_networks import Networks
from gradus.text import Text

if TYPE_CHECKING:
    from torch import nn

    from gradus.report import Chart, Comparison, SeedResult

SETTINGS: dict[str, Any] = {
    "learning_rates": [0.01 * 2**k for k in range(12)],
    "layers": 4,
    "units": 32,
    "epochs": 10,
    "batch_size": 64,
    "optimizer": "sgd",
}
LEARNED = 0.9  # training accuracy over the last epoch
KINDS = {"plain": Text("without batch norm", "无批归一化"), "normed": Text("with batch norm", "有批归一化")}
Measured = dict[str, dict[float, dict[str, float]]]


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Both kinds at each learning rate; the score is the quotient of the largest rates at which they learn."""
    from gradus.report import SeedResult

    epochs, rates = request.epochs or SETTINGS["epochs"], SETTINGS["learning_rates"]
    measured: Measured = {kind: {} for kind in KINDS}
    with Networks(request, len(KINDS) * len(rates) * epochs) as networks:
        for i, rate in enumerate(rates):
            for kind in KINDS:
                measured[kind][rate] = _trained(networks, data, kind, i, epochs)
    largest = {kind: largest_rate(measured[kind]) for kind in KINDS}
    return SeedResult(
        score=quotient(largest["normed"], largest["plain"]),
        seconds=networks.seconds,
        comparisons=[_table(measured, largest)],
        charts=[_over_rate(measured, part, name) for part, name in PARTS.items()]
        + [_growth(measured["normed"])],
    )


PARTS = {"test": Text("test accuracy", "测试准确率"), "training": Text("training accuracy", "训练准确率")}
RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="rate-quotient",
    targets={"digits": 5.0},
    settings=SETTINGS,
    text=Text(
        "A dense network of four hidden layers, with batch norm before each ReLU and without, by plain gradient descent in mini-batches "
        "at learning rates of which each is twice the one before; all with the same epochs, no schedule, no momentum, weights drawn "
        "alike (He). A rate counts as one at which a network learns if it has 90 % of the training data right in its last epoch, as they come; "
        "a network that diverged is right nowhere. The score is the largest such rate with batch norm over the largest without, 0 where one learns at none. The target is 5: "
        "Ioffe and Szegedy trained at 5 and at 30 times the rate of the network without.",
        "四个隐藏层的全连接网络，在每个 ReLU 之前加批归一化或不加，用小批量普通梯度下降训练；各学习率依次为前一个的两倍；轮数相同，无调度、无动量，权重以同样方式（He）抽取。"
        "若最后一轮训练中（随训练进行统计）答对 90 % 的训练数据，就算在该学习率下学会；发散的网络算全部答错。得分为有批归一化时学会的最大学习率与无批归一化时之比；若其中之一在任何学习率下都未学会，则为 0。"
        "目标值为 5：Ioffe 与 Szegedy 用的是无批归一化网络的 5 倍和 30 倍学习率。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(channels=(1, 3)),
)


def dense_network(inputs: int, classes: int, normed: bool) -> nn.Sequential:
    """Hidden layers of one width with ReLU, with batch norm before each or not; He's weights, biases 0."""
    from torch import nn

    layers: list[nn.Module] = [nn.Flatten()]
    widths = [inputs, *[SETTINGS["units"]] * SETTINGS["layers"]]
    for n, m in pairwise(widths):
        layer = nn.Linear(n, m)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, *([nn.BatchNorm1d(m)] if normed else []), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], classes))


def largest_rate(measured: Mapping[float, Mapping[str, float]]) -> float | None:
    """The largest learning rate at which a network learned; None where it never did."""
    return max([rate for rate, m in measured.items() if m["training"] >= LEARNED], default=None)


def quotient(normed: float | None, plain: float | None) -> float:
    """The largest rate with batch norm over the largest without; 0 where one of them is not known."""
    return 0.0 if normed is None or plain is None else normed / plain


def _norm(model: nn.Module) -> float:
    return float(model.get_parameter("1.weight").detach().norm())


def _trained(networks: Networks, data: Dataset, kind: str, i: int, epochs: int) -> dict[str, float]:
    """Accuracy on both parts, and by which factor the first weights have grown; 0 and NaN for a network that diverged."""
    from torch.nn.functional import cross_entropy

    from gradus.report.classifier import predict
    from gradus.training import NonFiniteError, accuracy

    started: list[float] = []

    def build() -> nn.Sequential:
        model = dense_network(int(np.prod(data.shape)), len(data.classes), kind == "normed")
        started.append(_norm(model))
        return model

    settings = {k: SETTINGS[k] for k in ("batch_size", "optimizer")}
    settings |= {
        "learning_rate": SETTINGS["learning_rates"][i],
        "epochs": epochs,
        "metrics": {"accuracy": accuracy},
    }
    learn = data.train_inputs, data.train_targets
    try:
        model, fitted = networks.train(f"{kind}-{i + 1}", build, cross_entropy, learn, **settings)
    except NonFiniteError:
        return {"training": 0.0, "test": 0.0, "growth": np.nan}
    return {
        "training": fitted.history[-1]["accuracy"],
        "test": float((predict(model, data.test_inputs).argmax(-1) == data.test_targets).mean()),
        "growth": _norm(model) / started[0],
    }


def _table(measured: Measured, largest: Mapping[str, float | None]) -> Comparison:
    from gradus.report import Comparison

    rows = {}
    for kind, of_rate in measured.items():
        best = max(of_rate, key=lambda rate: of_rate[rate]["training"])
        diverged = sum(np.isnan(m["growth"]) for m in of_rate.values())
        rows[KINDS[kind]] = (
            largest[kind],
            best,
            of_rate[best]["training"],
            of_rate[best]["test"],
            float(diverged),
        )
    columns = [
        Text("Network", "网络"),
        Text("Largest rate that learns", "学会的最大学习率"),
        Text("Best rate", "最佳学习率"),
        Text("Training accuracy there", "该处训练准确率"),
        Text("Test accuracy there", "该处测试准确率"),
        Text("Rates that diverge", "发散的学习率个数"),
    ]
    caption = Text(
        f"Of {len(SETTINGS['learning_rates'])} learning rates, each twice the one before. The best is the one with the most of the training "
        "data right; to diverge is to meet a loss or gradient that is not finite.",
        f"共 {len(SETTINGS['learning_rates'])} 个学习率，依次加倍。最佳学习率指训练数据答对最多者；发散指损失或梯度出现非有限值。",
    )
    return Comparison(columns, rows, caption)


def _over_rate(measured: Measured, part: str, name: Text) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(KINDS[k], list(m), [v[part] for v in m.values()]) for k, m in measured.items()]
    caption = Text(
        f"{name.en.capitalize()} at the end of the training, over the learning rate (logarithmic).",
        f"训练结束时的{name.zh}随学习率的变化（对数坐标）。",
    )
    return Chart(series, name, caption, Text("learning rate", "学习率"), wide=part == "test", log_x=True)


def _growth(measured: Mapping[float, Mapping[str, float]]) -> Chart:
    from gradus.report import Chart, Series

    growth = {rate: m["growth"] for rate, m in measured.items() if np.isfinite(m["growth"])}
    caption = Text(
        "With batch norm: by which factor the norm of the first weights grew. Their gradient is at right angles to them, for their scale "
        "changes nothing; so every step makes them longer, and a longer vector turns less: too large a step corrects itself.",
        "有批归一化时第一层权重的范数增大的倍数。权重的缩放不改变输出，故梯度与权重正交；每一步都使权重变长，而越长的向量转动越小：过大的步长会自行纠正。",
    )
    series = [Series(KINDS["normed"], list(growth), list(growth.values()))]
    label = Text("growth of the weights", "权重增大倍数")
    return Chart(series, label, caption, Text("learning rate", "学习率"), log=True, log_x=True)
