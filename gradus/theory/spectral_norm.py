"""The spectral norm of a layer as the linear map that it is, not of its kernel as a table."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import module
from gradus.theory.affine_map import AffineMap
from gradus.theory.data_batches import require_determined
from gradus.theory.lent_model import require_lendable


class SpectralNorm(NamedTuple):
    """The largest singular value of a layer.

    Attributes:
        value: σ, approached from below; right to rounding where `products` is 0.
        upper: what it does not exceed: up to rounding where the matrix was formed, else with probability 1 − 10⁻⁹ over the start.
        products: how many products with the layer and its adjoint were made; 0 where its matrix was formed.

    Example:
        >>> SpectralNorm(2.0, 2.01, 100).upper
        2.01
    """

    value: float
    upper: float
    products: int


@torch.inference_mode(False)
def spectral_norm(
    layer: nn.Module, shape: Sequence[int], *, products: int = 100, seed: int = 0
) -> SpectralNorm:
    r"""The largest singular value of an affine layer on inputs of a shape: how far it can stretch a difference of two inputs.

    .. math:: \sigma=\max_{x\ne x'}\frac{\lVert f(x)-f(x')\rVert}{\lVert x-x'\rVert},\qquad
        P\bigl(\theta<(1-\epsilon)\sigma^2\bigr)\le1.648\sqrt n\,e^{-(2k-1)\sqrt\epsilon}

    Dense, convolutional and transposed layers with any stride, padding, dilation and groups, pooling by means, batch
    normalisation in eval mode, resizing, and chains of them: the layer itself is called, and its adjoint is its derivative. A layer
    whose matrix has a side of at most 512 is formed; else k steps of Lanczos' method from a random start give θ, and the second
    formula, in which n is the smaller side, the upper bound.

    Args:
        layer: affine in its input; offsets do not matter. It is copied in double precision and left as it is.
        shape: of one input, without the axis of the batch.
        products: k.
        seed: of the start.

    Returns:
        The `SpectralNorm`.

    Raises:
        GradusError: no affine layer, one that is random or mixes the samples of a batch, or a shape that it does not take.

    Cost: k forward and backward passes with a single input, and the memory of k inputs.

    Source: Kuczyński and Woźniakowski 1992 for the upper bound; Sedghi, Gupta and Long 2019 for what the norm of a
        convolution is.

    Example:
        >>> import torch
        >>> layer = torch.nn.Conv2d(1, 1, 3, padding=1, bias=False)
        >>> _ = torch.nn.init.ones_(layer.weight)
        >>> round(spectral_norm(layer, (1, 16, 16)).value, 3), float(layer.weight.detach().norm())
        (8.797, 3.0)
    """
    module("layer", layer)
    require_lendable(layer)
    sizes = _sizes(shape)
    k = whole("products", products, least=1)
    start = whole("seed", seed, least=0, most=2**63 - 1)
    require_determined(layer)
    return norm_of_module("layer", layer, sizes, k, start)


def norm_of_module(name: str, layer: nn.Module, sizes: tuple[int, ...], k: int, seed: int) -> SpectralNorm:
    """The norm of a copy of the layer in double precision.

    Raises:
        GradusError: it is not affine, or does not take such inputs.
    """
    device = next((t.device for t in (*layer.parameters(), *layer.buffers())), torch.device("cpu"))
    dtype = torch.float32 if device.type == "mps" else torch.float64
    with torch.no_grad():
        wide = copy.deepcopy(layer).to(dtype)
    for p in wide.parameters():
        p.requires_grad_(False)
    try:
        linear = AffineMap(wide, sizes, dtype, device)
    except (RuntimeError, TypeError, IndexError, AttributeError) as error:
        line = str(error).partition("\n")[0]
        raise refusal(
            "shape",
            (f"that of one input of {type(layer).__name__}", f"{type(layer).__name__} 的一个输入的形状"),
            f"{sizes}: {line}",
        ) from error
    linear.require_linear(name)
    return SpectralNorm(*linear.norm(k, seed))


def _sizes(shape: Any) -> tuple[int, ...]:
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence) or not len(shape):
        raise refusal("shape", ("sizes such as (3, 32, 32)", "如 (3, 32, 32) 的尺寸"), shape, kind=True)
    return tuple(whole(f"shape[{i}]", size, least=1) for i, size in enumerate(shape))
