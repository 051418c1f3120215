"""One network, trained by each optimizer at each learning rate of one grid: what a tuning budget buys with each."""

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
    "learning_rates": [float(f"{10 ** (-4 + k / 2):.3g}") for k in range(10)],
    "units": [64, 32],
    "epochs": 10,
    "batch_size": 64,
    "held_out": 0.2,
}
OPTIMIZERS = {
    "sgd": Text("SGD", "SGD"),
    "momentum": Text("SGD, momentum 0.9", "SGD，动量 0.9"),
    "nesterov": Text("SGD, Nesterov 0.9", "SGD，Nesterov 0.9"),
    "adagrad": Text("AdaGrad", "AdaGrad"),
    "rmsprop": Text("RMSprop", "RMSprop"),
    "adam": Text("Adam", "Adam"),
    "adamw": Text("AdamW", "AdamW"),
    "kfac": Text("K-FAC", "K-FAC"),
}
BUDGET = 3  # trials of the column that shows what a small budget buys
Trials = dict[str, list[dict[str, Any]]]


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Every optimizer at every learning rate; the score is the least test accuracy of the optimizers at their chosen rates."""
    from gradus.report import SeedResult

    epochs, rates = request.epochs or SETTINGS["epochs"], SETTINGS["learning_rates"]
    parts = _split(data, request.seed)
    trials: Trials = {}
    with Networks(request, len(OPTIMIZERS) * len(rates) * epochs) as networks:
        for name in OPTIMIZERS:
            trials[name] = [_trial(networks, data, parts, name, i, epochs) for i in range(len(rates))]
    best = {name: min(t, key=lambda trial: trial["validation"]) for name, t in trials.items()}
    return SeedResult(
        score=min(trial["test"] for trial in best.values()),
        seconds=networks.seconds,
        comparisons=[_table(trials, best)],
        charts=[_over_rate(trials), _over_budget(trials), _over_epochs(best, epochs)],
    )


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="accuracy",
    targets={"digits": 0.9},
    settings=SETTINGS,
    text=Text(
        "A dense network with two hidden layers and ReLU, trained by eight optimizers at ten learning rates each, the same for all, "
        "half a decade apart; from the same weights (He), in the same order of the data, without a schedule, everything else as PyTorch (for K-FAC: `gradus.optimization.KFAC`) has it by default. "
        "A fifth of the training data is held out: the loss on it after the last epoch chooses each optimizer's rate. Accuracy is "
        "measured on the test part, which decides nothing. A trial that diverged, or ends above the loss of a guess, counts as a guess. "
        "The score is the least test accuracy among the optimizers, each at its chosen rate.",
        "两个隐藏层、ReLU 激活的全连接网络，用八种优化器训练，每种都试同样的十个学习率，相邻者相差半个数量级；初始权重（He）与数据顺序相同，无调度，"
        "其余设定为 PyTorch（K-FAC 为 `gradus.optimization.KFAC`）的默认值。训练数据的五分之一留作验证：用最后一轮之后的验证损失为每种优化器选定学习率。准确率在测试部分上测得，测试部分不参与任何选择。"
        "发散的试验，或最终损失高于随机猜测的试验，按随机猜测计。得分为各优化器在其选定的学习率下测试准确率的最小值。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(channels=(1, 3)),
)


def dense_network(inputs: int, classes: int) -> nn.Sequential:
    """Two hidden layers with ReLU; He's weights, biases 0."""
    from torch import nn

    widths, layers = [inputs, *SETTINGS["units"], classes], []
    for n, m in pairwise(widths):
        layer = nn.Linear(n, m)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *layers[:-1])


def _split(data: Dataset, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows to learn from, and those held out of the training data."""
    order = np.random.default_rng(seed).permutation(len(data.train_targets))
    held_out = max(1, round(SETTINGS["held_out"] * len(order)))
    return order[held_out:], order[:held_out]


def _trial(
    networks: Networks,
    data: Dataset,
    parts: tuple[np.ndarray, np.ndarray],
    optimizer: str,
    i: int,
    epochs: int,
) -> dict[str, Any]:
    """What one optimizer makes of the network at one learning rate."""
    import torch
    from torch.nn.functional import cross_entropy

    from gradus.optimization import KFAC
    from gradus.optimization.kronecker_factors import SingularFactorError
    from gradus.report.classifier import predict
    from gradus.training import NonFiniteError

    learn, held_out = parts
    built: list[nn.Module] = []

    def build() -> nn.Module:
        built.append(dense_network(int(np.prod(data.shape)), len(data.classes)))
        return built[-1]

    rate, guess = SETTINGS["learning_rates"][i], float(np.log(len(data.classes)))
    diverged = {
        "rate": rate,
        "learned": False,
        "validation": guess,
        "test": 1 / len(data.classes),
        "losses": [guess] * epochs,
    }
    try:
        model, fitted = networks.train(
            f"{optimizer}-{i + 1}",
            build,
            cross_entropy,
            (data.train_inputs[learn], data.train_targets[learn]),
            epochs=epochs,
            batch_size=SETTINGS["batch_size"],
            optimizer=optimizer
            if optimizer != "kfac"
            else lambda _: KFAC(built[-1], lr=rate, seed=networks.request.seed),
            learning_rate=rate,
        )
    except (NonFiniteError, SingularFactorError):
        return diverged
    logits = torch.from_numpy(predict(model, data.train_inputs[held_out]))
    loss = float(cross_entropy(logits, torch.from_numpy(data.train_targets[held_out])))
    if not loss < guess:
        return diverged
    right = predict(model, data.test_inputs).argmax(-1) == data.test_targets
    return {
        "rate": rate,
        "learned": True,
        "validation": loss,
        "test": float(right.mean()),
        "losses": [row["loss"] for row in fitted.history],
    }


def _losses(trials: list[dict[str, Any]]) -> np.ndarray:
    return np.array([t["validation"] for t in trials])


def _table(trials: Trials, best: Mapping[str, Mapping[str, Any]]) -> Comparison:
    from gradus.optimization import expected_best
    from gradus.report import Comparison

    budget = min(BUDGET, len(SETTINGS["learning_rates"]))
    rows = {}
    for name, of_rate in trials.items():
        losses = _losses(of_rate)
        rows[OPTIMIZERS[name]] = (
            best[name]["rate"],
            best[name]["validation"],
            float(expected_best(losses, budget)),
            float((losses <= 2 * losses.min()).sum()),
            float(sum(not t["learned"] for t in of_rate)),
            best[name]["test"],
        )
    columns = [
        Text("Optimizer", "优化器"),
        Text("Chosen rate", "选定的学习率"),
        Text("Validation loss there", "该处验证损失"),
        Text(f"Expected best of {budget} trials", f"试 {budget} 次的期望最优"),
        Text("Good rates", "可用的学习率"),
        Text("Useless rates", "无用的学习率"),
        Text("Test accuracy", "测试准确率"),
    ]
    caption = Text(
        f"Each optimizer at {len(SETTINGS['learning_rates'])} learning rates. The expected best is the mean of the smallest validation loss "
        f"over all choices of {budget} of these rates: what one reaches who can afford {budget} trials and does not know where to look. Good "
        "rates end within twice the smallest loss of their optimizer, useless ones no better than a guess.",
        f"每种优化器各试 {len(SETTINGS['learning_rates'])} 个学习率。期望最优指从中任取 {budget} 个学习率，最小验证损失对所有取法的平均："
        f"只试得起 {budget} 次、又不知道该试哪里的人所能达到的。"
        "可用的学习率：最终损失不超过该优化器最小损失的两倍；无用的：不优于随机猜测。",
    )
    return Comparison(columns, rows, caption)


def _over_rate(trials: Trials) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(OPTIMIZERS[n], SETTINGS["learning_rates"], _losses(t)) for n, t in trials.items()]
    caption = Text(
        "Validation loss over the learning rate, both logarithmic; at the top, the loss of a guess.",
        "验证损失随学习率的变化（双对数坐标）；最高处为随机猜测的损失。",
    )
    label, x = Text("validation loss", "验证损失"), Text("learning rate", "学习率")
    return Chart(series, label, caption, x, log=True, log_x=True, wide=True)


def _over_budget(trials: Trials) -> Chart:
    from gradus.optimization import expected_best
    from gradus.report import Chart, Series

    budgets = range(1, len(SETTINGS["learning_rates"]) + 1)
    series = [
        Series(OPTIMIZERS[n], budgets, [float(expected_best(_losses(t), k)) for k in budgets])
        for n, t in trials.items()
    ]
    caption = Text(
        "What a budget buys: expected best validation loss of k of the learning rates (logarithmic).",
        "预算能换来什么：试其中 k 个学习率的期望最优验证损失（对数坐标）。",
    )
    label, x = Text("expected best loss", "期望最优损失"), Text("trials k", "试验次数 k")
    return Chart(series, label, caption, x, log=True)


def _over_epochs(best: Mapping[str, Mapping[str, Any]], epochs: int) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(OPTIMIZERS[n], range(1, epochs + 1), t["losses"]) for n, t in best.items()]
    caption = Text(
        "Training loss of each optimizer at its chosen rate (logarithmic).",
        "各优化器在其选定学习率下的训练损失（对数坐标）。",
    )
    return Chart(series, Text("training loss", "训练损失"), caption, log=True)
