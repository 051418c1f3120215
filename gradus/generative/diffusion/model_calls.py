"""What samplers and losses share: a model that is called and left as it was, seeds, and what it may not put out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import function, refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text

__all__ = ["Model", "called", "drawing", "evaluating", "require_finite", "shape_of", "start_of"]

Model = Callable[[Tensor, Tensor], Tensor]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """A module is in evaluation mode within, and afterwards each of its parts in the mode it was in; no gradients."""
    modes = [(m, m.training) for m in model.modules()] if isinstance(model, nn.Module) else []
    for part, _ in modes:
        part.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode


def drawing(seed: Any, generator: Any, device: Any) -> torch.Generator | None:
    """The generator to draw from: one made of the seed, the one given, or None for PyTorch's own.

    Raises:
        GradusError: both were given; a seed that is no whole number from 0.
    """
    if generator is not None:
        if not isinstance(generator, torch.Generator):
            raise refusal("generator", ("a torch.Generator", " torch.Generator"), generator, kind=True)
        if seed is not None:
            raise refusal("seed", ("None beside a generator", "有 generator 时为 None"), seed)
        return generator
    if seed is None:
        return None
    return torch.Generator(device).manual_seed(whole("seed", seed, least=0, most=2**63 - 1))


def called(model: Model, x: Tensor, t: Tensor, name: str = "model") -> Tensor:
    """What the model says of (x, t): a tensor like x.

    Raises:
        GradusError: it gives something else.
    """
    found = model(x, t)
    if not isinstance(found, Tensor) or found.shape != x.shape:
        came = str(tuple(found.shape)) if isinstance(found, Tensor) else type(found).__name__
        mend = (
            f"wrap it: lambda x, t: {name}(x, t).sample, for example",
            f"请包装它，例如 lambda x, t: {name}(x, t).sample",
        )
        raise refusal(name, (f"one that gives a tensor of the shape {tuple(x.shape)}", f"给出形状为 {tuple(x.shape)} 的张量的模型"), Text(came, came), mend, kind=not isinstance(found, Tensor))  # fmt: skip
    return found.to(x.dtype)


def require_finite(x: Tensor, step: int, t: int, steps: int) -> None:
    """Refuses what is not finite, with the step at which it came about.

    Raises:
        GradusError: NaN or ±∞ in x.
    """
    if bool(torch.isfinite(x).all()):
        return
    bad = x[~torch.isfinite(x)][0].item()
    raise refusal(
        "model",
        ("one that gives finite numbers", "给出有限数的模型"),
        Text(f"{bad} in x after step {step} of {steps}, at t = {t}", f"第 {step} 步（共 {steps} 步，t = {t}）之后 x 中出现 {bad}"),
        ("look at the model there; clip holds the data within limits", "请检查模型在该处的输出；clip 可把数据限制在范围内"),
    )  # fmt: skip


def shape_of(shape: Any) -> tuple[int, ...]:
    """The shape of a batch.

    Raises:
        GradusError: no sizes, or one that is no whole number.
    """
    if not isinstance(shape, (tuple, list, torch.Size)):
        noun = ("the shape of a batch, such as (64, 1, 28, 28)", "批的形状，例如 (64, 1, 28, 28)")
        raise refusal("shape", noun, shape, kind=True)
    if not shape:
        raise refusal("shape", ("(batch, …)", "（批，……）"), Text("()", "()"))
    return tuple(whole("shape", n, least=0 if i == 0 else 1) for i, n in enumerate(shape))


def start_of(
    model: Any, shape: Any, start: Any, seed: Any, generator: Any, device: Any, dtype: Any
) -> tuple[Tensor, torch.Generator | None]:
    """x_T: the tensor given, or standard normal numbers; and what the noise is drawn from.

    Precision and device are those asked for, or the model's first floating-point parameter's.

    Raises:
        GradusError: a model that cannot be called; a start of another shape.
    """
    function("model", model, "lambda x, t: 0 * x")
    sizes: Sequence[int] = shape_of(shape)
    own = next((p for p in model.parameters() if p.is_floating_point()), None) if isinstance(model, nn.Module) else None  # fmt: skip
    if start is not None:
        x = tensor("start", start, finite=True, meta=False)
        if tuple(x.shape) != tuple(sizes):
            raise refusal("start", (f"the shape {tuple(sizes)}", f"形状 {tuple(sizes)}"), Text(str(tuple(x.shape)), str(tuple(x.shape))))  # fmt: skip
        if own is not None:
            same_kind(parameters=own, start=x)
        return x.detach(), drawing(seed, generator, x.device)
    where = device if device is not None else own.device if own is not None else torch.device("cpu")
    kind = dtype if dtype is not None else own.dtype if own is not None else torch.get_default_dtype()
    if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
        noun = ("a floating-point dtype, such as torch.float32", "浮点类型，例如 torch.float32")
        raise refusal("dtype", noun, dtype, kind=True)
    source = drawing(seed, generator, where)
    return torch.randn(*sizes, generator=source, device=where, dtype=kind), source
