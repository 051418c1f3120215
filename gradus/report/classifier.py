"""The pictures of a trained image classifier: curves, confusion, mistakes, filters, feature maps, gradient norms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.report.charts import Chart, Series, accuracy_chart, gradient_norms, loss_chart
from gradus.report.confusion import confusion_matrix
from gradus.report.material import SeedResult
from gradus.report.pictures import Picture, feature_maps, filters, wrong_images
from gradus.report.summary import layers_of
from gradus.text import Text

if TYPE_CHECKING:
    from torch import nn

    from gradus.data import Dataset
    from gradus.training import Fitted


def seed_result(
    model: nn.Module, fitted: Fitted, data: Dataset, directory: Path | None, target: float | None
) -> SeedResult:
    """The trained module's accuracy on the test set, with all that the report shows of it.

    Args:
        model: the trained module.
        fitted: what `gradus.training.fit` says of the run.
        data: what it was trained on.
        directory: where the logs of this seed lie, if they were kept.
        target: the accuracy that must be reached.
    """
    import torch

    example = torch.from_numpy(data.test_inputs[:1]).to(next(model.parameters()).device)
    logits = predict(model, data.test_inputs).astype(np.float64)
    return SeedResult(
        score=float((logits.argmax(-1) == data.test_targets).mean()),
        seconds=fitted.seconds,
        layers=layers_of(model, example),
        pictures=[
            *predictions(logits, data.test_targets, data.classes, data.test_inputs),
            *_inside(data, model),
            *(_gradients(directory) if directory else ()),
        ],
        charts=_charts(fitted, target),
    )


def predict(model: nn.Module, inputs: np.ndarray, batch: int = 512) -> np.ndarray:
    """The module's outputs on arrays, in evaluation mode and without gradients; its mode is restored."""
    import torch

    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            parts = [
                model(torch.from_numpy(x).to(device)).cpu()
                for x in np.array_split(inputs, max(1, -(-len(inputs) // batch)))
            ]
    finally:
        model.train(training)
    return torch.cat(parts).numpy()


def predictions(
    logits: np.ndarray, true: np.ndarray, classes: Sequence[str], inputs: np.ndarray | None = None
) -> list[Picture]:
    """The confusion matrix and, where the inputs are images, those that were misclassified."""
    probability = np.exp(logits - logits.max(-1, keepdims=True))
    probability /= probability.sum(-1, keepdims=True)
    predicted = logits.argmax(-1)
    pictures = [confusion_matrix(_counts(true, predicted, len(classes)), classes)]
    wrong = np.flatnonzero(predicted != true)
    if wrong.size and inputs is not None and inputs.ndim == 4:
        sure = probability[wrong, predicted[wrong]].tolist()
        labels = true[wrong].tolist(), predicted[wrong].tolist()
        pictures.append(wrong_images(inputs[wrong], *labels, sure, classes))
    return pictures


def _gradients(directory: Path) -> list[Picture]:
    rows = _lines(directory / "gradient_norms.jsonl")
    return [gradient_norms([r["step"] for r in rows], _by_layer(rows))] if rows else []


def _counts(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (true, predicted), 1)
    return counts


def _charts(fitted: Fitted, target: float | None) -> list[Chart]:
    names = {
        "loss": Text("training loss", "训练损失"),
        "validation_loss": Text("test loss", "测试损失"),
        "accuracy": Text("training accuracy", "训练准确率"),
        "validation_accuracy": Text("test accuracy", "测试准确率"),
    }
    rows = fitted.history
    x = list(range(1, len(rows) + 1))
    series = {
        key: Series(title, x, [row[key] for row in rows])
        for key, title in names.items()
        if rows and key in rows[0]
    }
    losses = [series[k] for k in ("loss", "validation_loss") if k in series]
    scores = [series[k] for k in ("accuracy", "validation_accuracy") if k in series]
    return [*([loss_chart(losses)] if losses else []), *([accuracy_chart(scores, target)] if scores else [])]


def _inside(dataset: Dataset, model: nn.Module) -> list[Picture]:
    """The filters of the first convolution, and what each convolution makes of one test image."""
    import torch
    from torch import nn

    convolutions = [(name, m) for name, m in model.named_modules() if isinstance(m, nn.Conv2d)]
    if not convolutions:
        return []
    maps: dict[str, Any] = {}

    def keep(name: str) -> Any:
        return lambda module, inputs, output: maps.__setitem__(name, output[0].detach().float().cpu().numpy())

    handles = [m.register_forward_hook(keep(name)) for name, m in convolutions]
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            device = next(model.parameters()).device
            model(torch.from_numpy(dataset.test_inputs[:1]).to(device))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    name, first = convolutions[0]
    weights = first.weight.detach().float().cpu().numpy()
    label = dataset.classes[int(dataset.test_targets[0])]
    return [filters(weights, name), feature_maps(dataset.test_inputs[0], maps, label)]


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _by_layer(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Norm per layer: that of its parameters together."""
    layers = dict.fromkeys(name.rpartition(".")[0] or name for name in rows[0]["norms"])
    return {
        layer: [
            sum(v**2 for name, v in row["norms"].items() if (name.rpartition(".")[0] or name) == layer) ** 0.5
            for row in rows
        ]
        for layer in layers
    }
