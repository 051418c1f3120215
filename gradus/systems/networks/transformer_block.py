"""Encoder blocks that sort a sequence: the norm before or behind each branch, with and without warm-up, over learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data.generated import Generated
from gradus.systems.contract import Recipe, SeedRequest
from gradus.systems.several_networks import Networks
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, SeedResult
    from gradus.systems.sorting import SortingTransformer

SETTINGS: dict[str, Any] = {
    "symbols": 10,
    "length": 12,
    "examples": 2048,
    "blocks": 6,
    "vector_width": 32,
    "heads": 2,
    "epochs": 4,
    "batch_size": 64,
    "optimizer": "adam",
    "learning_rates": [3e-3, 1e-2, 3e-2],
}
TESTED = 512
NORMS = {"pre": Text("pre-norm", "前置归一化"), "post": Text("post-norm", "后置归一化")}
SCHEDULES = {"warmup-cosine": Text("warm-up", "预热"), "cosine": Text("no warm-up", "无预热")}
VARIANTS = {
    f"{norm}-{schedule}": Text(f"{NORMS[norm].en}, {s.en}", f"{NORMS[norm].zh}，{s.zh}")
    for norm, (schedule, s) in product(NORMS, SCHEDULES.items())
}
Measured = dict[str, dict[float, dict[str, float]]]
SPLIT = Text("Drawn by the seed; the test sequences are others.", "由种子抽取；测试序列另行抽取。")


def train(data: Generated, request: SeedRequest) -> SeedResult:
    """The four variants at each rate; the score is the test accuracy of pre-norm with warm-up at the rate in the middle."""
    from gradus.report import SeedResult

    epochs, rates = request.epochs or SETTINGS["epochs"], SETTINGS["learning_rates"]
    learn, test = (_sequences(request.seed, i, n) for i, n in enumerate((SETTINGS["examples"], TESTED)))
    measured: Measured = {name: {} for name in VARIANTS}
    curves: dict[str, list[float]] = {}
    middle = rates[len(rates) // 2]
    with Networks(request, len(VARIANTS) * len(rates) * epochs) as networks:
        for i, rate in enumerate(rates):
            for name in VARIANTS:
                measured[name][rate], curve = _trained(networks, name, i, epochs, learn, test)
                if rate == rates[-1]:
                    curves[name] = curve
    symbols = tuple(map(str, range(SETTINGS["symbols"])))
    return SeedResult(
        score=measured["pre-warmup-cosine"][middle]["test"],
        seconds=networks.seconds,
        comparisons=[_table(measured)],
        charts=[_over_rate(measured), _over_epochs(curves, rates[-1]), _gradients(request.seed, learn)],
        data=data.summary(SPLIT, (SETTINGS["length"],), symbols, train=SETTINGS["examples"], test=TESTED),
    )


RECIPE = Recipe(
    train=train,
    data=("sorting",),
    metric="accuracy",
    targets={"sorting": 0.95},
    settings=SETTINGS,
    text=Text(
        "Six encoder blocks (PyTorch's own) with sinusoidal positions sort sequences of twelve symbols: each place must give the symbol that "
        "belongs there. Norm before each branch or behind its sum; learning rate with warm-up over the first twentieth of the steps or without, "
        "then a cosine to 0; three rates; all with the same budget, no dropout. The score is the accuracy over places of pre-norm with warm-up at "
        "the middle rate. The task is without noise; the target leaves one place in twenty for a training this short.",
        "六个编码器块（PyTorch 自带）加正弦位置编码，对十二个符号的序列排序：每个位置须给出排序后该处的符号。归一化置于各分支之前，或置于求和之后；"
        "学习率在前二十分之一的步数内预热或不预热，之后按余弦降到 0；共三档学习率；预算相同，不用丢弃法。得分为前置归一化加预热在中间学习率下按位置计的准确率。"
        "任务没有噪声；训练很短，目标值为此留出二十分之一的位置。",
    ),
    honours=("epochs", "device"),
)


def _sequences(seed: int, part: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random symbols, and the same in order."""
    rng = np.random.default_rng([seed, part])
    x = rng.integers(SETTINGS["symbols"], size=(count, SETTINGS["length"]))
    return x, np.sort(x, axis=1)


def _network(norm: str) -> SortingTransformer:
    from gradus.systems.sorting import SortingTransformer

    symbols, width, heads, blocks = (SETTINGS[k] for k in ("symbols", "vector_width", "heads", "blocks"))
    return SortingTransformer(symbols, width, heads, blocks, norm_first=norm == "pre")


def _trained(
    networks: Networks, name: str, i: int, epochs: int, learn: Any, test: Any
) -> tuple[dict[str, float], list[float]]:
    """Accuracy in the last epoch and on the test sequences, 0 where it diverged; and the training accuracy of each epoch."""
    from gradus.report.classifier import predict
    from gradus.systems.delayed_copy import copying_loss
    from gradus.training import NonFiniteError, accuracy

    norm, _, schedule = name.partition("-")
    settings = {k: SETTINGS[k] for k in ("batch_size", "optimizer")}
    settings |= {"learning_rate": SETTINGS["learning_rates"][i], "schedule": schedule, "epochs": epochs}
    try:
        model, fitted = networks.train(
            f"{name}-{i + 1}",
            lambda: _network(norm),
            copying_loss,
            learn,
            metrics={"accuracy": accuracy},
            **settings,
        )
    except NonFiniteError:
        return {"training": 0.0, "test": 0.0}, [0.0] * epochs
    right = float((predict(model, test[0]).argmax(-1) == test[1]).mean())
    curve = [row["accuracy"] for row in fitted.history]
    return {"training": curve[-1], "test": right}, curve


def _table(measured: Measured) -> Comparison:
    from gradus.report import Comparison

    columns = [
        Text("Network", "网络"),
        *(Text(f"learning rate {rate:g}", f"学习率 {rate:g}") for rate in SETTINGS["learning_rates"]),
    ]
    rows = {title: [m["test"] for m in measured[name].values()] for name, title in VARIANTS.items()}
    caption = Text("Accuracy over the places of new sequences.", "新序列上按位置计的准确率。")
    return Comparison(columns, rows, caption)


def _over_rate(measured: Measured) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(VARIANTS[k], list(m), [v["test"] for v in m.values()]) for k, m in measured.items()]
    caption = Text(
        "Test accuracy over the learning rate (logarithmic).", "测试准确率随学习率的变化（对数坐标）。"
    )
    return Chart(
        series,
        Text("test accuracy", "测试准确率"),
        caption,
        Text("learning rate", "学习率"),
        wide=True,
        log_x=True,
    )


def _over_epochs(curves: Mapping[str, list[float]], rate: float) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(VARIANTS[k], range(1, len(c) + 1), c) for k, c in curves.items()]
    caption = Text(
        f"Training accuracy at the largest rate, {rate:g}, epoch by epoch.",
        f"最大学习率 {rate:g} 下逐轮的训练准确率。",
    )
    return Chart(series, Text("training accuracy", "训练准确率"), caption, wide=True)


def _gradients(seed: int, learn: Any) -> Chart:
    """How large the gradient of each block is before the training."""
    import torch

    from gradus.report import Chart, Series
    from gradus.systems.sorting import gradient_by_block

    series = []
    for norm, name in NORMS.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            norms = gradient_by_block(_network(norm), learn[0][:256], learn[1][:256])
        series.append(Series(name, range(1, len(norms) + 1), norms))
    caption = Text(
        "Before training: norm of the gradient by the weights of each block's last layer (logarithmic).",
        "训练之前：损失对各块最后一层权重的梯度范数（对数坐标）。",
    )
    return Chart(series, Text("gradient norm", "梯度范数"), caption, Text("block", "块"), log=True, wide=True)
