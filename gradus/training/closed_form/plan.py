"""The layers for a batch of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.training.closed_form.activation import ACTIVATIONS, Activation
from gradus.training.closed_form.convolution import Convolution
from gradus.training.closed_form.dense import Dense
from gradus.training.closed_form.flattening import Flattening
from gradus.training.closed_form.layer import Layer, pair
from gradus.training.closed_form.pooling import Pooling


def plan_layers(modules: Sequence[nn.Module], x: Tensor, precision: torch.dtype) -> list[Layer]:
    """The layers that stand for the modules; `x`, a prepared batch, is walked through them only to see the shapes.

    Raises:
        TooLarge: when the buffers of one would take too much memory.
    """
    layers: list[Layer] = []
    trained = False  # whether a layer before has parameters, so that gradients must go further back
    for i, module in enumerate(modules):
        layer: Layer
        if isinstance(module, nn.Linear):
            layer = Dense(module, like=x, first=not trained, precision=precision)
        elif isinstance(module, nn.Conv2d):
            following = modules[i + 1] if i + 1 < len(modules) else None
            block = _block(module, following, x)
            layer = Convolution(module, like=x, first=not trained, block=block, precision=precision)
        elif isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            layer = Pooling(like=x, size=pair(module.kernel_size), maximum=isinstance(module, nn.MaxPool2d))
        elif isinstance(module, nn.Flatten):
            layer = Flattening(like=x, batch_last=i > 0)
        else:
            function, slope = ACTIVATIONS[type(module)]
            layer = Activation(like=x, function=function, slope=slope)
        x = layer.forward(x.to(layer.dtype))
        trained = trained or bool(layer.parameters)
        layers.append(layer)
    return layers


def _block(module: Any, following: nn.Module | None, x: Tensor) -> tuple[int, int]:
    """The size of the pooling that follows; its height alone where channels are many enough."""
    if not isinstance(following, nn.MaxPool2d | nn.AvgPool2d):
        return 1, 1
    (k, m), (p, q), (s, t) = module.kernel_size, module.padding, pair(following.kernel_size)
    high, wide = x.shape[1] + 2 * p - k + 1, x.shape[2] + 2 * q - m + 1
    if s > 3 or t > 3 or high % s or wide % t:
        return 1, 1
    return (s, t) if module.in_channels <= 3 else (s, 1)
