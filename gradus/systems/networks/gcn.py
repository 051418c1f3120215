"""The graph convolutional network on citations: classes of papers from words and references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradus.data import NodeGraph
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.node_classification import train_on_graph
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult

SETTINGS: dict[str, Any] = {
    "epochs": 200,
    "hidden": 16,
    "dropout": 0.5,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "weight_decay": 5e-4,
}


def train(data: NodeGraph, request: SeedRequest) -> SeedResult:
    """The accuracy on the test nodes after the last epoch, and the curves."""
    from gradus.networks.graph_convolution import GCN

    def model(inputs: int, classes: int) -> GCN:
        return GCN(inputs, SETTINGS["hidden"], classes, SETTINGS["dropout"])

    return train_on_graph(data, request, model, lambda net: net.first.parameters(), SETTINGS)


RECIPE = Recipe(
    train=train,
    data=("cora",),
    metric="accuracy",
    targets={"cora": 0.805},
    settings=SETTINGS,
    text=Text(
        "Two graph convolutions with 16 hidden units; the features of each node are divided by their sum. All of the graph is one "
        "batch. Weight decay on the first layer alone, dropout before both, as published; the last epoch counts, and nothing "
        "is chosen by the validation or the test nodes.",
        "两层图卷积，16 个隐藏单元；每个节点的特征除以其总和。整个图作为一批。只对第一层作权重衰减，两层之前都用丢弃法，与原论文相同；"
        "取最后一轮的结果，验证节点与测试节点都不参与任何选择。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(images=False, graphs=True),
)
