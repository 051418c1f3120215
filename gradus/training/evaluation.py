"""The loss and the metrics on held-out data."""

from typing import Any

import torch

from gradus.training.data import InMemory
from gradus.training.step import Stepper

LEAST_BATCH = 256


def validate(stepper: Stepper, data: InMemory) -> dict[str, float]:
    """The means of the loss and the metrics over `data`, with the model in evaluation mode."""
    model, group = stepper.model, stepper.group
    totals: dict[str, float] = dict.fromkeys(("loss", *stepper.metrics), 0.0)
    group.sync_buffers(model)
    model.eval()
    try:
        with torch.no_grad():
            # Without gradients to keep, larger batches cost no more memory and fewer calls.
            for indices in torch.arange(len(data), device=stepper.device).split(
                max(LEAST_BATCH, stepper.settings.batch_size) * group.world
            ):
                mine = indices[group.rank :: group.world]
                if len(mine):
                    _add(totals, stepper, data, mine)
    finally:
        model.train()
    summed = group.sum(list(totals.values()))
    return {f"validation_{name}": value / len(data) for name, value in zip(totals, summed, strict=True)}


def _add(totals: dict[str, float], stepper: Stepper, data: InMemory, indices: Any) -> None:
    inputs, targets = data.batch(indices)
    loss, outputs = stepper.forward(stepper.model, stepper.laid_out(inputs), targets)
    for name, value in {"loss": float(loss), **stepper.measure(outputs, targets)}.items():
        totals[name] += value * len(indices)
