"""The loss and the metrics on held-out data."""

from typing import Any

import torch

from gradus.training.data import InMemory
from gradus.training.objective import Objective

LEAST_BATCH = 256


def validate(objective: Objective, data: InMemory) -> dict[str, float]:
    """The means of the loss and the metrics over `data`, with the model in evaluation mode."""
    model, group = objective.model, objective.group
    totals: dict[str, float] = dict.fromkeys(("loss", *objective.metrics), 0.0)
    group.sync_buffers(model)
    model.eval()
    try:
        with torch.no_grad():
            # Without gradients to keep, larger batches cost no more memory and fewer calls.
            for indices in torch.arange(len(data), device=objective.device).split(
                max(LEAST_BATCH, objective.settings.batch_size) * group.world
            ):
                share = indices[group.rank :: group.world]
                if len(share):
                    _add(totals, objective, data, share)
    finally:
        model.train()
    summed = group.sum(list(totals.values()))
    return {f"validation_{name}": value / len(data) for name, value in zip(totals, summed, strict=True)}


def _add(totals: dict[str, float], objective: Objective, data: InMemory, indices: Any) -> None:
    inputs, targets = data.batch(indices)
    loss, outputs = objective.forward(objective.model, objective.laid_out(inputs), targets)
    for name, value in {"loss": float(loss), **objective.measure(outputs, targets)}.items():
        totals[name] += value * len(indices)
