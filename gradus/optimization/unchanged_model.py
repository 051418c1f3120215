"""A model that is looked at, and left as it was."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gradus.arguments import refusal
from gradus.text import Text


@contextmanager
def unchanged(model: nn.Module, seed: int = 0) -> Iterator[None]:
    """Gradients are on; afterwards the model's tensors, gradients, modes and PyTorch's generator are as they were.

    Args:
        model: what is looked at.
        seed: of what its layers draw meanwhile, such as dropout.

    Raises:
        GradusError: parameters without a shape, or made in inference mode.
    """
    parameters = list(model.parameters())
    if any(is_lazy(p) for p in parameters):
        raise refusal(
            "model",
            ("one whose parameters have their shapes", "参数形状已确定的模型"),
            Text("a lazy layer that has seen no input", "尚未见过输入的惰性层"),
            ("call it once on a batch", "请先用一个批次调用一次"),
        )
    if any(p.is_inference() for p in parameters):
        raise refusal(
            "model",
            ("one whose parameters can have gradients", "参数可有梯度的模型"),
            Text("one made in inference mode", "在推理模式中创建的模型"),
            ("make it outside of torch.inference_mode", "请在 torch.inference_mode 之外创建"),
        )
    state = copy.deepcopy({k: v.detach() for k, v in [*model.named_parameters(), *model.named_buffers()]})
    gradients = [p.grad for p in parameters]
    modes = [(m, m.training) for m in model.modules()]
    device = next((p.device for p in parameters), torch.device("cpu"))
    with (
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        torch.enable_grad(),
    ):
        torch.default_generator.manual_seed(int(seed))
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(int(seed))
        for p in parameters:
            p.grad = None
        try:
            yield
        finally:
            with torch.no_grad():
                for name, value in [*model.named_parameters(), *model.named_buffers()]:
                    value.copy_(state[name])
            for p, gradient in zip(parameters, gradients, strict=True):
                p.grad = gradient
            for module, mode in modes:
                module.training = mode


def outside_of_inference(value: Tensor) -> Tensor:
    """The tensor, or its copy where it was made in inference mode and can take part in no graph."""
    with torch.inference_mode(False):
        return value.clone() if value.is_inference() else value
