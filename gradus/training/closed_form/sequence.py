"""From a module to its chain of layers, and the gradients of a batch in closed form."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.training.closed_form.layers import (
    ACTIVATIONS,
    Activation,
    Convolution,
    Dense,
    Flattening,
    Layer,
    Pooling,
    TooLarge,
)
from gradus.training.settings import Loss, one_number

# Modules without parameters that may stand before the first layer; they are called as they are.
_PREPARING = (nn.Upsample, nn.ZeroPad2d, nn.Unflatten)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
# A convolution with more channels is left to PyTorch's own: over so many it vectorises well.
WIDEST = 16


def chain_of(
    model: nn.Module, loss: Loss, example: Tensor, precision: torch.dtype | None = None
) -> Chain | None:
    """The model as a chain of layers whose gradients are written in closed form, or None if it is none.

    A chain is an `nn.Sequential`, or a module whose method `chain()` returns its layers in order, of Linear, Conv2d,
    MaxPool2d, AvgPool2d, ReLU, Tanh, Sigmoid, Flatten and Identity, on the CPU, all of it trained, without hooks.

    Args:
        model: any module.
        loss: of outputs and targets, a mean over the batch.
        example: a batch of inputs; the buffers for its shape are made, and may be too large.
        precision: of the large products, where it is not the parameters'.
    """
    modules = list(_unrolled(model))
    parameters = [p for m in modules for p in m.parameters()]
    whole = {id(p) for p in parameters} == {id(p) for p in model.parameters()}
    if not whole or len(set(map(id, parameters))) < len(parameters) or not parameters:
        return None
    if any(
        p.device.type != "cpu" or not p.requires_grad or p.dtype != parameters[0].dtype for p in parameters
    ):
        return None
    if parameters[0].dtype not in (torch.float32, torch.float64):
        return None
    if hooked(model):
        return None
    start = next((i for i, m in enumerate(modules) if not isinstance(m, _PREPARING)), len(modules))
    layers = _pooled_first([m for m in modules[start:] if type(m) is not nn.Identity])
    if not all(map(_known, layers)) or not _flat_before_dense(layers):
        return None
    if any(type(a) in ACTIVATIONS and type(b) in ACTIVATIONS for a, b in itertools.pairwise(layers)):
        return None  # they work in place, and each needs its own output
    chain = Chain(modules[:start], layers, parameters, loss, precision)
    try:
        return chain if chain.plan(chain.prepared(example)) else None
    except RuntimeError:  # the model does not take such inputs; it says so better itself
        return None


def hooked(model: nn.Module) -> bool:
    """Whether somebody watches the model's calls: a chain would not make them."""
    return any(getattr(m, name) for m in model.modules() for name in _HOOKS)


def _unrolled(model: nn.Module) -> Iterator[nn.Module]:
    if type(model) is nn.Sequential:
        for child in model:
            yield from _unrolled(child)
    elif callable(chain := getattr(model, "chain", None)):
        for child in chain():
            yield from _unrolled(child)
    else:
        yield model


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _known(module: Any) -> bool:
    """Whether a layer of the chain can stand for this module."""
    kind = type(module)
    if kind is nn.Conv2d:
        return (
            module.stride == module.dilation == (1, 1)
            and module.groups == 1
            and module.padding_mode == "zeros"
            and not isinstance(module.padding, str)
            and bool(module.in_channels <= WIDEST)
        )
    if kind is nn.MaxPool2d:
        plain = not module.return_indices and _pair(module.dilation) == (1, 1)
        return plain and _side_by_side(module)
    if kind is nn.AvgPool2d:
        return module.divisor_override is None and _side_by_side(module)
    if kind is nn.Flatten:
        return (module.start_dim, module.end_dim) == (1, -1)
    return kind is nn.Linear or kind in ACTIVATIONS


def _side_by_side(pool: Any) -> bool:
    whole = _pair(pool.stride) == _pair(pool.kernel_size)
    return whole and _pair(pool.padding) == (0, 0) and not pool.ceil_mode


def _flat_before_dense(layers: Sequence[nn.Module]) -> bool:
    """Whether images come before Flatten and rows after it, with rows at the end."""
    kinds = [type(m) for m in layers]
    images = [i for i, k in enumerate(kinds) if k in (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)]
    rows = [i for i, k in enumerate(kinds) if k is nn.Linear]
    flat = [i for i, k in enumerate(kinds) if k is nn.Flatten]
    if not rows or len(flat) > 1 or (images and not flat):
        return False
    return not flat or (max(images, default=-1) < flat[0] < min(rows))


def _pooled_first(layers: Sequence[nn.Module]) -> list[nn.Module]:
    # ReLU does not fall, so it commutes with the maximum: the same numbers and gradients at a fraction of the work.
    result = list(layers)
    for i, (a, b) in enumerate(itertools.pairwise(layers)):
        if type(a) is nn.ReLU and type(b) is nn.MaxPool2d:
            result[i], result[i + 1] = b, a
    return result


class Chain:
    """The gradients of a chain of layers, batch by batch.

    Attributes:
        parameters: of all layers.
        gradient: all of their gradients side by side; each parameter's `grad` is a part of it.
    """

    def __init__(
        self,
        preparing: Sequence[nn.Module],
        modules: Sequence[nn.Module],
        parameters: Sequence[nn.Parameter],
        loss: Loss,
        precision: torch.dtype | None = None,
    ) -> None:
        self.preparing, self.modules, self.parameters = preparing, modules, parameters
        self.loss, self.cross_entropy = loss, _is_cross_entropy(loss)
        self.gradient = parameters[0].new_zeros(sum(p.numel() for p in parameters))
        sizes = [p.numel() for p in parameters]
        self.parts = [g.view(p.shape) for g, p in zip(self.gradient.split(sizes), parameters, strict=True)]
        self.precision = precision or parameters[0].dtype
        self.minus = self.gradient.new_tensor(-1.0)
        self.plans: dict[tuple[int, ...], list[Layer] | None] = {}

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
                    self.plans[shape] = _planned(self.modules, x, self.precision)
            except TooLarge:
                self.plans[shape] = None
        return self.plans[shape]

    def gradients(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor] | None:
        """The loss of a batch and the outputs; the gradients are then in the parameters' `grad`.

        None, with nothing done, where the buffers for this batch would be too large.
        """
        x = self.prepared(inputs)
        layers = self.plan(x)
        if layers is None:
            return None
        self._point()
        with torch.no_grad():
            for layer in layers:
                x = layer.forward(x if x.dtype is layer.dtype else x.to(layer.dtype))
            x = x.to(self.gradient.dtype)
            loss, g = self._loss(x, targets)
            for layer in reversed(layers):
                before = layer.backward(g if g.dtype is layer.dtype else g.to(layer.dtype))
                if before is None:
                    break
                g = before
        return loss, x

    def _point(self) -> None:
        """Let each parameter's `grad` be its part of the whole, where something else has taken its place."""
        if any(p.grad is not part for p, part in zip(self.parameters, self.parts, strict=True)):
            for parameter, part in zip(self.parameters, self.parts, strict=True):
                parameter.grad = part

    def finite(self) -> bool:
        """Whether every gradient is finite; a sum screens them, and is looked at again, exactly, where it is not."""
        total = float(self.gradient.sum())
        return total - total == 0.0 or bool(self.gradient.isfinite().all())

    def _loss(self, z: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and its gradient by the outputs: for the cross-entropy, (softmax(z) − onehot(y))/N."""
        if not (self.cross_entropy and targets.dtype == torch.int64 and targets.dim() == 1):
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                loss = one_number(self.loss(z, targets))
                return loss.detach(), torch.autograd.grad(loss, z)[0].contiguous()
        g = torch.log_softmax(z, 1)
        loss = nn.functional.nll_loss(g, targets)
        g.exp_().scatter_add_(1, targets[:, None], self.minus.expand(len(z), 1)).mul_(1 / len(z))
        return loss, g


def _is_cross_entropy(loss: Loss) -> bool:
    if type(loss) is nn.CrossEntropyLoss:
        plain = loss.weight is None and loss.ignore_index == -100 and loss.label_smoothing == 0.0
        return plain and loss.reduction == "mean" and not any(getattr(loss, name) for name in _HOOKS)
    return loss is nn.functional.cross_entropy


def _planned(modules: Sequence[nn.Module], x: Tensor, precision: torch.dtype) -> list[Layer]:
    """The layers for a batch of this shape; `x` is walked through them only to see the shapes."""
    layers: list[Layer] = []
    trained = False  # whether a layer before has parameters, so that gradients must go further back
    for i, module in enumerate(modules):
        layer: Layer
        if isinstance(module, nn.Linear):
            layer = Dense(module, x, not trained, precision)
        elif isinstance(module, nn.Conv2d):
            after = modules[i + 1] if i + 1 < len(modules) else None
            layer = Convolution(module, x, not trained, _block(module, after, x), precision)
        elif isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            layer = Pooling(x, _pair(module.kernel_size), isinstance(module, nn.MaxPool2d))
        elif isinstance(module, nn.Flatten):
            layer = Flattening(x, batch_last=i > 0)
        else:
            layer = Activation(x, *ACTIVATIONS[type(module)])
        x = layer.forward(x.to(layer.dtype))
        trained = trained or bool(layer.parameters)
        layers.append(layer)
    return layers


def _block(module: Any, after: nn.Module | None, x: Tensor) -> tuple[int, int]:
    """The size of the pooling that follows; its height alone where channels are many enough."""
    if not isinstance(after, nn.MaxPool2d | nn.AvgPool2d):
        return 1, 1
    (k, m), (p, q), (s, t) = module.kernel_size, module.padding, _pair(after.kernel_size)
    high, wide = x.shape[1] + 2 * p - k + 1, x.shape[2] + 2 * q - m + 1
    if s > 3 or t > 3 or high % s or wide % t:
        return 1, 1
    return (s, t) if module.in_channels <= 3 else (s, 1)
