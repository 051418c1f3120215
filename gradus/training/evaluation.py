"""The loss and the metrics on held-out data."""

import math
from typing import Any

import torch

from gradus.training.data import InMemory
from gradus.training.modes import evaluating
from gradus.training.objective import Objective
from gradus.training.tally import Tally, tally_of

LEAST_BATCH = 256


def validate(objective: Objective, data: InMemory) -> dict[str, float]:
    """The means of the loss and the metrics over `data`, with the model in evaluation mode."""
    group = objective.group
    tally = tally_of(objective.loss, objective.metrics, data.targets)
    totals: dict[str, float] = dict.fromkeys(("loss", *objective.metrics), 0.0)
    group.sync_buffers(objective.model)
    everything = torch.arange(len(data), device=objective.device)
    with evaluating(objective.model), torch.no_grad():
        # Without gradients to keep, larger batches cost no more memory and fewer calls.
        for indices in everything.split(max(LEAST_BATCH, objective.settings.batch_size) * group.world):
            share = indices[group.rank :: group.world]
            if len(share):
                _add(totals, objective, data, share, tally)
    sums = dict(zip(totals, group.sum(list(totals.values())), strict=True))
    return {f"validation_{name}": _mean(value, tally.of(name, everything)) for name, value in sums.items()}


def _mean(total: float, count: float) -> float:
    return total / count if count else math.nan


def _add(totals: dict[str, float], objective: Objective, data: InMemory, indices: Any, tally: Tally) -> None:
    inputs, targets = data.batch(indices)
    loss, outputs = objective.forward(objective.model, objective.laid_out(inputs), targets)
    for name, value in {"loss": float(loss), **objective.measure(outputs, targets)}.items():
        if count := tally.of(name, indices):  # what is a mean over nothing is no number
            totals[name] += tally.per_count(name, value, len(indices)) * count
