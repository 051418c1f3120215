"""The graph isomorphism network on graphs that look alike: sums beside means and maxima, and what no such network sees."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.data.generated import Generated
from gradus.systems.contract import Recipe, SeedRequest
from gradus.systems.several_networks import Networks
from gradus.systems.whole_graphs import Arrays, as_array, drawn, strokes
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data.summary import DataSummary
    from gradus.report import Chart, Comparison, SeedResult
    from gradus.training import Fitted

SETTINGS: dict[str, dict[str, Any]] = {
    "alike-graphs": {
        "epochs": 15, "width": 16, "layers": 3, "batch_size": 30, "optimizer": "adam", "learning_rate": 1e-2,
    },
    "digits": {
        "epochs": 25, "width": 32, "layers": 3, "batch_size": 32, "optimizer": "adam", "learning_rate": 2e-2,
        "schedule": "warmup-cosine",
    },
}  # fmt: skip
TARGETS = {"alike-graphs": 0.99, "digits": 0.85}
HOW = {"sum": Text("sum", "求和"), "mean": Text("mean", "平均"), "max": Text("largest", "最大值")}
PAIRS = {
    "degrees": Text("3 or 4 neighbours", "3 或 4 个邻居"),
    "shares": Text("1 or 2 of 3 neighbours alike", "3 个邻居中 1 或 2 个同类"),
    "rings": Text("one ring or two", "一个环或两个环"),
}


def train(data: Dataset | Generated, request: SeedRequest) -> SeedResult:
    """The accuracy of the network that adds up, beside those that average or take the largest, with the same budget."""
    import torch

    from gradus.report import SeedResult
    from gradus.report.classifier import predict
    from gradus.report.summary import layers_of
    from gradus.systems.graph_reading import GraphReader
    from gradus.training import accuracy

    settings = dict(SETTINGS[data.name])
    settings["epochs"] = request.epochs or settings["epochs"]
    width, layers = settings.pop("width"), settings.pop("layers")
    training, test, classes, about = parts(data, request.seed)
    features = training[0].shape[2] - training[0].shape[1]
    runs: dict[str, Fitted] = {}
    logits: dict[str, np.ndarray] = {}
    loss = torch.nn.functional.cross_entropy
    settings |= {"validation": test, "metrics": {"accuracy": accuracy}}
    with Networks(request, len(HOW) * settings["epochs"]) as networks:
        for how in HOW:
            build = partial(GraphReader, how, features, width, layers, classes)
            net, runs[how] = networks.train(how, build, loss, training, **settings)
            logits[how] = predict(net, test[0])
    table, scores = comparison(data.name, logits, test[1])
    return SeedResult(
        score=scores["sum"],
        seconds=networks.seconds,
        layers=layers_of(net, torch.from_numpy(test[0][:1]).to(next(net.parameters()).device)),
        charts=[chart(data.name, runs)],
        data=about,
        comparisons=(table,),
    )


def parts(data: Dataset | Generated, seed: int) -> tuple[Arrays, Arrays, int, DataSummary]:
    """Training and test part as arrays, the number of classes, and what is said of the data."""
    from gradus.data.summary import DataSummary

    if isinstance(data, Dataset):
        x = as_array([strokes(one[0]) for one in np.concatenate([data.train_inputs, data.test_inputs])])
        n = len(data.train_inputs)
        split = Text(
            "Of each image the graph of its lit pixels, joined where they touch; grey, row and column are a pixel's features.",
            "每幅图像取其有笔迹的像素组成的图，相接触者连边；特征为像素的灰度、行与列。",
        )
        training, test = (x[:n], data.train_targets), (x[n:], data.test_targets)
        return training, test, len(data.classes), DataSummary.of(data, split)
    rng = np.random.default_rng(seed)
    training, test = (drawn(rng) for _ in range(2))
    split = Text(
        "Drawn by the seed: three pairs of classes, 8, 12 or 16 nodes, each pair the same number of each size.",
        "由种子抽取：三对类别，8、12 或 16 个节点，每对中各种大小的数目相同。",
    )
    return training, test, 2 * len(PAIRS), data.summary(split, train=len(training[1]), test=len(test[1]))


def comparison(
    data: str, logits: dict[str, np.ndarray], truth: np.ndarray
) -> tuple[Comparison, dict[str, float]]:
    """The accuracies of the three networks, and the score of each: on drawn graphs the share right of the pairs that differ.

    Of two classes of a pair the one with the larger logit is taken, so that 1/2 is chance.
    """
    from gradus.report import Comparison

    name = Text("Over the neighbours", "对邻居取")
    if data == "digits":
        scores = {how: float((z.argmax(-1) == truth).mean()) for how, z in logits.items()}
        caption = Text(
            "Share of the test graphs whose class is told, by what the layers take over the neighbours.",
            "按各层对邻居所取的运算，测试图的分类准确率。",
        )
        rows = {HOW[how]: (score,) for how, score in scores.items()}
        return Comparison((name, Text("accuracy", "准确率")), rows, caption), scores
    told = {how: of_pairs(z, truth) for how, z in logits.items()}
    caption = Text(
        "Share of the graphs of each pair that are told from the other kind; 1/2 is chance. No such network tells one ring from two.",
        "每对中能与另一类区分开的图所占比例；随机猜测为 1/2。任何此类网络都不能区分一个环与两个环。",
    )
    table = Comparison((name, *PAIRS.values()), {HOW[how]: shares for how, shares in told.items()}, caption)
    return table, {how: (shares[0] + shares[1]) / 2 for how, shares in told.items()}


def of_pairs(logits: np.ndarray, truth: np.ndarray) -> list[float]:
    """For each pair of classes 2k, 2k + 1 the share right when only these two are compared."""
    shares = []
    for k in range(0, logits.shape[1], 2):
        rows = truth // 2 == k // 2
        second = logits[rows, k + 1] > logits[rows, k]
        shares.append(float((second == (truth[rows] == k + 1)).mean()))
    return shares


def chart(data: str, runs: dict[str, Fitted]) -> Chart:
    """The accuracy on the test graphs over the training."""
    from gradus.report import Chart, Series

    series = [
        Series(HOW[how], [r["epoch"] for r in f.history], [r["validation_accuracy"] for r in f.history])
        for how, f in runs.items()
    ]
    en = "Accuracy on the test graphs over the training, all classes together; it is measured and decides nothing."
    zh = "训练中测试图的准确率（全部类别一起）；只测量，不作任何决定。"
    if data == "alike-graphs":
        en += " Since no network tells one ring from two, 5/6 is what the best can expect."
        zh += "由于没有网络能区分一个环与两个环，最好也只能期望 5/6。"
    caption = Text(en, zh)
    return Chart(series, Text("accuracy", "准确率"), caption, wide=True)


RECIPE = Recipe(
    train=train,
    data=("alike-graphs", "digits"),
    metric="accuracy",
    targets=TARGETS,
    settings=SETTINGS,
    text=Text(
        "Graph isomorphism layers; sums over the nodes after each layer go to a linear unit a class. The score is that of the network "
        "that adds up its neighbours; networks that average them or take the largest have the same weights at first and the same "
        "budget. On drawn graphs it is the share right of the two pairs that the Weisfeiler–Lehman test tells apart, and must be what "
        "the theorem lets expect, all; on the digits it must be what averaging reached, 85 %, which no paper gives.",
        "图同构层；每层之后对节点求和，送入每类一个的线性单元。得分属于对邻居求和的网络；对邻居取平均或取最大值的网络初始权重与训练预算都相同。"
        "在抽取的图上，得分为 Weisfeiler–Lehman 检验能区分的两对类别上的正确率，按定理应全部正确；在手写数字上须达到取平均所得的 85 %，此值并非出自论文。",
    ),
    honours=("epochs", "device"),
)
