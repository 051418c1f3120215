"""The eager step: gradients by PyTorch's recorded graph, for any model, accumulated over batches and processes."""

import contextlib
import math
from typing import Any

import torch

from gradus.training.nonfinite import gradients_finite
from gradus.training.update import GradientUpdate, Totals


class EagerUpdate(GradientUpdate):
    """Forward and backward pass of each batch of the step, as PyTorch runs them."""

    def gradients(self, indices: torch.Tensor, step: int) -> Totals:
        """See `GradientUpdate`; each batch counts by its share of the step's samples."""
        objective = self.objective
        for parameter in objective.parameters:
            parameter.grad = None
        totals: Totals = {}
        parts = indices.split(objective.settings.batch_size)
        for number, part in enumerate(parts):
            _, weight = objective.group.share(part)
            share = len(part) / len(indices)
            objective.seed(step, number)
            inputs, targets = objective.batch(part, step, number)
            with self._synchronized(number + 1 == len(parts)):
                loss, outputs = objective.forward(objective.wrapped, inputs, targets)
                scale = share * weight
                (loss if scale == 1.0 else loss * scale).backward()
            for name, value in {"loss": loss.item(), **objective.measure(outputs, targets)}.items():
                totals[name] = totals.get(name, 0.0) + value * share * weight / objective.group.world
        totals = dict(zip(totals, objective.group.sum(list(totals.values())), strict=True))
        if not (math.isfinite(totals["loss"]) and gradients_finite(objective.parameters)):
            raise objective.non_finite(totals["loss"], indices, step)
        return totals

    def _synchronized(self, last: bool) -> contextlib.AbstractContextManager[Any]:
        # DDP exchanges gradients in the last backward pass of a step only.
        if last or self.objective.group.world == 1:
            return contextlib.nullcontext()
        return self.objective.wrapped.no_sync()  # type: ignore[operator]
