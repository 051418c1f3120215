"""The step in closed form."""

import math

import torch

from gradus.training.closed_form.sequence import LayerSequence
from gradus.training.eager import EagerUpdate
from gradus.training.update import GradientUpdate, Totals


class ClosedFormUpdate(GradientUpdate):
    """Gradients from the layers' own formulas; a batch whose buffers would be too large is left to the eager step.

    Args:
        layers: the model's.
        eager: the eager step of the same run.
    """

    def __init__(self, *, layers: LayerSequence, eager: EagerUpdate) -> None:
        super().__init__(objective=eager.objective, run=eager.run, callbacks=eager.watching, flat=eager.flat)
        self.layers, self.eager = layers, eager
        if self.flat is not None:
            layers.write_to(self.flat)

    def gradients(self, indices: torch.Tensor, step: int) -> Totals:
        """See `GradientUpdate`."""
        objective = self.objective
        inputs, targets = objective.batch(indices, step, 0)
        if self.flat is not None:
            self.flat.attach()
        if self.layers.draws:
            objective.seed(step, 0)
        result = self.layers.gradients(inputs, targets)
        if result is None:
            totals = self.eager.gradients(indices, step)
            self.others = self.eager.others
            return totals
        loss, outputs = result
        value = loss.item()
        if not (math.isfinite(value) and self.layers.finite()):
            raise objective.non_finite(value, indices, step)
        if self.flat is not None:
            self.flat.collect()
        return {"loss": value, **objective.measure(outputs, targets)}
