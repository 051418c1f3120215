"""What a variational autoencoder is given, and what its modules give: checked before anything is made of it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.text import Text


def parameter_of(model: nn.Module, otherwise: Any = None) -> Any:
    """A parameter that says of which precision and on which device the model is; else `otherwise`."""
    return next((p for p in model.parameters() if p.is_floating_point()), otherwise)


def samples_of(x: Tensor, likelihood: str, like: Tensor | None) -> Tensor:
    """x, if it is a batch that the likelihood knows.

    Raises:
        GradusError: it is none.
    """
    tensor("x", x, finite=True, meta=False)
    if x.ndim < 2 or not math.prod(x.shape[1:]):
        raise refusal("x", ("a batch (n, …) of samples", "一批样本 (n, …)"), x)
    same_kind(parameters=like, x=x)
    if likelihood == "bernoulli" and concrete(x) and bool(((x < 0) | (x > 1)).any()):
        came = Text(*[f"{float(x.min()):.4g} … {float(x.max()):.4g}"] * 2)
        mend = (
            "divide by the largest level, or take likelihood='gaussian'",
            "请除以最大灰度，或取 likelihood='gaussian'",
        )
        raise refusal("x", ("numbers from 0 to 1", "0 到 1 的数"), came, mend)
    return x


def prior_codes(count: int, latents: int, like: Tensor | None) -> Tensor:
    """Draws of z from the prior, of a parameter's precision and on its device."""
    if like is None:
        return torch.randn(count, latents)
    return torch.randn(count, latents, dtype=like.dtype, device=like.device)


def codes_of(z: Tensor, latents: int, like: Tensor | None) -> Tensor:
    """z, if it is a batch of latent vectors.

    Raises:
        GradusError: it is none.
    """
    tensor("z", z, "n d", Sizes(d=(latents, "latents")), finite=True)
    same_kind(parameters=like, z=z)
    return z


def noise_for(mean: Tensor, samples: int, noise: Tensor | None) -> Tensor:
    """Standard normal draws, (K, n, d), or those given.

    Raises:
        GradusError: draws of another shape, precision or device; no draw.
    """
    count = whole("samples", samples, least=1)
    if noise is None:
        return torch.randn(count, *mean.shape, dtype=mean.dtype, device=mean.device)
    tensor("noise", noise, "K n d", Sizes(n=(len(mean), "x"), d=(mean.shape[-1], "latents")), finite=True)
    same_kind(x=mean, noise=noise)
    if not len(noise):
        raise refusal("noise", ("one draw or more", "一个或更多抽样"), noise)
    return noise


def encoded(encoder: nn.Module, x: Tensor, latents: int) -> tuple[Tensor, Tensor]:
    """Mean and log-variance, (n, d) each.

    Raises:
        GradusError: the encoder does not take x, or gives something else.
    """
    try:
        found = encoder(x)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # another number of pixels
        noun = ("samples that the encoder takes", "编码器能接受的样本")
        raise refusal("x", noun, x, (str(error), str(error))) from error
    wanted, joined = (len(x), latents), (len(x), 2 * latents)
    if isinstance(found, Tensor) and tuple(found.shape) == joined:
        found = found.chunk(2, -1)
    if not (isinstance(found, (tuple, list)) and len(found) == 2):
        noun = (
            f"a module that gives {joined}, or a pair of {wanted}, for x of {tuple(x.shape)}",
            f"对形状 {tuple(x.shape)} 的 x 输出 {joined} 或两个 {wanted} 的模块",
        )
        raise refusal("encoder", noun, found)
    mean, log_variance = found
    for name, value in (("encoder's mean", mean), ("encoder's log-variance", log_variance)):
        if not isinstance(value, Tensor) or tuple(value.shape) != wanted:
            noun = (
                f"a tensor of {wanted} for x of {tuple(x.shape)}",
                f"对形状 {tuple(x.shape)} 的 x 为 {wanted} 的张量",
            )
            raise refusal(name, noun, value)
        tensor(name, value, finite=True)
    return mean, log_variance


def decoded(decoder: nn.Module, z: Tensor, shape: torch.Size) -> Tensor:
    """What the decoder gives for z of (K, n, d): (K, n, …) with samples of a shape.

    Raises:
        GradusError: another shape; NaN or ±∞.
    """
    output = decoder(z.flatten(0, 1))
    if not isinstance(output, Tensor) or output.shape != (z.shape[0] * z.shape[1], *shape):
        wanted = ", ".join(("n", *map(str, shape)))
        noun = (f"a module that gives ({wanted}), as x is", f"输出 ({wanted})（与 x 相同）的模块")
        raise refusal("decoder", noun, output)
    tensor("decoder's output", output, finite=True)
    found: Tensor = output.unflatten(0, z.shape[:2])
    return found
