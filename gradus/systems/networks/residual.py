"""Plain and residual networks of growing depth on digits: degradation, and its cure."""

from __future__ import annotations

from collections.abc import Mapping
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
    "depths": [8, 20, 32, 56],
    "units": 32,
    "epochs": 15,
    "batch_size": 64,
    "optimizer": "momentum",
    "learning_rate": 0.05,
    "schedule": "warmup-cosine",
}
KINDS = {"plain": Text("plain", "普通网络"), "residual": Text("residual", "残差网络")}
Measured = dict[tuple[str, int], dict[str, float]]


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Both kinds of network at each depth; the score is the test accuracy of the deepest residual one."""
    from gradus.report import SeedResult

    depths, epochs = SETTINGS["depths"], request.epochs or SETTINGS["epochs"]
    settings = {k: SETTINGS[k] for k in ("batch_size", "optimizer", "learning_rate", "schedule")}
    measured: Measured = {}
    histories: dict[str, list[float]] = {}
    with Networks(request, len(KINDS) * len(depths) * epochs) as networks:
        for depth in depths:
            for kind in KINDS:
                errors, history = _trained(networks, data, depth, kind, {**settings, "epochs": epochs})
                measured[kind, depth] = errors
                if depth == depths[-1]:
                    histories[kind] = history
    return SeedResult(
        score=1 - measured["residual", depths[-1]]["test"],
        seconds=networks.seconds,
        comparisons=[_table(measured)],
        charts=[
            _over_depth(measured, depths),
            _over_epochs(histories, depths[-1]),
            _gradients(data, request.seed, depths[-1]),
        ],
    )


def digits_network(inputs: int, classes: int, depth: int, shortcuts: bool) -> nn.Sequential:
    """A network of `depth` dense layers: one in, blocks of two with batch norm, one out; with shortcuts around the blocks or not."""
    from torch import nn

    from gradus.networks.residual import Residual

    d = SETTINGS["units"]

    def dense(n: int, m: int) -> nn.Linear:
        layer = nn.Linear(n, m)
        nn.init.zeros_(layer.bias)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        return layer

    def block() -> nn.Sequential:
        branch = nn.Sequential(dense(d, d), nn.BatchNorm1d(d), nn.ReLU(), dense(d, d), nn.BatchNorm1d(d))
        return nn.Sequential(Residual(branch) if shortcuts else branch, nn.ReLU())

    blocks = [block() for _ in range(depth // 2 - 1)]
    return nn.Sequential(nn.Flatten(), dense(inputs, d), nn.ReLU(), *blocks, dense(d, classes))


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="accuracy",
    targets={"digits": 0.92},
    settings=SETTINGS,
    text=Text(
        "Dense networks of 8 to 56 layers, batch norm in every block of two, once plain and once with a shortcut around each block; "
        "all with the same budget, weights drawn alike (He). Errors on the training data are those of the trained network in evaluation "
        "mode. The score is the test accuracy of the deepest residual network; its target is what the page claims of one such network. "
        "Nothing was tuned for either kind, and the test part decides nothing.",
        "8 至 56 层的全连接网络，每两层为一块，块内作批归一化；一种为普通网络，一种在每块外加捷径；训练预算相同，权重以同样方式（He）抽取。"
        "训练错误率由训练好的网络在评估模式下测得。得分为最深的残差网络的测试准确率；目标值即概念页对这样一个网络的断言。"
        "没有为任何一种网络单独调参，测试部分不参与任何决定。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(channels=(1, 3)),
)


def _trained(
    networks: Networks, data: Dataset, depth: int, kind: str, settings: Mapping[str, Any]
) -> tuple[dict[str, float], list[float]]:
    """Its errors and its loss on the training data, and the training error of each epoch."""
    from torch.nn.functional import cross_entropy

    from gradus.report.classifier import predict
    from gradus.training import accuracy

    model, fitted = networks.train(
        f"{kind}-{depth}",
        lambda: digits_network(int(np.prod(data.shape)), len(data.classes), depth, kind == "residual"),
        cross_entropy,
        (data.train_inputs, data.train_targets),
        metrics={"accuracy": accuracy},
        **settings,
    )
    errors = {
        "training": float((predict(model, data.train_inputs).argmax(-1) != data.train_targets).mean()),
        "test": float((predict(model, data.test_inputs).argmax(-1) != data.test_targets).mean()),
        "loss": fitted.history[-1]["loss"],
    }
    return errors, [1 - row["accuracy"] for row in fitted.history]


def _table(measured: Measured) -> Comparison:
    from gradus.report import Comparison

    rows = {
        Text(f"{KINDS[kind].en}, {depth} layers", f"{KINDS[kind].zh}，{depth} 层"): (
            m["training"],
            m["test"],
            m["loss"],
        )
        for (kind, depth), m in sorted(measured.items())
    }
    columns = [
        Text("Network", "网络"),
        Text("Training error", "训练错误率"),
        Text("Test error", "测试错误率"),
        Text("Loss of the last epoch", "最后一轮的损失"),
    ]
    return Comparison(columns, rows, Text("Each network after its training.", "各网络训练后的结果。"))


def _over_depth(measured: Measured, depths: list[int]) -> Chart:
    from gradus.report import Chart, Series

    parts = {"training": Text("training", "训练"), "test": Text("test", "测试")}
    series = [
        Series(Text(f"{k.en}, {p.en}", f"{k.zh}，{p.zh}"), depths, [measured[kind, d][part] for d in depths])
        for kind, k in KINDS.items()
        for part, p in parts.items()
    ]
    caption = Text(
        "Error over depth. Where a deeper network errs more on the data it learned from, it does not overfit: descent does not "
        "find what a shallower network found.",
        "错误率随深度的变化。若更深的网络在训练数据上错得更多，那就不是过拟合，而是下降法没有找到较浅网络已找到的解。",
    )
    return Chart(series, Text("error", "错误率"), caption, Text("layers", "层数"), wide=True)


def _over_epochs(histories: Mapping[str, list[float]], depth: int) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(KINDS[kind], range(1, len(e) + 1), e) for kind, e in histories.items()]
    caption = Text(
        f"Training error of the networks of {depth} layers, epoch by epoch.",
        f"{depth} 层网络逐轮的训练错误率。",
    )
    return Chart(series, Text("training error", "训练错误率"), caption)


def _gradients(data: Dataset, seed: int, depth: int) -> Chart:
    """How the gradient grows on its way back through both kinds of network before they are trained."""
    from gradus.report import Chart, Series

    norms = {k: gradient_by_block(data, seed, depth, k == "residual") for k in KINDS}
    series = [Series(KINDS[k], range(1, len(n) + 1), n) for k, n in norms.items()]
    caption = Text(
        f"Before training, {depth} layers: norm of the gradient by each block's output, over that of the last (logarithmic). "
        "Plain layers with batch norm multiply it by √(π/(π−1)) ≈ 1.21 each on the way back, if they are wide.",
        f"训练之前，{depth} 层：损失对各块输出的梯度范数，以最后一块为 1（对数坐标）。带批归一化的普通层若足够宽，反向时每层使其增大到约 √(π/(π−1)) ≈ 1.21 倍。",
    )
    return Chart(series, Text("gradient norm", "梯度范数"), caption, Text("block", "块"), log=True)


def gradient_by_block(data: Dataset, seed: int, depth: int, shortcuts: bool) -> list[float]:
    """Norm of the gradient by the output of each block at the start, over that of the last one."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = digits_network(int(np.prod(data.shape)), len(data.classes), depth, shortcuts)
    x, outputs = torch.from_numpy(data.train_inputs[:512]), []
    for layer in model:
        x = layer(x)
        if isinstance(layer, torch.nn.Sequential):
            x.retain_grad()
            outputs.append(x)
    torch.nn.functional.cross_entropy(x, torch.from_numpy(data.train_targets[:512])).backward()
    norms = [float(h.grad.norm()) for h in outputs if h.grad is not None]
    return [n / norms[-1] for n in norms]
