"""Training a network on all nodes of one graph at once: what the recipes of graph networks share."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import NodeGraph
from gradus.systems.contract import SeedRequest
from gradus.text import Text

if TYPE_CHECKING:
    import torch
    from torch import nn

    from gradus.networks.graphs import Graph
    from gradus.networks.sparse import SparseMatrix
    from gradus.report import Chart, Layer, SeedResult

History = dict[str, list[float]]


def train_on_graph(
    data: NodeGraph,
    request: SeedRequest,
    model: Callable[[int, int], nn.Module],
    decayed: Callable[[Any], Iterable[torch.Tensor]],
    settings: Mapping[str, Any],
) -> SeedResult:
    """Trains a network on the nodes of the training part, by Adam on the whole graph.

    Args:
        data: the graph.
        request: the seed is that of the weights and of dropout.
        model: makes the network from the numbers of features and of classes.
        decayed: which of its parameters have weight decay.
        settings: epochs, learning_rate, weight_decay; with `patience` the validation nodes choose the epoch, and so many
            epochs without a better one end the training.
    """
    import torch

    from gradus.report import SeedResult
    from gradus.report.classifier import predictions

    device = request.device or "cpu"
    graph, features = tensors_of(data, device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(request.seed)
        net = model(data.columns, len(data.classes)).to(device)
        begun = time.perf_counter()
        history = _fit(
            net, graph, features, data, decayed(net), settings, request.epochs or settings["epochs"]
        )
        seconds = time.perf_counter() - begun
    logits = _logits(net, graph, features).cpu().double().numpy()[data.test]
    truth = data.labels[data.test]
    return SeedResult(
        score=float((logits.argmax(-1) == truth).mean()),
        seconds=seconds,
        layers=_layers(net, data.nodes),
        pictures=predictions(logits, truth, data.classes),
        charts=_charts(history, request.target),
    )


def tensors_of(data: NodeGraph, device: str = "cpu") -> tuple[Graph, SparseMatrix]:
    """The graph, and the features of each node divided by their sum (of their sizes), as sparse tensors."""
    import torch

    from gradus.networks.graphs import Graph
    from gradus.networks.sparse import SparseMatrix

    sums = np.bincount(data.rows, np.abs(data.values), minlength=data.nodes)
    values = (data.values / sums[data.rows]).astype(np.float32)
    places = torch.from_numpy(data.rows), torch.from_numpy(data.indices)
    features = SparseMatrix.of_entries(*places, torch.from_numpy(values), (data.nodes, data.columns))
    graph = Graph.of_edges(torch.from_numpy(data.edges).T.contiguous(), data.nodes)
    return graph.to(device), features.to(device)


def _fit(
    net: nn.Module,
    graph: Graph,
    features: SparseMatrix,
    data: NodeGraph,
    decayed: Iterable[torch.Tensor],
    settings: Mapping[str, Any],
    epochs: int,
) -> History:
    """The curves; the parameters stand at the last epoch, or at the one that the validation nodes choose."""
    import torch

    shrunk = list(decayed)
    ids = {id(p) for p in shrunk}
    groups = [
        {"params": shrunk, "weight_decay": settings["weight_decay"]},
        {"params": [p for p in net.parameters() if id(p) not in ids], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.Adam([g for g in groups if g["params"]], lr=settings["learning_rate"], fused=True)
    labels = torch.from_numpy(data.labels).to(features.values.device)
    parts = {k: torch.from_numpy(getattr(data, k)).to(labels.device) for k in ("train", "validation", "test")}
    loss_of = torch.nn.functional.cross_entropy
    history: History = {key: [] for key in ("loss", "validation_loss", "accuracy", "validation_accuracy")}
    best, least, since, chosen = 0.0, float("inf"), 0, None
    patience = settings.get("patience")
    for _ in range(epochs):
        net.train()
        optimizer.zero_grad()
        loss = loss_of(net(graph, features)[parts["train"]], labels[parts["train"]])
        loss.backward()
        optimizer.step()
        logits = _logits(net, graph, features)
        right = logits.argmax(-1) == labels
        seen, held = (float(right[parts[k]].float().mean()) for k in ("train", "validation"))
        held_loss = float(loss_of(logits[parts["validation"]], labels[parts["validation"]]))
        for key, value in zip(history, (loss.item(), held_loss, seen, held), strict=True):
            history[key].append(value)
        if patience is None:
            continue
        if held > best or (held == best and held_loss < least):
            chosen = copy.deepcopy(net.state_dict())
        since = 0 if held >= best or held_loss <= least else since + 1
        best, least = max(best, held), min(least, held_loss)
        if since >= patience:
            break
    if chosen is not None:
        net.load_state_dict(chosen)
    return history


def _logits(net: nn.Module, graph: Graph, features: SparseMatrix) -> torch.Tensor:
    import torch

    net.eval()
    with torch.no_grad():
        logits: torch.Tensor = net(graph, features)
    return logits


def _layers(net: nn.Module, nodes: int) -> list[Layer]:
    from gradus.report import Layer

    return [
        Layer(
            name,
            type(part).__name__,
            (nodes, part.get_parameter("bias").numel()),
            sum(p.numel() for p in part.parameters()),
        )
        for name, part in net.named_children()
    ]


def _charts(history: History, target: float | None) -> list[Chart]:
    from gradus.report.charts import Series, accuracy_chart, loss_chart

    x = list(range(1, len(history["loss"]) + 1))

    def line(en: str, zh: str, key: str) -> Series:
        return Series(Text(en, zh), x, history[key])

    return [
        loss_chart([line("training", "训练", "loss"), line("validation", "验证", "validation_loss")]),
        accuracy_chart(
            [line("training", "训练", "accuracy"), line("validation", "验证", "validation_accuracy")], target
        ),
    ]
