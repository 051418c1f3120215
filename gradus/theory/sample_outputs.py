"""A model's outputs as rows, one a sample, each of which depends on its sample alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.optimization.model_inputs import taking
from gradus.text import Text


def outputs_of(model: nn.Module, x: Tensor) -> Tensor:
    """(n, C), the outputs of a batch with all axes but the first as one.

    Raises:
        GradusError: they are no tensor of real floating-point numbers with a row for each sample.
    """
    f = model(x)
    if not isinstance(f, Tensor) or not f.is_floating_point():
        raise refusal("model", ("one that returns one tensor of real numbers", "返回单个实数张量的模型"), f, ("wrap it so that it returns the logits alone", "请加一层包装，只返回 logits"), kind=True)  # fmt: skip
    if not f.dim() or len(f) != len(x) or not f.numel():
        shapes = f"{tuple(f.shape)} / {tuple(x.shape)}"
        raise refusal("model", ("one whose outputs have a row for each sample", "输出的每一行对应一个样本的模型"), Text(shapes, shapes))  # fmt: skip
    return f if f.dim() == 2 else f.reshape(len(f), -1)


def require_independent(model: nn.Module, sets: list[Tensor]) -> None:
    """Refuses a model whose output for a sample is random, or changes with the other samples of the batch.

    Raises:
        GradusError: it does.
    """
    for name, module in model.named_modules():
        norm = isinstance(module, _BatchNorm) and (module.training or module.running_mean is None)
        drops = isinstance(module, _DropoutNd) and module.training and module.p > 0
        if norm or drops:
            raise _dependent(
                Text(
                    f"{type(module).__name__} {name} in training mode",
                    f"训练模式下的 {type(module).__name__} {name}",
                )
            )
    with torch.no_grad():
        alone, _ = (
            _first_outputs(name, model, values[:1])
            for name, values in zip("xy", (sets[0], sets[-1]), strict=True)
        )
        others = sets[0][1:3] if len(sets[0]) > 1 else sets[-1][:2]
        if others.shape[1:] != sets[0].shape[1:]:
            others = sets[0]
        together = outputs_of(model, torch.cat([sets[0][:1], others]))[:1]
        tolerance = 8 * torch.finfo(alone.dtype).eps ** 0.5
        gap = (alone - together).norm()
        if gap > tolerance * torch.maximum(alone.norm(), together.norm()):
            raise _dependent(
                Text(f"outputs that change by {float(gap):.2g}", f"变化了 {float(gap):.2g} 的输出")
            )
        if not bool(alone.isfinite().all()):
            raise refusal(
                "model",
                ("one with finite outputs", "输出有限的模型"),
                Text("outputs that are not finite", "非有限的输出"),
            )


def _first_outputs(name: str, model: nn.Module, x: Tensor) -> Tensor:
    """Of one sample; what the model itself raises at it is said of the argument."""
    with taking(name):
        return outputs_of(model, x)


def _dependent(came: Text) -> GradusError:
    return refusal(
        "model",
        ("one whose output for a sample depends on that sample alone", "每个样本的输出只依赖于该样本的模型"),
        came,
        ("call model.eval() first", "请先调用 model.eval()"),
    )
