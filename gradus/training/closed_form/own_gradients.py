"""Models of the library's own that write the gradients of their loss themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.training.attachments import has_hooks, is_attached
from gradus.training.closed_form.sequence import LayerSequence
from gradus.training.known_losses import mean_of_outputs
from gradus.training.settings import Loss

# The method by which a module of the library's own gives what writes its gradients, or None.
METHOD = "gradient_writer"
LIBRARY = "gradus"
Writer = Callable[[Tensor, Sequence[Tensor]], Tensor]


class OwnGradients(LayerSequence):
    """The gradients of a module that computes its loss itself, written by itself.

    Attributes:
        draws: it draws: PyTorch's generator is at the step's seed.
    """

    draws = True

    def __init__(self, model: nn.Module, writer: Writer, loss: Loss) -> None:
        super().__init__(
            model=model, preparing=(), modules=(), parameters=list(model.parameters()), loss=loss
        )
        self.writer = writer

    def gradients(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor] | None:
        """The loss of a batch and the outputs; see `LayerSequence.gradients`."""
        if inputs.dtype != self.dtype or self.watch.changed():
            return None
        self._point()
        with torch.no_grad():
            outputs = self.writer(inputs, self.parts)
        return outputs.mean(), outputs


def own_gradients(
    model: nn.Module, *, loss: Loss, example: Tensor, precision: torch.dtype | None
) -> OwnGradients | None:
    """The model, if it writes its gradients itself; None where it does not, or something else is asked of it.

    Only modules of the library's own are asked, whose outputs are the losses of the samples, with `mean_of_outputs` as their loss,
    all of them trained, on the CPU, of one type, and with nothing attached.
    """
    if type(model).__module__.partition(".")[0] != LIBRARY or not hasattr(model, METHOD):
        return None
    parameters = list(model.parameters())
    kinds: set[Any] = {(p.dtype, p.device.type, p.requires_grad, p.layout) for p in parameters}
    dtype = example.dtype
    right = dtype in (torch.float32, torch.float64) and kinds == {(dtype, "cpu", True, torch.strided)}
    if loss is not mean_of_outputs or not right or precision not in (None, dtype) or is_attached(model):
        return None
    if any(map(has_hooks, parameters)):
        return None
    writer: Writer | None = model.gradient_writer()  # type: ignore[operator]
    return None if writer is None else OwnGradients(model, writer, loss)
