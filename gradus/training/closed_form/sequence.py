"""The gradients of a sequence of layers, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradus.optimization.flat_update import FlatUpdate
from gradus.training.attachments import Watch
from gradus.training.closed_form.layer import Layer, TooLarge
from gradus.training.closed_form.output_gradient import OutputGradient
from gradus.training.closed_form.plan import plan_layers
from gradus.training.settings import Loss


class LayerSequence:
    """The gradients of a model that is one layer after the other.

    Attributes:
        model: the module.
        preparing: modules without parameters that are called first, as they are.
        modules: those that layers in closed form stand for.
        parameters: of all layers.
        wholes: buffers with all of their gradients side by side.
        parts: each parameter's `grad`, a part of one of them.
        precision: of the large products.
        plans: the layers by the shape of the batch; None where their buffers would be too large.
        draws: whether a pass draws anything.
    """

    draws = False

    def __init__(
        self,
        *,
        model: nn.Module,
        preparing: Sequence[nn.Module],
        modules: Sequence[nn.Module],
        parameters: Sequence[nn.Parameter],
        loss: Loss,
        precision: torch.dtype | None = None,
    ) -> None:
        self.model, self.preparing, self.modules, self.parameters = model, preparing, modules, parameters
        self.watch = Watch(model)
        sizes = [p.numel() for p in parameters]
        self.wholes = [parameters[0].new_zeros(sum(sizes))]
        self.parts = [g.view(p.shape) for g, p in zip(self.wholes[0].split(sizes), parameters, strict=True)]
        self.precision = precision or parameters[0].dtype
        self.dtype = parameters[0].dtype
        self.output_gradient = OutputGradient(loss, like=self.wholes[0])
        self.plans: dict[tuple[int, ...], list[Layer] | None] = {}

    def write_to(self, flat: FlatUpdate) -> None:
        """Let the gradients be written where an update of all parameters in one call reads them.

        All of the layers' parameters are among those updated; layers planned before know the places of before.
        """
        self.plans.clear()
        views = {id(p): view for part in flat.parts for p, view in part.memory.pairs()}
        self.wholes, self.parts = flat.gradients, [views[id(p)] for p in self.parameters]

    def prepared(self, inputs: Tensor) -> Tensor:
        """The inputs of the first layer: images batch-last, rows as they are."""
        with torch.no_grad():
            for module in self.preparing:
                inputs = module(inputs)
        rows = inputs.dim() != 4 or type(self.modules[0]) is nn.Flatten
        return inputs if rows else inputs.permute(1, 2, 3, 0)

    def plan(self, x: Tensor) -> list[Layer] | None:
        """The layers for inputs of this shape, made once; None if their buffers would be too large."""
        shape = tuple(x.shape)
        if shape not in self.plans:
            self._point()
            try:
                with torch.no_grad():
                    self.plans[shape] = plan_layers(self.modules, x, self.precision)
            except TooLarge:
                self.plans[shape] = None
        return self.plans[shape]

    def gradients(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor] | None:
        """The loss of a batch and the outputs; the gradients are then in the parameters' `grad`.

        None, with nothing done, where the buffers for this batch would be too large, the inputs are of another type, or
        something was attached to the model or changed in it since it was recognised.
        """
        if self.watch.changed():
            return None
        x = self.prepared(inputs)
        if x.dtype != self.dtype:
            return None
        layers = self.plan(x)
        if layers is None:
            return None
        self._point()
        with torch.no_grad():
            for layer in layers:
                x = layer.forward(x if x.dtype is layer.dtype else x.to(layer.dtype))
            x = x.to(self.dtype)
            loss, g = self.output_gradient(x, targets)
            for layer in reversed(layers):
                before = layer.backward(g if g.dtype is layer.dtype else g.to(layer.dtype))
                if before is None:
                    break
                g = before
        return loss, x

    def finite(self) -> bool:
        """Whether every gradient is finite; a sum screens them, and is looked at again, exactly, where it is not."""
        totals = [float(whole.sum()) for whole in self.wholes]
        return all(t - t == 0.0 or bool(w.isfinite().all()) for t, w in zip(totals, self.wholes, strict=True))

    def _point(self) -> None:
        """Let each parameter's `grad` be its part of the whole, where something else has taken its place."""
        if any(p.grad is not part for p, part in zip(self.parameters, self.parts, strict=True)):
            for parameter, part in zip(self.parameters, self.parts, strict=True):
                parameter.grad = part
