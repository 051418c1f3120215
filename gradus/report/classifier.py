"""The pictures of a trained image classifier: curves, confusion, mistakes, filters, feature maps, gradient norms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.evidence import Text
from gradus.report.charts import Series, accuracy_curves, gradient_norms, loss_curves
from gradus.report.pictures import Picture, confusion_matrix, feature_maps, filters, wrong_images

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.systems import Trained


def pictures_of(dataset: Dataset, trained: list[Trained], folder: Path, bar: float) -> list[Picture]:
    """All pictures of the report, those of single images and weights from the first seed."""
    first = trained[0]
    logits = np.asarray(first.logits, np.float64)
    probability = np.exp(logits - logits.max(-1, keepdims=True))
    probability /= probability.sum(-1, keepdims=True)
    predicted, true = logits.argmax(-1), dataset.test_targets
    wrong = np.flatnonzero(predicted != true)
    pictures = _curves(trained, bar)
    pictures.append(confusion_matrix(_counts(true, predicted, len(dataset.classes)), dataset.classes))
    if wrong.size:
        sure = probability[wrong, predicted[wrong]]
        images = dataset.test_inputs[wrong]
        pictures.append(
            wrong_images(
                images, true[wrong].tolist(), predicted[wrong].tolist(), sure.tolist(), dataset.classes
            )
        )
    pictures += _inside(dataset, first)
    rows = _lines(folder / f"seed-{first.seed}" / "gradient_norms.jsonl")
    if rows:
        pictures.append(gradient_norms([r["step"] for r in rows], _by_layer(rows)))
    return pictures


def _counts(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (true, predicted), 1)
    return counts


def _curves(trained: list[Trained], bar: float) -> list[Picture]:
    names = {
        "loss": Text("training loss", "训练损失"),
        "validation_loss": Text("test loss", "测试损失"),
        "accuracy": Text("training accuracy", "训练准确率"),
        "validation_accuracy": Text("test accuracy", "测试准确率"),
    }
    length = min(len(t.fitted.history) for t in trained)
    found: dict[str, Series] = {}
    for key, title in names.items():
        if all(key in t.fitted.history[0] for t in trained if t.fitted.history):
            y = np.array([[row[key] for row in t.fitted.history[:length]] for t in trained])
            found[key] = Series(title, list(range(1, length + 1)), y)
    losses = [found[k] for k in ("loss", "validation_loss") if k in found]
    scores = [found[k] for k in ("accuracy", "validation_accuracy") if k in found]
    return [*([loss_curves(losses)] if losses else []), *([accuracy_curves(scores, bar)] if scores else [])]


def _inside(dataset: Dataset, trained: Trained) -> list[Picture]:
    """The filters of the first convolution, and what each convolution makes of one test image."""
    import torch
    from torch import nn

    convolutions = [(name, m) for name, m in trained.model.named_modules() if isinstance(m, nn.Conv2d)]
    if not convolutions:
        return []
    maps: dict[str, Any] = {}

    def keep(name: str) -> Any:
        return lambda module, inputs, output: maps.__setitem__(name, output[0].detach().float().cpu().numpy())

    handles = [m.register_forward_hook(keep(name)) for name, m in convolutions]
    training = trained.model.training
    try:
        trained.model.eval()
        with torch.no_grad():
            device = next(trained.model.parameters()).device
            trained.model(torch.from_numpy(dataset.test_inputs[:1]).to(device))
    finally:
        trained.model.train(training)
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
