"""How the model stands during training: device, training flags, memory layout; put back afterwards."""

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

from gradus.errors import GradusError
from gradus.text import Text


def place_of(model: nn.Module, device: str | torch.device | None) -> torch.device:
    """The device asked for, or the one where the model is.

    Raises:
        GradusError: for a device that this machine does not have, or a model with nothing to train.
    """
    if not isinstance(model, nn.Module):
        raise GradusError(
            Text(
                f"expected the model as a torch.nn.Module, got {type(model).__name__}",
                f"模型应为 torch.nn.Module，得到 {type(model).__name__}",
            )
        )
    first = next((p for p in model.parameters() if p.requires_grad), None)
    if first is None:
        raise GradusError(
            Text(
                f"expected a model with parameters to train, got {type(model).__name__} with none",
                f"模型应有可训练的参数，而 {type(model).__name__} 没有",
            )
        )
    try:
        place = first.device if device is None else torch.device(device)
        if place.type != "meta":
            torch.empty(0, device=place)
            return place
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise GradusError(
            Text(
                f"expected a device of this machine (cpu works everywhere), got {device!r}: {reason}",
                f"应为本机的设备（cpu 总可用），得到 {device!r}：{reason}",
            )
        ) from None
    raise GradusError(
        Text(
            "expected a model with memory, got one on the meta device; use model.to_empty and initialise it",
            "模型应占有内存，得到的模型在 meta 设备上；请用 model.to_empty 并初始化",
        )
    )


@contextlib.contextmanager
def modes_kept(model: nn.Module) -> Iterator[None]:
    """Training mode within the block, and every module's flag as it was afterwards.

    Modules in evaluation mode within a model in training mode are meant to be, and stay so: frozen statistics.
    """
    with _flags_kept(model):
        frozen = [module for module in model.modules() if not module.training] if model.training else []
        model.train()
        for module in frozen:
            module.training = False
        yield


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode within the block."""
    with _flags_kept(model):
        model.eval()
        yield


@contextlib.contextmanager
def _flags_kept(model: nn.Module) -> Iterator[None]:
    flags = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, flag in flags:
            module.training = flag


def _images(model: nn.Module, inputs: torch.Tensor) -> bool:
    return inputs.dim() == 4 and any(isinstance(module, nn.Conv2d) for module in model.modules())


@contextlib.contextmanager
def memory_format(
    model: nn.Module, inputs: torch.Tensor, layout: bool | str, place: torch.device
) -> Iterator[bool]:
    """Store convolutions' weights channels-last within the block, if `layout` asks for it; yields whether it is so."""
    chosen = _images(model, inputs) and (layout is True or (layout == "auto" and place.type == "cpu"))
    if not chosen:
        yield False
        return
    before = {name: p for name, p in model.named_parameters() if p.dim() == 4}
    contiguous = [p for p in before.values() if p.is_contiguous()]
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    try:
        yield True
    finally:
        for parameter in contiguous:
            parameter.data = parameter.data.contiguous()
            parameter.grad = None if parameter.grad is None else parameter.grad.contiguous()
