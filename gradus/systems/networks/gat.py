"""The graph attention network on citations: classes of papers from words and references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradus.data import NodeGraph
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.node_classification import train_on_graph
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult

SETTINGS: dict[str, Any] = {
    "epochs": 1000,
    "patience": 100,
    "hidden": 8,
    "heads": 8,
    "dropout": 0.6,
    "optimizer": "adam",
    "learning_rate": 0.005,
    "weight_decay": 5e-4,
}


def train(data: NodeGraph, request: SeedRequest) -> SeedResult:
    """The accuracy on the test nodes at the epoch that the validation nodes choose, and the curves."""
    from gradus.networks.graph_attention import GAT

    def model(inputs: int, classes: int) -> GAT:
        return GAT(inputs, SETTINGS["hidden"], classes, SETTINGS["heads"], dropout=SETTINGS["dropout"])

    return train_on_graph(data, request, model, lambda net: net.parameters(), SETTINGS)


RECIPE = Recipe(
    train=train,
    data=("cora",),
    metric="accuracy",
    targets={"cora": 0.82},
    settings=SETTINGS,
    text=Text(
        "Two layers of graph attention, 8 heads of 8 and then one; the features of each node are divided by their sum. All of the "
        "graph is one batch. Dropout on features and on attention weights, weight decay, as published. The validation nodes "
        "choose the epoch (least loss among those of best accuracy) and stop the training after 100 epochs without a better "
        "one; the test nodes take no part.",
        "两层图注意力，先是 8 个 8 维的头，然后是一个头；每个节点的特征除以其总和。整个图作为一批。对特征与注意力权重用丢弃法，并作权重衰减，"
        "与原论文相同。由验证节点选定轮次（准确率最高者中损失最小的），100 轮没有改进即停止；测试节点不参与任何决定。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(images=False, graphs=True),
)
