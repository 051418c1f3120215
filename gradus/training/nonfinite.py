"""Where a NaN or an infinity came from: the batch is run again with every module watched."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn


class NonFiniteStep(Exception):
    """Internal: a loss or gradient of a step was not finite; says what and where."""

    def __init__(self, *, tensor: str, layer: str, value: float) -> None:
        super().__init__(tensor, layer)
        self.tensor, self.layer, self.value = tensor, layer, value


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() or value.is_complex():
            yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


def finite(value: Any) -> bool:
    """Whether every floating-point number in `value` is finite."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in _tensors(value))


def gradients_finite(gradients: list[torch.Tensor]) -> bool:
    """Whether every gradient is finite; a sum screens each of them at the cost of one pass over it.

    A NaN or an infinity always spoils the sum; a sum that merely overflows is looked at again, exactly.
    """
    if not gradients:
        return True
    total = sum(_sum(g.coalesce().values() if g.is_sparse else g) for g in gradients)
    if total - total == 0.0:
        return True
    return finite([g.coalesce().values() if g.is_sparse else g for g in gradients])


def _sum(gradient: torch.Tensor) -> float:
    return float(torch.view_as_real(gradient).sum() if gradient.is_complex() else gradient.sum())


class _Watch:
    """Hooks on all modules that note the first non-finite output and the first non-finite gradient."""

    def __init__(self, model: nn.Module) -> None:
        self.output = self.gradient = ""
        self.handles = [m.register_forward_hook(self._seen(name)) for name, m in model.named_modules()]
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.handles.append(parameter.register_hook(self._note(f"parameter {name!r}")))

    def _note(self, name: str) -> Callable[[torch.Tensor], None]:
        def hook(gradient: torch.Tensor) -> None:
            if not self.gradient and not finite(gradient):
                self.gradient = name

        return hook

    def _seen(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, outputs: Any) -> None:
            label = f"{name or 'the model'} ({type(module).__name__})"
            # A container ends after what it contains, so the first to be seen is the innermost.
            if not self.output and not finite(outputs):
                self.output = label
            for tensor in _tensors(outputs):
                if tensor.requires_grad:
                    tensor.register_hook(self._note(f"the output of {label}"))

        return hook

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def _first_bad(named: Iterator[tuple[str, torch.Tensor]]) -> str:
    return next((name for name, tensor in named if not finite(tensor)), "")


def locate(
    model: nn.Module,
    forward: Callable[[nn.Module, Any, Any], tuple[torch.Tensor, Any]],
    inputs: Any,
    targets: Any,
) -> tuple[str, str]:
    """Run a batch again, and say which tensor and which layer first held a non-finite value.

    Args:
        model: the module whose layers are watched.
        forward: computes the loss of a batch and the outputs; the generators are set for the step in question.
        inputs: the batch as the model gets it.
        targets: its targets.

    Returns:
        What was not finite ("loss", "gradient"), and where it first appeared.
    """
    for what, value in (("inputs", inputs), ("targets", targets)):
        if not finite(value):
            return "loss", f"the {what} of the batch, before any layer"
    if name := _first_bad(model.named_parameters()):
        return "loss", f"parameter {name!r}, before any layer"
    watch = _Watch(model)
    try:
        with torch.enable_grad():
            model.zero_grad(set_to_none=True)
            loss, _ = forward(model, inputs, targets)
            if watch.output:
                return "loss", f"the output of {watch.output}"
            if not finite(loss):
                return "loss", "the loss function (every layer's output is finite)"
            loss.backward()
    finally:
        watch.remove()
    if watch.gradient:
        return "gradient", watch.gradient
    return "loss or gradient", "nowhere when the batch was run again: the model is not deterministic"
