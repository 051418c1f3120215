"""How a network's outputs depend on the weights that a posterior is sought of: layer by layer where layers show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.arguments.tensors import tensor
from gradus.optimization.model_inputs import taking
from gradus.optimization.unchanged_model import outside_of_inference
from gradus.text import Text
from gradus.theory.layer_factors import Factors, Parameters, candidates, checked_factors, recorded
from gradus.theory.parameter_jacobians import parameter_jacobian

__all__ = [
    "Part",
    "Sensitivities",
    "inputs_and_targets",
    "require_all_in_layers",
    "require_last_layer",
    "whole_network",
]

Part = Factors | Tensor  # ∂f/∂W as its factors, or whole (n, C, p)
CHUNK = 128


class Sensitivities:
    """Outputs of a model and their derivatives by some of its weights, a chunk of samples at a time.

    Args:
        model: in evaluation mode.
        layers: whose weights are meant.
        rest: names of other parameters.
    """

    def __init__(self, model: nn.Module, layers: dict[nn.Module, Parameters], rest: Sequence[str]) -> None:
        self.model, self.layers, self.rest = model, layers, tuple(rest)

    def chunks(self, inputs: Tensor, name: str) -> Iterator[tuple[slice, Tensor, list[Part]]]:
        """Of each chunk of the argument of this name the rows, its outputs (m, C), and one part for each layer, then one for all other parameters."""
        for start in range(0, len(inputs), CHUNK):
            rows = slice(start, min(start + CHUNK, len(inputs)))
            yield rows, *self.of(inputs[rows], name)

    def of(self, x: Tensor, name: str) -> tuple[Tensor, list[Part]]:
        """Outputs (n, C), and the parts."""
        with torch.enable_grad():
            with recorded(self.layers, len(x)) as found, taking(name):
                outputs = _outputs(self.model, x, name)
            columns = range(outputs.shape[1])
            parts: list[Part] = []
            for parameters, factors in checked_factors(found, outputs, columns) if found else ():
                parts.append(self._whole(x, parameters, columns) if factors is None else factors)
        if self.rest:
            parts.append(parameter_jacobian(self.model, self.rest, x, columns))
        return outputs.detach(), parts

    def _whole(self, x: Tensor, parameters: Parameters, columns: range) -> Tensor:
        names = {id(p): name for name, p in self.model.named_parameters()}
        return parameter_jacobian(self.model, [names[id(p)] for p in parameters], x, columns)

    def weights(self) -> list[Tensor]:
        """All tensors that are meant."""
        own = dict(self.model.named_parameters())
        every = [p for parts in self.layers.values() for p in parts] + [own[name] for name in self.rest]
        return list({id(p): p for p in every}.values())


def whole_network(model: nn.Module) -> Sensitivities:
    """By every parameter that requires a gradient."""
    layers = candidates(model)
    inside = {id(p) for parts in layers.values() for p in parts}
    rest = [name for name, p in model.named_parameters() if p.requires_grad and id(p) not in inside]
    found = Sensitivities(model, layers, rest)
    if not found.weights():
        raise refusal(
            "model",
            ("one with parameters that require gradients", "含需要梯度的参数的模型"),
            Text("none", "没有"),
        )
    return found


def require_all_in_layers(found: Sensitivities) -> None:
    """Refuses parameters outside of dense and convolutional layers, which have no Kronecker factors.

    Raises:
        GradusError: there are some.
    """
    if found.rest:
        listed = ", ".join(found.rest)
        mend = (
            "freeze them with requires_grad_(False), or take kind='diagonal'",
            "请用 requires_grad_(False) 冻结它们，或取 kind='diagonal'",
        )
        raise refusal(
            "model",
            ("weights of dense and convolutional layers alone", "只含全连接层与卷积层的权重"),
            Text(listed, listed),
            mend,
        )


def require_last_layer(model: nn.Module, x: Tensor, name: str) -> Sensitivities:
    """By the weights of the dense layer whose output is the model's.

    Raises:
        GradusError: there is none.
    """
    modules = candidates(model)
    with torch.enable_grad(), recorded(modules, len(x)) as layers, taking(name):
        outputs = _outputs(model, x, name)
    with torch.enable_grad():
        for parameters, factors in checked_factors(layers, outputs, range(outputs.shape[1])):
            if factors is not None and factors.identity:
                last = {
                    m: parts
                    for m, parts in modules.items()
                    if all(a is b for a, b in zip(parts, parameters, strict=False))
                }
                return Sensitivities(model, last, [])
    kind = Text("another last layer", "其他最后一层")
    mend = ("take kind='diagonal' or 'full'", "请取 kind='diagonal' 或 'full'")
    raise refusal(
        "model",
        (
            "one whose output is that of its last nn.Linear, whose weights are trained",
            "输出即最后一个可训练 nn.Linear 层输出的模型",
        ),
        kind,
        mend,
    )


def _outputs(model: nn.Module, x: Tensor, name: str) -> Tensor:
    f = model(x)
    if not isinstance(f, Tensor) or not f.is_floating_point() or f.dim() != 2 or len(f) != len(x):
        shape = str(tuple(f.shape)) if isinstance(f, Tensor) else type(f).__name__
        raise refusal(
            f"model, {name}",
            ("one that returns outputs (n, C), a row for each sample", "返回 (n, C)、每个样本一行的模型"),
            Text(shape, shape),
        )
    if not bool(f.isfinite().all()):
        raise refusal(
            f"model, {name}",
            ("one with finite outputs", "输出有限的模型"),
            Text("outputs that are not finite", "非有限的输出"),
        )
    return f


def inputs_and_targets(index: int, batch: Any) -> tuple[Tensor, Tensor]:
    """Of one batch, outside of inference mode.

    Raises:
        GradusError: no pair of tensors of one length, or values that are not finite.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise refusal(
            f"data[{index}]", ("a pair (inputs, targets)", "一对 (inputs, targets)"), batch, kind=True
        )
    x, y = (
        tensor(f"data[{index}][{k}]", part, dtype="any", finite=True, meta=False)
        for k, part in enumerate(batch)
    )
    if not x.dim() or not y.dim() or not len(x) or len(x) != len(y):
        shapes = f"{tuple(x.shape)}, {tuple(y.shape)}"
        raise refusal(
            f"data[{index}]", ("as many targets as inputs", "与输入数目相同的目标"), Text(shapes, shapes)
        )
    return outside_of_inference(x), outside_of_inference(y)
