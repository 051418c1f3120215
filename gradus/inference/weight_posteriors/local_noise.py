"""Local reparameterisation: a dense layer's outputs are drawn, one for each sample, in place of its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import refusal
from gradus.text import Text

__all__ = ["dense_layers", "outputs_drawn"]


def dense_layers(model: nn.Module, names: Mapping[str, int]) -> dict[nn.Module, tuple[int, int | None]]:
    """The dense layers whose weight, and bias, have a posterior and belong to no other module: the numbers of both in `names`."""
    number = {id(p): names[name] for name, p in model.named_parameters() if name in names}
    users: dict[int, int] = {}
    for part in model.modules():
        for p in part.parameters(recurse=False):
            users[id(p)] = users.get(id(p), 0) + 1
    found: dict[nn.Module, tuple[int, int | None]] = {}
    for part in model.modules():
        if type(part) is nn.Linear:
            own = [p for p in (part.weight, part.bias) if p is not None]
            if all(id(p) in number and users[id(p)] == 1 for p in own):
                found[part] = (number[id(part.weight)], None if part.bias is None else number[id(part.bias)])
    return found


@contextmanager
def outputs_drawn(layers: Mapping[nn.Module, tuple[int, int | None]], log_deviations: Any) -> Iterator[None]:
    """Within it these layers, called with their mean weights, add noise to their outputs: N(0, x² σ²), each sample by itself.

    A sample of several rows that share the weight gets one draw of the weights with all others, since its rows are not independent.

    Raises:
        GradusError: a layer is called twice in a pass, so that its outputs are not independent.
    """
    called: set[nn.Module] = set()

    def noisy(part: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
        if part in called:
            kind = Text("a dense layer that is called twice in a pass", "在一次前向中被调用两次的全连接层")
            raise refusal("model", ("one that calls each dense layer once", "每个全连接层只调用一次的模型"), kind, ("build it with local=False", "请用 local=False 构造"))  # fmt: skip
        called.add(part)
        weight, bias = layers[part]
        x = inputs[0]
        deviation = log_deviations[weight].exp()
        offset = None if bias is None else log_deviations[bias].exp()
        if x.dim() != 2:
            drawn = deviation * torch.randn_like(deviation)
            return output + F.linear(x, drawn, None if offset is None else offset * torch.randn_like(offset))
        variance = F.linear(x.square(), deviation.square(), None if offset is None else offset.square())
        # the root has no derivative at 0, where all inputs are
        spread = torch.where(variance > 0, torch.where(variance > 0, variance, 1.0).sqrt(), 0.0)
        return output + spread * torch.randn_like(output)

    handles = [part.register_forward_hook(noisy) for part in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
