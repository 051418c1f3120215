"""A model as a chain of linear maps with positively homogeneous activations between, found by listening and checked by replaying."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.text import Text
from gradus.theory.sample_outputs import outputs_of
from gradus.theory.signal_recorder import INPUT, Heard, Place, SignalRecorder

Phi = Callable[[Tensor], Tensor]
LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Step(NamedTuple):
    """A layer and the shape of what enters it, or an activation, whose slope may be learnt."""

    layer: Any = None
    shape: tuple[int, ...] = ()
    phi: Phi | None = None
    learnt: bool = False


class LinearMap(NamedTuple):
    """A layer as a matrix, by its norms: squares of its Frobenius norm, of its offset's, and of its longest row with offset."""

    matrix: float
    offset: float
    row: float


class HomogeneousNetwork:
    """The layers and activations of a model in their order, as one batch has shown them."""

    def __init__(self, model: nn.Module, inputs: Tensor, *, learnt_slopes: bool = False) -> None:
        recorder, shapes = SignalRecorder(model), dict[str, list[tuple[int, ...]]]()
        hooks = [
            layer.register_forward_pre_hook(_shape_to(shapes.setdefault(name, [])))
            for name, layer in model.named_modules()
            if isinstance(layer, LINEAR)
        ]
        try:
            with torch.no_grad(), recorder.listening(inputs):
                outputs_of(model, inputs)
        finally:
            for hook in hooks:
                hook.remove()
        self.model = model
        self.steps = [_step(place, recorder.places[place], shapes) for place in _chain(recorder.places)]
        if all(step.layer is None for step in self.steps):
            raise _no_chain(Text("one without such a layer", "没有这样的层的模型"))
        if not learnt_slopes and any(step.learnt for step in self.steps):
            raise _no_chain(Text("an activation whose slope is learnt", "斜率可学习的激活函数"))
        self.apart = 0.0

    @property
    def biased(self) -> bool:
        """Whether any layer adds an offset."""
        return any(step.layer is not None and step.layer.bias is not None for step in self.steps)

    def outputs(self, inputs: Tensor) -> Tensor:
        """(n, k), the model's own; they are compared with the chain's.

        Raises:
            GradusError: the chain computes something else.
        """
        f = outputs_of(self.model, inputs).detach().to(wide(inputs))
        h = inputs.to(wide(inputs))
        for step in self.steps:
            h = _applied(step, h)
        chain = h.reshape(len(h), -1)
        same = chain.shape == f.shape
        apart = float((chain - f).norm() / f.norm().clamp_min(1e-300)) if same else math.inf
        if not apart <= 8 * torch.finfo(inputs.dtype).eps ** 0.5:
            raise _no_chain(
                Text(
                    f"outputs that differ from the chain's by {apart:.2g}",
                    f"与该链的结果相差 {apart:.2g} 的输出",
                )
            )
        self.apart = max(self.apart, apart)
        return f

    def units(self, inputs: Tensor) -> list[tuple[Step, int]]:
        """The steps, and how many numbers a sample has after each, for inputs of this shape."""
        found, h = [], inputs[:1].to(wide(inputs))
        for step in self.steps:
            h = _applied(step, h)
            found.append((step, h.numel()))
        return found

    def maps(self, inputs: Tensor) -> list[LinearMap]:
        """The norms of the layers as matrices, for inputs of this shape."""
        found, h = [], inputs[:1].to(wide(inputs))
        for step in self.steps:
            h = _applied(step, h)
            layer = step.layer
            if layer is None:
                continue
            units = layer.weight.detach().to(h.dtype).flatten(1).square().sum(1)
            places = h.numel() / len(units)
            offsets = (
                torch.zeros_like(units) if layer.bias is None else layer.bias.detach().to(h.dtype).square()
            )
            found.append(
                LinearMap(
                    places * float(units.sum()),
                    places * float(offsets.sum()),
                    float((units + offsets).max()),
                )
            )
        return found


def wide(x: Tensor) -> torch.dtype:
    """Double precision, where the device has it."""
    return torch.float32 if x.device.type == "mps" else torch.float64


def _shape_to(shapes: list[tuple[int, ...]]) -> Callable[..., None]:
    """A hook that notes the shape of what comes in, but for the batch."""
    return lambda _, inputs: shapes.append(tuple(inputs[0].shape[1:])) if inputs else None


def _chain(places: dict[Place, Heard]) -> list[Place]:
    """From the last place back to the inputs, and turned round."""
    place: Place | None = next(reversed(places))
    steps: list[Place] = []
    while place != INPUT:
        if place is None:
            where = steps[-1].module
            raise _no_chain(
                Text(
                    f"an input of {where!r} that comes from another operation",
                    f"{where!r} 的输入来自其他运算",
                )
            )
        steps.append(place)
        place = places[place].source
    return steps[::-1]


def _step(place: Place, heard: Heard, shapes: dict[str, list[tuple[int, ...]]]) -> Step:
    """A linear layer with the shape of its input, or an activation.

    Raises:
        GradusError: a layer that is no linear map, an activation that is not positively homogeneous, or is steeper than 1.
    """
    if heard.layer is not None:
        if not isinstance(heard.layer, LINEAR) or getattr(heard.layer, "padding_mode", "zeros") != "zeros":
            raise _no_chain(
                Text(f"a layer {place.kind} ({place.module})", f"层 {place.kind}（{place.module}）")
            )
        return Step(heard.layer, shapes[place.module][place.call])
    grid = torch.tensor([-1000.0, -2.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 2.0, 1000.0], dtype=torch.float64)
    if heard.phi is not None:
        values = heard.phi(grid)
        left = -float(values[2])
        if abs(left) <= 1 and torch.allclose(
            values, torch.where(grid > 0, grid, left * grid), rtol=1e-6, atol=0
        ):
            return Step(phi=heard.phi, learnt=place.kind == "prelu")
    raise _no_chain(
        Text(f"an activation {place.kind} ({place.module})", f"激活函数 {place.kind}（{place.module}）")
    )


def _applied(step: Step, h: Tensor) -> Tensor:
    """A layer or an activation in double precision."""
    if step.phi is not None:
        return step.phi(h)
    layer = step.layer
    weight = layer.weight.detach().to(h.dtype)
    bias = None if layer.bias is None else layer.bias.detach().to(h.dtype)
    try:
        h = h.reshape(-1, *step.shape)
    except RuntimeError:  # the samples of a later batch have another size
        raise _no_chain(
            Text(f"{tuple(h.shape)} for {step.shape}", f"{tuple(h.shape)}，而非 {step.shape}")
        ) from None
    if isinstance(layer, nn.Linear):
        return nn.functional.linear(h, weight, bias)
    convolve = getattr(nn.functional, f"conv{weight.dim() - 2}d")
    return convolve(h, weight, bias, layer.stride, layer.padding, layer.dilation, layer.groups)  # type: ignore[no-any-return]


def _no_chain(came: Text) -> GradusError:
    return refusal(
        "model",
        (
            "a chain of dense and convolutional layers with ReLU or leaky ReLU between, for which the bound is proved",
            "由全连接层与卷积层组成、其间为 ReLU 或 leaky ReLU 的链（该界只对此证明）",
        ),
        came,
    )
